"""Device protocols as pure decoders: bytes in, events out.

A protocol is a module of this package with a `PROTOCOL`; it is found by being there.
"""

import os
import pkgutil
from functools import cache
from importlib import import_module

from anlan.protocols.frames import Decoder, Event, Frame, FrameError, Picture, ProtocolSpec, Reading

__all__ = ["Decoder", "Event", "Frame", "FrameError", "Picture", "ProtocolSpec", "Reading", "decode", "protocols"]


def protocols() -> dict[str, ProtocolSpec]:
    """Every protocol by name, as the modules are there at this moment."""
    return dict(_declared(_modules(tuple(os.stat(folder).st_mtime_ns for folder in __path__))))


@cache
def _modules(_changed: tuple[int, ...]) -> tuple[str, ...]:
    """Their names; a folder tells when it has last changed, which is sooner asked than what is in it."""
    return tuple(found.name for found in pkgutil.iter_modules(__path__))


@cache
def _declared(names: tuple[str, ...]) -> dict[str, ProtocolSpec]:
    specs = (getattr(import_module(f"{__name__}.{name}"), "PROTOCOL", None) for name in names)
    return {spec.name: spec for spec in specs if isinstance(spec, ProtocolSpec)}


def decode(name: str, data: bytes) -> list[Event]:
    """Everything a whole stream says. KeyError for an unknown protocol."""
    decoder = protocols()[name].decoder()
    return [*decoder.feed(data), *decoder.close()]
