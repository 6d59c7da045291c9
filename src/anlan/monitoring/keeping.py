"""The house keeping of readings: what is packed when, and what leaves the database."""

from anlan.kit.law import law_value
from anlan.monitoring import store
from anlan.monitoring.journal import checkpoint
from anlan.monitoring.judging import judging
from anlan.monitoring.store import Damage

DAY = 86_400_000
NIGHTS = 30
"""Every aged file is read to its end once in so many nights."""
LEAST, MINUTES = 500_000, 10.0
"""The log is packed when it holds so many readings, or its oldest have lain there for so long."""


def readings_pack(*, now: int, least: int = LEAST, minutes: float = MINUTES) -> store.Tended:
    """Packs the log where it is due at `now` (ms), after a checkpoint of the kernel's state, which is made from it."""
    if not store.due(now=now, least=least, minutes=minutes):
        return store.Tended()
    with judging() as memory:
        checkpoint(memory)
        position = memory.position
    return store.tend(keep_after=position)


def readings_age(*, now: int, days: int | None = None) -> store.Aged:
    """Moves months that have been over for `days` (None: the row `readings_online_days`) into Parquet files."""
    over = int(law_value("readings_online_days")) if days is None else days
    return store.age(before=now - over * DAY)


def readings_check(*, now: int) -> list[Damage]:
    """Looks at every aged file, and reads tonight's share of them whole; gives those that are damaged or missing."""
    return store.check(part=now // DAY % NIGHTS, parts=NIGHTS)
