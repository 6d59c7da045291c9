"""Whether every aged file is there and whole. What is not is marked, so that pages can say what is missing."""

from typing import NamedTuple

from anlan.monitoring.store import aged
from anlan.monitoring.store.blocks import StoreError
from anlan.monitoring.store.sql import run

_FILES = "select id, path, number, bytes, damage from monitoring_readingfile order by id"
_MARK = "update monitoring_readingfile set damage = %s where id = %s"
_MARKED = """
select path, damage, first_time, last_time, number from monitoring_readingfile where damage <> '' order by first_time, path
"""


class Damage(NamedTuple):
    """A file that cannot be read, why, and what is in it: first and last moment (ms), readings."""

    path: str
    reason: str
    first: int
    last: int
    readings: int


def damages() -> list[Damage]:
    """Those that the last check found, the oldest first."""
    return [Damage(*row) for row in run(_MARKED)]


def check(*, part: int = 0, parts: int = 1) -> list[Damage]:
    """Looks at the size of every file and reads one of `parts` of them, and those that are marked, to the end."""
    for file_id, path, number, size, marked in run(_FILES):
        fault = _fault(path, number, size, whole=bool(marked) or file_id % parts == part)
        if fault != marked:
            run(_MARK, [fault, file_id])
    return damages()


def _fault(path: str, number: int, size: int, *, whole: bool) -> str:
    """Why a file is not as it was written; empty where it is."""
    try:
        found = (aged.folder() / path).stat().st_size
        if found != size:
            return f"{found} bytes instead of {size}"
        held = aged.verified(path) if whole else number
    except FileNotFoundError:
        return "missing"
    except (OSError, StoreError) as error:
        return str(error)[:300]
    return "" if held == number else f"{held} readings instead of {number}"
