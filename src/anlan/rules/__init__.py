"""The alarm kernel: whole arrays of readings in, transitions out."""
