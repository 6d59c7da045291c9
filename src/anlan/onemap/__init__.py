"""一张图: draws every declared layer and knows no theme."""
