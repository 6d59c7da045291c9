"""What is listened for over MQTT, and who reads it.

`anlan/+/readings` is read as columns. Any other filter is declared by a module of `anlan.protocols` that has `TOPICS`, a
mapping of topic filters to functions of (topic, payload, now in ms) that give events; it is found by being there.
"""

import pkgutil
from collections.abc import Callable, Mapping
from functools import cache
from importlib import import_module

import anlan.protocols
from anlan.protocols import Event, FrameError

READINGS = "anlan/+/readings"
Reader = Callable[[str, bytes, int], list[Event]]


@cache
def readers() -> Mapping[str, Reader]:
    """By filter, without that of READINGS."""
    found: dict[str, Reader] = {}
    for module in pkgutil.iter_modules(anlan.protocols.__path__):
        found.update(getattr(import_module(f"anlan.protocols.{module.name}"), "TOPICS", {}))
    return found


def filters(share: str = "") -> list[str]:
    """What to subscribe to; `share` names a group that divides the messages."""
    return [f"$share/{share}/{one}" if share else one for one in (READINGS, *readers())]


def matches(topic_filter: str, topic: str) -> bool:
    """MQTT's own rule: `+` is one level, `#` at the end is all that follow, neither begins with `$`."""
    wanted, said = topic_filter.split("/"), topic.split("/")
    if topic.startswith("$") and wanted[0] in ("+", "#"):
        return False
    for k, word in enumerate(wanted):
        if word == "#":
            return True
        if k >= len(said) or word not in ("+", said[k]):
            return False
    return len(wanted) == len(said)


def read(topic: str, payload: bytes, now: int) -> list[Event]:
    """The events of a message that is none of READINGS, at least one."""
    for topic_filter, reader in readers().items():
        if matches(topic_filter, topic):
            return reader(topic, payload, now) or [FrameError("schema", "nothing", payload)]
    return [FrameError("topic", topic[:200], payload)]
