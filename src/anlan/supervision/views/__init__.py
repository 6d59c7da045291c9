"""Pages of supervision: they translate between people and services."""
