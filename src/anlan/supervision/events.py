"""News of supervision."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class HazardFound:
    """A hazard is known. `level`: general or major."""

    hazard_id: int
    level: str


@dataclass(frozen=True, kw_only=True)
class HazardOverdue:
    """The deadline of a rectification passed unmet."""

    hazard_id: int
    level: str


@dataclass(frozen=True, kw_only=True)
class HazardClosed:
    """A re-check by another person, and a leader's word where the hazard was listed, ended it."""

    hazard_id: int
