"""Beijing time (UTC+8, no daylight saving) as devices write it, to and from epoch milliseconds UTC."""

import re
from datetime import UTC, date, datetime, timedelta, timezone
from functools import cache, lru_cache

BEIJING = timezone(timedelta(hours=8), "Asia/Shanghai")
LATEST = 253_402_271_999_999
"""The last millisecond of the year 9999 in Beijing, the end of what a date can say."""

LEAP = 7, 59
"""Hour and minute in Beijing that may have a second 60: midnight of UTC follows."""
_OFFSET = 8 * 3_600_000
_DAY = 86_400_000
_SECOND_60 = re.compile(r"(T\d\d:\d\d| \d\d:\d\d):60(?!\d)")
_EPOCH_DAY = date(1970, 1, 1).toordinal()
_PARTS = "YMDHmSf"


class ClockError(ValueError):
    """A date or time that cannot be."""


def beijing_ms(year: int, month: int, day: int, hour: int = 0, minute: int = 0, second: int = 0, milli: int = 0) -> int:
    """Epoch milliseconds of a moment in Beijing. ClockError for 31 April, 24:00, second 60 and the like.

    A leap second, which is 07:59:60 here, is the moment after it, as epoch time counts none.
    """
    seconds = 61 if (hour, minute) == LEAP else 60
    if not (0 <= hour < 24 and 0 <= minute < 60 and 0 <= second < seconds and 0 <= milli < 1000):
        raise ClockError(f"no such time: {hour:02}:{minute:02}:{second:02}.{milli:03}")
    try:
        days = date(year, month, day).toordinal() - _EPOCH_DAY
    except ValueError as error:
        raise ClockError(f"no such date: {year:04}-{month:02}-{day:02}") from error
    return days * _DAY + ((hour * 60 + minute) * 60 + second) * 1000 + milli - _OFFSET


def beijing_parts(ms: int) -> tuple[int, int, int, int, int, int, int]:
    """Year, month, day, hour, minute, second, millisecond in Beijing."""
    days, rest = divmod(ms + _OFFSET, _DAY)
    try:
        day = date.fromordinal(days + _EPOCH_DAY)
    except (ValueError, OverflowError) as error:
        raise ClockError(f"beyond the calendar: {ms} ms") from error
    seconds, milli = divmod(rest, 1000)
    return day.year, day.month, day.day, seconds // 3600, seconds // 60 % 60, seconds % 60, milli


@cache
def _spans(layout: str) -> tuple[tuple[int, int], ...]:
    """Where each of year, month, day, hour, minute, second, millisecond lies; an empty span where absent."""
    starts = ((layout.find(part), layout.count(part)) for part in _PARTS)
    return tuple((max(at, 0), max(at, 0) + count) for at, count in starts)


@lru_cache(8192)
def parse(text: str, layout: str) -> int:
    """Epoch milliseconds of a run of digits such as "20160801085857223" in "YYYYMMDDHHmmSSfff".

    A two-digit year is one of 2000 to 2099. ClockError for another length, other characters, no such date.
    """
    if len(text) != len(layout) or not (text.isascii() and text.isdigit()):
        raise ClockError(f"not {layout}: {text!r}")
    year, *rest = [int(text[a:b] or 0) for a, b in _spans(layout)]
    return beijing_ms(year if "YYYY" in layout else 2000 + year, *rest)


def write(ms: int, layout: str) -> str:
    """The digits of a moment in `layout`, cut (not rounded) to its resolution. The reverse of `parse`."""
    parts = beijing_parts(ms)
    if "YYYY" not in layout and not 2000 <= parts[0] <= 2099:
        raise ClockError(f"the year {parts[0]} has no two digits")
    return "".join(
        str(value).zfill(4)[-(b - a) :] if a != b else "" for value, (a, b) in zip(parts, _spans(layout), strict=True)
    )


def parse_iso(text: str) -> tuple[int, bool]:
    """Epoch milliseconds of an ISO 8601 text, and whether it named its zone; without one it is Beijing's."""
    if _SECOND_60.search(text):
        before, zoned = parse_iso(_SECOND_60.sub(r"\1:59", text, count=1))
        if beijing_parts(before)[3:5] == LEAP:
            return before + 1000, zoned
    try:
        moment = datetime.fromisoformat(text)
        zoned = moment.tzinfo is not None
        since = (moment if zoned else moment.replace(tzinfo=BEIJING)) - datetime.fromtimestamp(0, UTC)
    except (ValueError, OverflowError) as error:
        raise ClockError(f"not ISO 8601: {text[:40]!r}") from error
    return since // timedelta(milliseconds=1), zoned


def write_iso(ms: int) -> str:
    """ISO 8601 in Beijing's zone, to the millisecond."""
    year, month, day, hour, minute, second, milli = beijing_parts(ms)
    return f"{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{milli:03}+08:00"
