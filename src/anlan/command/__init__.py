"""指挥救援: signals, incidents, orders, reports."""
