"""Units, national codes, time and coordinates."""
