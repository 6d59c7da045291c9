"""Recorded device traffic sent again as the devices would: each over a line of its own, until it is acknowledged."""
