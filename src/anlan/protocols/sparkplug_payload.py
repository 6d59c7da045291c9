"""The payload of Sparkplug B: metrics with names or aliases, read from Protocol Buffers and written again."""

import math
import struct
from collections.abc import Iterable
from dataclasses import dataclass

from anlan.protocols import protowire as wire
from anlan.protocols.frames import FrameError

MOST_METRICS = 5_000
INT8, INT16, INT32, INT64, UINT8, UINT16, UINT32, UINT64, FLOAT, DOUBLE, BOOLEAN, STRING, DATETIME, TEXT = range(1, 15)
NUMERIC = frozenset(range(INT8, STRING))
_BITS = {INT8: 8, INT16: 16, INT32: 32, INT64: 64}
_INT, _LONG, _FLOAT, _DOUBLE, _BOOLEAN, _STRING = range(10, 16)


@dataclass(frozen=True, kw_only=True)
class Metric:
    """`alias` and `time` (ms) are None and `name` is empty where the message leaves them out. `kind` 0: not told.

    `value` is a number, a text, or None for null and for what is no single value.
    """

    name: str = ""
    alias: int | None = None
    time: int | None = None
    kind: int = 0
    null: bool = False
    historical: bool = False
    unit: str = ""
    field: int = 0
    value: int | float | str | None = None

    def number(self, kind: int) -> float:
        """The value as a number of this type, NaN for null; ValueError for what is no number."""
        if self.null:
            return math.nan
        if not isinstance(self.value, int | float) or kind not in NUMERIC:
            raise ValueError(f"type {kind}")
        if kind in _BITS and isinstance(self.value, int):
            bits = _BITS[kind]
            low = self.value & (1 << bits) - 1
            return float(low - (1 << bits) if low >> bits - 1 else low)
        return float(self.value) if math.isfinite(self.value) else math.nan


@dataclass(frozen=True, kw_only=True)
class Payload:
    time: int | None = None
    seq: int | None = None
    metrics: tuple[Metric, ...] = ()


def read(data: bytes) -> Payload:
    """FrameError for bytes that are no payload, and for more metrics than anybody sends."""
    time = seq = None
    metrics: list[Metric] = []
    for number, kind, value in wire.fields(data):
        if number == 1 and isinstance(value, int):
            time = value
        elif number == 3 and isinstance(value, int):
            seq = value
        elif number == 2 and kind == wire.BYTES and isinstance(value, bytes):
            if len(metrics) >= MOST_METRICS:
                raise FrameError("too_long", f"more than {MOST_METRICS} metrics")
            metrics.append(_metric(value))
    return Payload(time=time, seq=seq, metrics=tuple(metrics))


def _metric(data: bytes) -> Metric:
    told: dict[int, int | bytes] = {}
    for number, _kind, value in wire.fields(data):
        told[number] = value
    field = max((number for number in told if _INT <= number <= 19), default=0)
    return Metric(
        name=_text(told.get(1)),
        alias=_whole(told.get(2)),
        time=_whole(told.get(3)),
        kind=_whole(told.get(4)) or 0,
        null=bool(told.get(7)),
        historical=bool(told.get(5)),
        unit=_unit(told.get(9)),
        field=field,
        value=_value(field, told.get(field)),
    )


def _whole(value: int | bytes | None) -> int | None:
    return value if isinstance(value, int) else None


def _text(value: int | bytes | None) -> str:
    return value.decode("utf-8", "replace").replace("\0", "") if isinstance(value, bytes) else ""


def _value(field: int, value: int | bytes | None) -> int | float | str | None:
    if field == _STRING:
        return _text(value)
    if not isinstance(value, int):
        return None
    if field == _FLOAT:
        return float(struct.unpack("<f", (value % (1 << 32)).to_bytes(4, "little"))[0])
    if field == _DOUBLE:
        return float(struct.unpack("<d", value.to_bytes(8, "little"))[0])
    return value if field in (_INT, _LONG, _BOOLEAN) else None


def _unit(data: int | bytes | None) -> str:
    """The property "engUnit"; keys and values lie side by side."""
    if not isinstance(data, bytes):
        return ""
    keys, values = list[str](), list[str]()
    for number, _kind, value in wire.fields(data):
        if number == 1:
            keys.append(_text(value))
        elif number == 2 and isinstance(value, bytes):
            values.append(next((_text(inner) for place, _k, inner in wire.fields(value) if place == 8), ""))
    return dict(zip(keys, values, strict=False)).get("engUnit", "")[:20]


def write(metrics: Iterable[Metric], *, time: int, seq: int | None) -> bytes:
    """As edge nodes send it. A metric is written with what it has."""
    said = wire.write_field(1, time)
    for metric in metrics:
        said += wire.write_field(2, _written(metric))
    return said if seq is None else said + wire.write_field(3, seq)


def _written(metric: Metric) -> bytes:
    said = wire.write_field(1, metric.name.encode()) if metric.name else b""
    numbers = {2: metric.alias, 3: metric.time, 4: metric.kind or None}
    said += b"".join(wire.write_field(number, value) for number, value in numbers.items() if value is not None)
    if metric.historical:
        said += wire.write_field(5, 1)
    if metric.null:
        return said + wire.write_field(7, 1)
    if metric.unit:
        value = wire.write_field(1, STRING) + wire.write_field(8, metric.unit.encode())
        said += wire.write_field(9, wire.write_field(1, b"engUnit") + wire.write_field(2, value))
    return said + _written_value(metric)


def _written_value(metric: Metric) -> bytes:
    kind, value = metric.kind, metric.value
    if isinstance(value, str):
        return wire.write_field(_STRING, value.encode())
    if value is None:
        return b""
    if kind == FLOAT:
        return wire.write_field(_FLOAT, float(value))
    if kind == DOUBLE:
        return wire.write_field(_DOUBLE, float(value), double=True)
    if kind == BOOLEAN:
        return wire.write_field(_BOOLEAN, int(bool(value)))
    long = kind in (INT64, UINT64, DATETIME)
    return wire.write_field(_LONG if long else _INT, int(value) % (1 << 64 if long else 1 << 32))
