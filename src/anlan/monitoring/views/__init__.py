"""Pages of the monitoring centre."""
