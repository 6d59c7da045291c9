"""Frames as decoders give them."""

from collections.abc import Iterable

from anlan.monitoring.arrivals import Arrival
from anlan.protocols import Frame, Reading

NOW = 1_795_000_000_000
MINUTE = 60_000


def frame(
    readings: Iterable[tuple[str, int, float]], *, code: str = "0011223344", protocol: str = "sl651", reply: bytes = b""
) -> Arrival:
    """One good frame of (series, ms, value) readings."""
    found = tuple(Reading(series=key, time=time, value=value, unit="m") for key, time, value in readings)
    event = Frame(
        protocol=protocol, device=code, function="33", readings=found, fields={}, reply=reply or None, raw=b"\x7e\x7e"
    )
    return Arrival(source=protocol, event=event)
