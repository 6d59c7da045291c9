"""Pages of command: they translate between people and services."""
