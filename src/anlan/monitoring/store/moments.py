"""Days as the store divides time: from midnight to midnight in Beijing."""

DAY = 86_400_000
SHIFT = 8 * 3_600_000


def day_of(time: int) -> int:
    """The day of a moment (ms), counted from 1970."""
    return (time + SHIFT) // DAY


def day_start(day: int) -> int:
    return day * DAY - SHIFT
