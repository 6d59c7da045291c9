"""What a device, or somebody who pretends to be one, may ask of the ingest process."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, fields


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Each may be set as `ANLAN_INGEST_<NAME>`. Times in seconds.

    `room`: readings held at once, received and not yet durable; beyond it sockets are not read. `batch`: readings in
    one transaction. `idle`: without a byte. `frame`: from a frame's first byte to its last. `errors`: failed frames
    in a row on one connection. `rate`: frames a second from one connection, on average; it is slowed down, and
    nothing is thrown away. `command`: between two looks for commands that wait for a device. `platform`: SIP messages a
    second from the address of a registered platform, which speaks for thousands of cameras.
    """

    room: int = 800_000
    batch: int = 200_000
    idle: float = 900.0
    frame: float = 30.0
    errors: int = 50
    rate: float = 200.0
    connections: int = 2_000
    connections_each: int = 500
    sweep: float = 2.0
    drain: float = 10.0
    command: float = 1.0
    platform: float = 5_000.0

    @classmethod
    def from_environment(cls, words: Mapping[str, str] = os.environ) -> "Limits":
        given = {}
        for field in fields(cls):
            text = words.get(f"ANLAN_INGEST_{field.name.upper()}")
            if text:
                given[field.name] = type(field.default)(text)  # type: ignore[misc]
        return cls(**given)
