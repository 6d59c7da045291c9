"""Rows of supervision: hazards, their photos, and the timeline that none of them can rewrite."""

from anlan.supervision.models.categories import HazardCategory
from anlan.supervision.models.hazards import Hazard
from anlan.supervision.models.records import HazardEntry, HazardPhoto

__all__ = ["Hazard", "HazardCategory", "HazardEntry", "HazardPhoto"]
