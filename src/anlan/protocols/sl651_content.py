"""What the bodies of SL 651 messages have in common, whatever their encoding."""

import math
from collections.abc import Sequence

from anlan.protocols.frames import Reading
from anlan.protocols.sl651_elements import KINDS, SLOT_MS, SLOTS, STATUS, STATUS_BITS, UNLISTED, Kind
from anlan.vocab import clock

SEND_LAYOUT = "YYMMDDHHmmSS"
OBSERVED_LAYOUT = "YYMMDDHHmm"
WITH_ELEMENTS = frozenset(("30", "31", "32", "33", "34", "36", "37", "38", "3A", "44", "46"))
TEXT_ONLY = frozenset(("35", "39"))
SERIES = frozenset(("31", "38"))


class Content:
    """Fields, readings and deviations as they are gathered.

    `stamps` are (offset in the body, layout, epoch ms) of every time in it. `picture` holds the bytes of one.
    """

    def __init__(self, function: str, device: str) -> None:
        self.fields: dict[str, object] = {}
        self.readings: list[Reading] = []
        self.stamps: list[tuple[int, str, int]] = []
        self.deviations: list[str] = []
        self.picture: bytes | None = None
        self.time = 0
        self.observed = ""
        self.step = 0
        self._function = function
        self._device = device
        self._prefix = ""
        self._elements: list[dict[str, object]] = []

    def stamp(self, text: str, at: int, layout: str) -> str:
        """A time at its place in the body; it holds for what follows. ClockError."""
        self.time = clock.parse(text, layout)
        self.stamps.append((at, layout, self.time))
        return "20" + text

    def station(self, address: str) -> None:
        self.fields["address"] = address
        if address != self._device:
            self.deviations.append("other_station")
            self._prefix = f"{address}/"

    def next_station(self, address: str) -> None:
        """A report of several stations: series of the later ones carry their address in front."""
        self._prefix = "" if address == self.fields.get("address") else f"{address}/"
        self.deviations.append("many_stations")

    def observe(self, text: str, at: int) -> None:
        self.observed = self.stamp(text, at, OBSERVED_LAYOUT)
        self.fields.setdefault("obs_time", self.observed)

    def add(self, identifier: str, value: float | None, unit: str, time: int | None = None) -> None:
        if value is not None:
            moment = self.time if time is None else time
            self.readings.append(Reading(series=self._prefix + identifier, time=moment, value=value, unit=unit))

    def add_number(self, identifier: str, value: float | None, raw: str, kind: Kind | None = None) -> None:
        """None = told to be missing, NaN = no number."""
        known = kind or KINDS.get(identifier, UNLISTED)
        self.add(identifier, value, known.symbol)
        self._elements.append(
            {"id": identifier, "name": known.name, "obs_time": self.observed, "raw": raw,
             "value": self.null(value, raw), "unit": known.unit}
        )  # fmt: skip

    def add_series(self, identifier: str, values: list[float | None], raws: Sequence[str] = ()) -> None:
        """One element at every time step from the observation time on; `raws` are their bytes in hex where known."""
        kind = KINDS.get(identifier, UNLISTED)
        for index, value in enumerate(values):
            self.add(identifier, value, kind.symbol, self.time + index * self.step)
        entry = self.entry(identifier, name=kind.name, obs_time=self.observed, step_ms=self.step)
        told = zip(values, raws or [""] * len(values), strict=True)
        entry |= {"values": [self.null(value, raw) for value, raw in told], "unit": kind.unit}

    def add_slots(self, identifier: str, values: list[float | None]) -> None:
        unit = KINDS[identifier].symbol
        if len(values) != SLOTS:
            self.deviations.append("slot_count")
        for index, value in enumerate(values):
            self.add(identifier, value, unit, self.time + index * SLOT_MS)
        self.entry(identifier, obs_time=self.observed)[f"values_{unit}"] = values

    def add_status(self, identifier: str, bits: int) -> None:
        for bit in STATUS_BITS:
            self.add(f"{STATUS}:{bit}", float(bits >> bit & 1), "1")
        alarms = [name for bit, name in STATUS_BITS.items() if bits >> bit & 1]
        self.entry(identifier, status_bits=bits, alarms=alarms)

    def entry(self, identifier: str, **facts: object) -> dict[str, object]:
        entry: dict[str, object] = {"id": identifier} | facts
        self._elements.append(entry)
        return entry

    def null(self, value: float | None, raw: str = "") -> float | None:
        """The value as JSON has it. Bytes AA are how a station says that it could not read its sensor."""
        if value is not None and math.isnan(value):
            self.deviations.append("invalid_mark" if raw and set(raw) == {"a"} else "unreadable_value")
            return None
        return value
