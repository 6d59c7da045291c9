"""Template tags of steps."""
