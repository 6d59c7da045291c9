"""A batch as columns: whatever way its readings came, they are judged as arrays."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from operator import attrgetter

import numpy as np
from numpy.typing import NDArray

from anlan.monitoring.arrivals import Arrival
from anlan.monitoring.memory import Memory
from anlan.monitoring.resolve import CODE_LENGTH, KEY_LENGTH, KnownDevice, devices_known, sayable, series_make
from anlan.protocols import Frame

FARTHEST = 2**61
"""Moments beyond this many ms are as far off as that; the kernel calls them late or future all the same."""
BY_TIME = attrgetter("time")


@dataclass(frozen=True, kw_only=True)
class Columns:
    """The readings of a batch in the order in which they are judged; -1 is a series of which nobody knows the device.

    `source` is a place in `sources`. `arrivals` are the frames that were read one by one, `seen` the last word of each
    known device among them.
    """

    series: NDArray[np.int64]
    time: NDArray[np.int64]
    value: NDArray[np.float64]
    source: NDArray[np.int64]
    sources: list[str]
    arrivals: list[Arrival]
    strangers: list[Frame]
    seen: dict[int, Arrival]


def columns_of(memory: Memory, batch: Sequence[Arrival]) -> Columns:
    """Within a frame readings are in order of time, frames in the order given; new series are made."""
    frames = [(arrival, arrival.event) for arrival in batch if isinstance(arrival.event, Frame)]
    devices = _devices(memory, (frame for _, frame in frames))
    placed = [(arrival, frame, devices.get((frame.protocol, frame.device))) for arrival, frame in frames]
    _make_series(memory, placed)
    sources = sorted({arrival.source for arrival, _ in frames})
    rows = [row for arrival, frame, device in placed for row in _rows(memory, sources, arrival, frame, device)]
    series, time, value, source = zip(*rows, strict=True) if rows else ((), (), (), ())
    return Columns(
        series=np.array(series, np.int64),
        time=np.array(time, np.int64),
        value=np.array(value, np.float64),
        source=np.array(source, np.int64),
        sources=sources,
        arrivals=list(batch),
        strangers=[frame for _, frame, device in placed if device is None and sayable(frame.device, CODE_LENGTH)],
        seen={device.id: arrival for arrival, _, device in placed if device is not None},
    )


Placed = tuple[Arrival, Frame, KnownDevice | None]


def _devices(memory: Memory, frames: Iterable[Frame]) -> dict[tuple[str, str], KnownDevice]:
    senders = {(frame.protocol, frame.device) for frame in frames}
    return devices_known(memory, (sender for sender in senders if sayable(sender[1], CODE_LENGTH)))


def _make_series(memory: Memory, placed: list[Placed]) -> None:
    known, wanted = memory.directory.series, dict[tuple[int, str], tuple[str, str]]()
    for _, frame, device in placed:
        for reading in frame.readings if device else ():
            if (device.id, reading.series) not in known and sayable(reading.series, KEY_LENGTH):
                wanted.setdefault((device.id, reading.series), (frame.protocol, reading.unit))
    if wanted:
        series_make(memory, wanted)


def _rows(
    memory: Memory, sources: list[str], arrival: Arrival, frame: Frame, device: KnownDevice | None
) -> Iterable[tuple[int, int, float, int]]:
    known, source = memory.directory.series, sources.index(arrival.source)
    for reading in sorted(frame.readings, key=BY_TIME):
        place = known.get((device.id, reading.series), -1) if device else -1
        yield place, max(-FARTHEST, min(FARTHEST, reading.time)), reading.value, source
