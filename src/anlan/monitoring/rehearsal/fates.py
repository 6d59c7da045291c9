"""What became of an alarm further up the house. Who knows registers a reader; monitoring asks and knows no more."""

from collections.abc import Callable, Iterable

Reader = Callable[[list[int]], dict[int, str]]
_READERS: list[Reader] = []


def fate_reader(read: Reader) -> Reader:
    """Registers a function from alarm ids to a word for what each became; those of which nothing came are left out."""
    if read not in _READERS:
        _READERS.append(read)
    return read


def alarm_fates(ids: Iterable[int]) -> dict[int, str]:
    wanted = list(ids)
    found: dict[int, str] = {}
    for read in _READERS:
        found |= read(wanted)
    return found
