"""Device protocols as pure decoders: bytes in, events out."""
