"""Bytes to columns in compiled code; in a folder of its own, since a change in it makes all of it compile anew."""
