"""Where device bytes enter: TCP servers, the MQTT client, and the one writer behind them."""
