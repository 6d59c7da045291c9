"""The devices of the demo, as their own protocols name them; the recording holds those that every demo has.

`data/roster.json` has the groups. A group's series are {key: [name, unit]}; its hosts, such as "facility:bridge", are
the kinds of row beside which its devices stand in turn; `rules` are devices' own thresholds by kind of host.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

DATA = Path(__file__).parents[1] / "data"


@dataclass(frozen=True, kw_only=True)
class Group:
    """Devices of one make: at least `least` of them in any demo, `full` at scale 1."""

    name: str
    protocol: str
    pattern: str
    kind: str
    title: str
    least: int
    full: int
    hosts: list[str]
    series: dict[str, tuple[str, str]]
    rules: dict[str, dict[str, Any]] = field(default_factory=dict)

    def code(self, place: int) -> str:
        """The identity of the device at this place, counted from 0."""
        return self.pattern.format(place + 1)

    def host(self, place: int) -> str:
        return self.hosts[place % len(self.hosts)]

    def codes(self) -> Iterator[str]:
        """Those that every demo has."""
        return map(self.code, range(self.least))


@dataclass(frozen=True, kw_only=True)
class _Roster:
    groups: list[Group]
    recorded: list[Group]


@cache
def _roster() -> _Roster:
    return msgspec.json.decode((DATA / "roster.json").read_bytes(), type=_Roster)


def groups() -> dict[str, Group]:
    """By name."""
    return {group.name: group for group in _roster().groups}


def recorded() -> list[Group]:
    """Senders of the worked examples that the standards and public projects print, one each."""
    return _roster().recorded
