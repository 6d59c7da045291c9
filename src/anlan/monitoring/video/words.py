"""Which kind of sighting a word of a protocol means, as the rows of `SightingWord` say."""

from collections.abc import Mapping
from dataclasses import dataclass

from anlan.monitoring.models import SightingWord


@dataclass(frozen=True, kw_only=True)
class Meaning:
    """`kind` is the code of a kind of sighting, `title` the word's name."""

    kind: str
    title: str


def words_of(protocol: str) -> dict[str, Meaning]:
    """Those in use, by code."""
    rows = SightingWord.objects.filter(protocol=protocol, active=True).select_related("kind")
    return {row.code: Meaning(kind=row.kind.code, title=row.title) for row in rows}


def meaning_of(code: str, words: Mapping[str, Meaning]) -> Meaning | None:
    """Of the longest beginning of `code`, in whole parts between slashes, that is a word; None where none is."""
    while code:
        if found := words.get(code):
            return found
        code = code.rpartition("/")[0]
    return None
