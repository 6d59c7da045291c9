"""Milliseconds since 1970, as the kernel counts, and the database's moments."""

import time
from datetime import UTC, datetime

HOUR = 3_600_000


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def moment(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC)


def hour_of(ms: int) -> datetime:
    """The hour of a moment; Beijing's hours are those of UTC."""
    return moment(ms - ms % HOUR)
