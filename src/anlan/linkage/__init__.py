"""Record linkage of Chinese firms."""
