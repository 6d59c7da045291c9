"""The body of an SL 651 frame: serial, send time, station, then elements after their observation time."""

import math
from collections.abc import Callable

from anlan.protocols.frames import Reading
from anlan.protocols.sl651_elements import (
    CLASSES,
    KINDS,
    LEVEL_SLOTS,
    PICTURE,
    RAIN_SLOTS,
    SLOT_MS,
    SLOTS,
    STATUS,
    STATUS_BITS,
    STEP,
    TEXT,
    UNLISTED,
    read_number,
    read_slots,
    read_step,
    read_text,
)
from anlan.vocab import clock

SEND_LAYOUT = "YYMMDDHHmmSS"
OBSERVED_LAYOUT = "YYMMDDHHmm"
_WITH_ELEMENTS = frozenset(("30", "31", "32", "33", "34", "36", "37", "38", "3A", "44", "46"))
_TEXT_ONLY = frozenset(("35", "39"))
_SERIES = frozenset(("31", "38"))
_PUMPS = "44"


class Body:
    """What a body says, read as far as it can be read.

    `stamps` are (offset in the body, layout, epoch ms) of every time in it. Bytes that no rule explains are
    in `fields["rest"]` as hex. ClockError for an impossible time.
    """

    def __init__(self, data: bytes, function: str, device: str) -> None:
        self.fields: dict[str, object] = {}
        self.readings: list[Reading] = []
        self.stamps: list[tuple[int, str, int]] = []
        self.deviations: list[str] = []
        self._data = data
        self._function = function
        self._at = 8
        self._time = 0
        self._observed = ""
        self._step = 0
        self._prefix = ""
        self._elements: list[dict[str, object]] = []
        self.fields["serial"] = int.from_bytes(data[:2], "big")
        self.fields["send_time"] = self._stamp(2, SEND_LAYOUT)
        self._read_station(device)
        start = self._at
        if function in _WITH_ELEMENTS or function in _TEXT_ONLY:
            self._read_elements()
        if start < len(data) and (function == _PUMPS or "elements" not in self.fields):
            self.fields["rest"] = data[start:].hex()

    def _stamp(self, at: int, layout: str) -> str:
        text = self._data[at : at + len(layout) // 2].hex()
        self._time = clock.parse(text, layout)
        self.stamps.append((at, layout, self._time))
        return "20" + text

    def _read_station(self, device: str) -> None:
        data = self._data
        if data[8:10] == b"\xf1\xf1" and len(data) >= 15:
            self.fields["address"] = data[10:15].hex()
            self._at = 15
            if self.fields["address"] != device:
                self.deviations.append("other_station")
                self._prefix = f"{self.fields['address']}/"

    def _read_elements(self) -> None:
        data, at = self._data, self._at
        if data[at + 1 : at + 3] == b"\xf0\xf0":
            self.fields["class"] = CLASSES.get(data[at], f"{data[at]:02X}")
            self._at += 1
        self.fields["elements"] = self._elements
        while self._at < len(self._data):
            start = self._at
            if not self._read_element():
                self.fields["rest"] = self._data[start:].hex()
                self.deviations.append("element_cut_short")
                break

    def _read_element(self) -> bool:
        """One {identifier, definition, data}; False where the body ends inside it."""
        data, at = self._data, self._at
        head = data[at : at + 2]
        if head == b"\xf0\xf0":
            return self._observe(at + 2)
        if head == b"\xf1\xf1":
            return self._change_station(at + 2)
        identifier = f"{head[0]:02X}"
        at += 1
        if head[0] == 0xFF:
            identifier = head.hex().upper()
            at += 1
        if at >= len(data):
            return False
        if identifier in (TEXT, PICTURE) and data[at] == head[0]:
            return self._add_text(identifier, data[at + 1 :])
        size, decimals = data[at] >> 3, data[at] & 7
        if not size or at + 1 + size > len(data):
            return False
        self._at = at + 1 + size
        self._choose(identifier)(identifier, data[at + 1 : self._at], decimals)
        return True

    def _choose(self, identifier: str) -> Callable[[str, bytes, int], None]:
        if identifier == RAIN_SLOTS or identifier in LEVEL_SLOTS:
            return self._add_slots
        if identifier == STATUS:
            return self._add_status
        if identifier == STEP:
            return self._set_step
        return self._add_series if self._step and self._function in _SERIES else self._add_number

    def _observe(self, at: int) -> bool:
        if at + 5 > len(self._data):
            return False
        self._observed = self._stamp(at, OBSERVED_LAYOUT)
        self.fields.setdefault("obs_time", self._observed)
        self._at = at + 5
        return True

    def _change_station(self, at: int) -> bool:
        """A report of several stations: series of the later ones carry their address in front."""
        if at + 6 > len(self._data):
            return False
        address = self._data[at : at + 5].hex()
        self._prefix = "" if address == self.fields.get("address") else f"{address}/"
        self.deviations.append("many_stations")
        self._at = at + 6
        return True

    def _add(self, identifier: str, value: float | None, unit: str, time: int | None = None) -> None:
        if value is not None:
            moment = self._time if time is None else time
            series = self._prefix + identifier
            self.readings.append(Reading(series=series, time=moment, value=value, unit=unit))

    def _add_number(self, identifier: str, data: bytes, decimals: int) -> None:
        kind = KINDS.get(identifier, UNLISTED)
        value = read_number(data, decimals)
        self._add(identifier, value, kind.symbol)
        entry = self._entry(identifier, name=kind.name, obs_time=self._observed, raw=data.hex())
        entry |= {"value": self._null(value), "unit": kind.unit}

    def _add_series(self, identifier: str, data: bytes, decimals: int) -> None:
        """Function 31: one identifier, then a value for every time step up to the end."""
        kind, size, start = KINDS.get(identifier, UNLISTED), len(data), self._at - len(data)
        count = (len(self._data) - start) // size
        self._at = start + count * size
        values: list[float | None] = []
        for index in range(count):
            value = read_number(self._data[start + index * size : start + (index + 1) * size], decimals)
            self._add(identifier, value, kind.symbol, self._time + index * self._step)
            values.append(self._null(value))
        entry = self._entry(identifier, name=kind.name, obs_time=self._observed, step_ms=self._step)
        entry |= {"values": values, "unit": kind.unit}

    def _add_slots(self, identifier: str, data: bytes, decimals: int) -> None:
        values = read_slots(identifier, data)
        unit = KINDS[identifier].symbol
        if len(values) != SLOTS:
            self.deviations.append("slot_count")
        for index, value in enumerate(values):
            self._add(identifier, value, unit, self._time + index * SLOT_MS)
        self._entry(identifier, obs_time=self._observed)[f"values_{unit}"] = values

    def _add_status(self, identifier: str, data: bytes, decimals: int) -> None:
        bits = int.from_bytes(data, "big")
        for bit in STATUS_BITS:
            self._add(f"{STATUS}:{bit}", float(bits >> bit & 1), "1")
        alarms = [name for bit, name in STATUS_BITS.items() if bits >> bit & 1]
        self._entry(identifier, status_bits=bits, alarms=alarms)

    def _set_step(self, identifier: str, data: bytes, decimals: int) -> None:
        self._step = read_step(data)
        self._entry(identifier, raw=data.hex())

    def _add_text(self, identifier: str, data: bytes) -> bool:
        self._entry(identifier, raw=data.hex(), ascii=read_text(data))
        self._at = len(self._data)
        return True

    def _entry(self, identifier: str, **facts: object) -> dict[str, object]:
        entry: dict[str, object] = {"id": identifier} | facts
        self._elements.append(entry)
        return entry

    def _null(self, value: float | None) -> float | None:
        if value is not None and math.isnan(value):
            self.deviations.append("unreadable_value")
            return None
        return value
