"""The body of an SL 651 message in the HEX/BCD encoding: serial, send time, station, elements or parameters."""

from collections.abc import Callable

from anlan.protocols.sl651_content import OBSERVED_LAYOUT, SEND_LAYOUT, SERIES, TEXT_ONLY, WITH_ELEMENTS, Content
from anlan.protocols.sl651_elements import (
    CLASSES,
    LEVEL_SLOTS,
    PICTURE,
    RAIN_SLOTS,
    STATUS,
    STEP,
    TEXT,
    read_number,
    read_slots,
    read_step,
    read_text,
)
from anlan.protocols.sl651_parameters import read_command, read_special

_PUMPS = "44"
_SPECIAL = frozenset((RAIN_SLOTS, *LEVEL_SLOTS, STATUS, STEP))


class Body(Content):
    """What a body says, read as far as it can be read.

    Bytes that no rule explains are in `fields["rest"]` as hex. ClockError for an impossible time.
    """

    def __init__(self, data: bytes, function: str, device: str, *, down: bool = False) -> None:
        super().__init__(function, device)
        self._data = data
        self._at = 8
        self.fields["serial"] = int.from_bytes(data[:2], "big")
        self.fields["send_time"] = self.stamp(data[2:8].hex(), 2, SEND_LAYOUT)
        self._read_station()
        start = self._at
        if not down and (function in WITH_ELEMENTS or function in TEXT_ONLY):
            self._read_elements()
        if start < len(data) and (function == _PUMPS or "elements" not in self.fields):
            self.fields["rest"] = data[start:].hex()
            self._read_special(data[start:], down)

    def _read_special(self, rest: bytes, down: bool) -> None:
        said = read_command(self._function, rest) if down else read_special(self._function, rest)
        if said is not None:
            self.fields |= said
        elif self._function != _PUMPS:
            self.deviations.append("unread_body")

    def _read_station(self) -> None:
        data = self._data
        if data[8:10] == b"\xf1\xf1" and len(data) >= 15:
            self._at = 15
            self.station(data[10:15].hex())

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
        if identifier in _SPECIAL:
            return (
                self._set_step if identifier == STEP else self._add_status if identifier == STATUS else self._add_slots
            )
        return self._add_steps if self.step and self._function in SERIES else self._add_number

    def _add_number(self, identifier: str, data: bytes, decimals: int) -> None:
        self.add_number(identifier, read_number(data, decimals), data.hex())

    def _add_slots(self, identifier: str, data: bytes, _decimals: int) -> None:
        self.add_slots(identifier, read_slots(identifier, data))

    def _add_status(self, identifier: str, data: bytes, _decimals: int) -> None:
        self.add_status(identifier, int.from_bytes(data, "big"))

    def _observe(self, at: int) -> bool:
        end = at + len(OBSERVED_LAYOUT) // 2
        if end > len(self._data):
            return False
        self.observe(self._data[at:end].hex(), at)
        self._at = end
        return True

    def _change_station(self, at: int) -> bool:
        if at + 6 > len(self._data):
            return False
        self.next_station(self._data[at : at + 5].hex())
        self._at = at + 6
        return True

    def _add_steps(self, identifier: str, data: bytes, decimals: int) -> None:
        """Function 31: one identifier, then a value for every time step up to the end."""
        size, start = len(data), self._at - len(data)
        count = (len(self._data) - start) // size
        self._at = start + count * size
        pieces = [self._data[start + index * size : start + (index + 1) * size] for index in range(count)]
        self.add_series(identifier, [read_number(one, decimals) for one in pieces], [one.hex() for one in pieces])

    def _set_step(self, identifier: str, data: bytes, decimals: int) -> None:
        self.step = read_step(data)
        self.entry(identifier, raw=data.hex())

    def _add_text(self, identifier: str, data: bytes) -> bool:
        self._at = len(self._data)
        if identifier == PICTURE:
            self.picture = data
        shown = data.hex() if len(data) <= 4096 else f"{data[:64].hex()}…"
        self.entry(identifier, raw=shown, ascii=read_text(data[:4096]), size=len(data))
        return True
