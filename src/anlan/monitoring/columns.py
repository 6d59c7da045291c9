"""A batch as columns: whatever way its readings came, they are judged as arrays."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from anlan.monitoring.arrivals import Arrival, Messages
from anlan.monitoring.columnar.json_columns import Parsed, parse
from anlan.monitoring.memory import Memory
from anlan.monitoring.resolve import CODE_LENGTH, KEY_LENGTH, KnownDevice, devices_known, sayable, series_make
from anlan.protocols import Frame

FARTHEST = 2**61
"""Moments beyond this many ms are as far off as that; the kernel calls them late or future all the same."""
Last = Arrival | tuple[Messages, int]


@dataclass(frozen=True, kw_only=True)
class Heard:
    """A frame and who sent it; `place` is its message's place in the batch, `taught` that its like may be known next time."""

    place: int
    arrival: Arrival
    frame: Frame
    device: KnownDevice | None
    taught: bool


@dataclass(kw_only=True)
class Columns:
    """The readings of a batch in the order in which they are judged; -1 is a series of which nobody knows the device.

    `source` is a place in `sources`. `arrivals` are the frames that were read one by one, good or bad, `heard` the good
    ones; `whole` counts those read as columns, (frames, readings) by source; `last` is the last word of each device.
    """

    series: NDArray[np.int64]
    time: NDArray[np.int64]
    value: NDArray[np.float64]
    source: NDArray[np.int64]
    sources: list[str]
    arrivals: list[Arrival]
    heard: list[Heard]
    whole: dict[str, tuple[int, int]]
    last: dict[int, Last]

    @property
    def strangers(self) -> list[Frame]:
        return [one.frame for one in self.heard if one.device is None and sayable(one.frame.device, CODE_LENGTH)]


@dataclass(kw_only=True)
class _Parts:
    """What is being gathered: columns of (place, series, time, value, source), frames to be read one by one, and of those
    that were read as columns whose they are: (messages, which of them, their devices' ids).
    """

    blocks: list[list[NDArray[Any]]] = field(default_factory=list)
    frames: list[tuple[int, Arrival, bool]] = field(default_factory=list)
    good: Counter[str] = field(default_factory=Counter)
    carried: Counter[str] = field(default_factory=Counter)
    words: list[tuple[Messages, NDArray[np.int64], NDArray[np.int64]]] = field(default_factory=list)
    sorted: bool = True


def columns_of(memory: Memory, batch: Sequence[Arrival | Messages], now: int) -> Columns:
    """Within a frame readings are in order of time, frames in the order given; new series are made."""
    sources = sorted({item.source for item in batch})
    parts = _gathered(memory, batch, sources, now)
    heard = _heard(memory, parts.frames)
    _make_series(memory, heard)
    _take_frames(memory, parts, sources, heard)
    _teach(memory, heard)
    _place, series, time, value, source = _joined(parts)
    return Columns(
        series=series, time=time, value=value, source=source, sources=sources,
        arrivals=[arrival for _, arrival, _ in parts.frames],
        heard=heard,
        whole={name: (parts.good[name], parts.carried[name]) for name in parts.good},
        last=_last_words(parts) | {one.device.id: one.arrival for one in heard if one.device},
    )  # fmt: skip


def _gathered(memory: Memory, batch: Sequence[Arrival | Messages], sources: list[str], now: int) -> _Parts:
    parts, place = _Parts(), 0
    for item in batch:
        if isinstance(item, Arrival):
            parts.frames.append((place, item, False))
            place += 1
            continue
        parsed = parse(memory.directory.names, item.data, item.bounds)
        _take(parts, item, parsed, place, sources.index(item.source))
        for k in np.flatnonzero(~parsed.mine).tolist():
            told = (Arrival(source=item.source, event=event) for event in item.read(k, now))
            parts.frames.extend((place + k, arrival, True) for arrival in told)
        place += len(item)
    return parts


def _take(parts: _Parts, item: Messages, parsed: Parsed, place: int, source: int) -> None:
    mine = np.flatnonzero(parsed.mine)
    if not len(mine):
        return
    parts.good[item.source] += len(mine)
    parts.carried[item.source] += len(parsed.series)
    parts.words.append((item, mine, parsed.device[mine]))
    back = np.diff(parsed.time) < 0
    parts.sorted &= not (back & (np.diff(parsed.message) == 0)).any()
    sources = np.full(len(parsed.series), source)
    parts.blocks.append([parsed.message + place, parsed.series, parsed.time, parsed.value, sources])


def _last_words(parts: _Parts) -> dict[int, Last]:
    """Of each device, of those that were read as columns."""
    if not parts.words:
        return {}
    devices = np.concatenate([ids for _, _, ids in parts.words])
    items = np.repeat(np.arange(len(parts.words)), [len(ids) for _, _, ids in parts.words])
    places = np.concatenate([mine for _, mine, _ in parts.words])
    order = np.argsort(devices, kind="stable")
    ends = order[np.flatnonzero(np.diff(devices[order], append=-1))]
    rows = zip(devices[ends].tolist(), items[ends].tolist(), places[ends].tolist(), strict=True)
    return {device: (parts.words[item][0], k) for device, item, k in rows}


def _joined(parts: _Parts) -> list[NDArray[Any]]:
    """All columns in order of message, and of time within one."""
    if not parts.blocks:
        return [np.zeros(0, dtype) for dtype in (np.int64, np.int64, np.int64, np.float64, np.int64)]
    columns = [np.concatenate(column) for column in zip(*parts.blocks, strict=True)]
    if not parts.sorted or (np.diff(columns[0]) < 0).any():
        order = np.lexsort((columns[2], columns[0]))
        columns = [column[order] for column in columns]
    return columns


def _heard(memory: Memory, frames: Iterable[tuple[int, Arrival, bool]]) -> list[Heard]:
    good = [(place, one, one.event, taught) for place, one, taught in frames if isinstance(one.event, Frame)]
    senders = {(frame.protocol, frame.device) for _, _, frame, _ in good}
    devices = devices_known(memory, (sender for sender in senders if sayable(sender[1], CODE_LENGTH)))
    return [
        Heard(place=k, arrival=one, frame=f, device=devices.get((f.protocol, f.device)), taught=taught)
        for k, one, f, taught in good
    ]


def _make_series(memory: Memory, heard: list[Heard]) -> None:
    known, wanted = memory.directory.series, dict[tuple[int, str], tuple[str, str]]()
    for one in heard:
        device = one.device
        for reading in one.frame.readings if device else ():
            if device and (device.id, reading.series) not in known and sayable(reading.series, KEY_LENGTH):
                wanted.setdefault((device.id, reading.series), (one.frame.protocol, reading.unit))
    if wanted:
        series_make(memory, wanted)


def _take_frames(memory: Memory, parts: _Parts, sources: list[str], heard: list[Heard]) -> None:
    """The readings of frames that were read one by one; a device that nobody knows has no series."""
    known = memory.directory.series
    ids = [one.device.id if one.device else -1 for one in heard]
    told = [(device, reading) for device, one in zip(ids, heard, strict=True) for reading in one.frame.readings]
    if not told:
        return
    each = [len(one.frame.readings) for one in heard]
    place = np.repeat([one.place for one in heard], each)
    source = np.repeat([sources.index(one.arrival.source) for one in heard], each)
    series = np.array([known.get((device, reading.series), -1) for device, reading in told], np.int64)
    time = _moments([reading.time for _, reading in told])
    value = np.array([reading.value for _, reading in told], np.float64)
    parts.sorted &= not ((np.diff(time) < 0) & (np.diff(place) == 0)).any()
    parts.blocks.append([place, series, time, value, source])


def _moments(times: list[int]) -> NDArray[np.int64]:
    try:
        return np.clip(np.array(times, np.int64), -FARTHEST, FARTHEST)
    except OverflowError:
        return np.array([max(-FARTHEST, min(FARTHEST, time)) for time in times], np.int64)


def _teach(memory: Memory, heard: list[Heard]) -> None:
    """What was read the long way because a name in it was new will be read as columns from now on."""
    directory = memory.directory
    for one in heard:
        if not one.taught or one.device is None:
            continue
        directory.names.device(one.frame.device, one.device.id)
        for reading in one.frame.readings:
            pair = (one.device.id, reading.series)
            if pair in directory.series and pair not in directory.taught:
                directory.taught.add(pair)
                directory.names.series(one.frame.device, reading.series, directory.series[pair])
