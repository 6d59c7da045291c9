"""News of the command centre."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class SignalArrived:
    """Something may have happened. `level`: 1 blue to 4 red."""

    signal_id: int
    level: int


@dataclass(frozen=True, kw_only=True)
class IncidentOpened:
    """A signal was verified and is an incident now."""

    incident_id: int
    signal_id: int


@dataclass(frozen=True, kw_only=True)
class OrderSent:
    """A team has something to do."""

    order_id: int
    incident_id: int
    team_id: int


@dataclass(frozen=True, kw_only=True)
class IncidentClosed:
    """A second person approved the closing."""

    incident_id: int
