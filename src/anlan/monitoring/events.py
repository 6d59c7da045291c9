"""News of the monitoring centre."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class AlarmRaised:
    """People are told of an alarm: its cause came up, or what hid it is gone. `level`: 1 blue to 4 red."""

    alarm_id: int
    level: int


@dataclass(frozen=True, kw_only=True)
class AlarmEscalated:
    """An active alarm reached a higher level."""

    alarm_id: int
    level_before: int
    level: int


@dataclass(frozen=True, kw_only=True)
class AlarmCleared:
    """The cause of an alarm that people were told of is gone."""

    alarm_id: int


@dataclass(frozen=True, kw_only=True)
class ChainsDue:
    """Somebody is to be told of these alarms: they came up, came out, or grew worse. One for many, to spare ingest."""

    alarm_ids: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class CauseBegun:
    """An alarm explains others: those raised shortly before it are folded into it."""

    alarm_id: int


@dataclass(frozen=True, kw_only=True)
class CauseEnded:
    """An alarm that explained others is gone: what is still active comes out."""

    alarm_id: int


@dataclass(frozen=True, kw_only=True)
class SightingConfirmed:
    """A person confirmed what a camera or an algorithm claimed; it becomes a hazard or else a signal."""

    sighting_id: int
    as_hazard: bool


@dataclass(frozen=True, kw_only=True)
class WarningReceived:
    """Another office warns: an actual alert or update that is in force. Exercises and tests are no news."""

    warning_id: int
