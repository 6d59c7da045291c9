"""What an MQTT client asks of a broker, and what passes between them."""

import logging
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from anlan.monitoring.columnar.mqtt_loop import START, STOP, TOPIC, TOPIC_END

KEPT = 7 * 86_400
"""Seconds for which the broker keeps what comes while nobody listens."""
log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class Message:
    """Always with QoS 1; where `retain`, the broker tells it to whoever subscribes later."""

    topic: str
    payload: bytes
    retain: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Delivery:
    """Messages as they lie in `data`, n rows of `mqtt_loop.COLUMNS`; `acknowledge` says that all of them are kept."""

    data: NDArray[np.uint8]
    rows: NDArray[np.int64]
    acknowledge: Callable[[], None]

    def __iter__(self) -> Iterator[Message]:
        for row in self.rows.tolist():
            topic = self.data[row[TOPIC] : row[TOPIC_END]].tobytes().decode(errors="replace")
            yield Message(topic=topic, payload=self.data[row[START] : row[STOP]].tobytes())


def leave(delivery: Delivery) -> None:
    """For clients that subscribe to nothing."""
    delivery.acknowledge()


def nothing() -> None:
    """For clients to whom each connection is like the one before."""


@dataclass(frozen=True, kw_only=True)
class Session:
    """What a client is there for. Seconds of `keep_alive`, and of `expiry`, for which the broker remembers it (0: only
    while it is connected); messages that may come ahead of acknowledgements; bytes of the largest packet.

    While what `take` gives runs, nothing more is read. `will` makes what the broker says when the connection breaks;
    `welcomed` is called on each new one, `trouble` with each reason why there is none.
    """

    name: str
    filters: tuple[str, ...] = ()
    take: Callable[[Delivery], Coroutine[Any, Any, None] | None] = leave
    expiry: int = 0
    keep_alive: int = 30
    in_flight: int = 65_535
    largest: int = 262_144
    will: Callable[[], Message] | None = None
    welcomed: Callable[[], None] = nothing
    trouble: Callable[[str], None] = log.warning


def shared(topic_filter: str, group: str) -> str:
    """A filter whose messages are divided among the clients of a group; as it is where that is empty."""
    return f"$share/{group}/{topic_filter}" if group else topic_filter
