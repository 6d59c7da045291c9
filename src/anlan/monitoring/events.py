"""News of the monitoring centre."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class AlarmRaised:
    """A series went over a threshold, changed too fast, or fell silent. `level`: 1 blue to 4 red."""

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
    """The cause of an alarm is gone."""

    alarm_id: int


@dataclass(frozen=True, kw_only=True)
class WarningReceived:
    """Another office warns: an actual alert or update that is in force. Exercises and tests are no news."""

    warning_id: int
