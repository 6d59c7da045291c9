"""The body of an SL 651 message in the ASCII encoding: words after one another, each ended by a space.

"0025" "170718110014" "ST 0011223344 H TT 1707181100 PJ 4.0 Z 10.490 VT 11.09 "
"""

import math
import re

from anlan.protocols.sl651_content import SEND_LAYOUT, SERIES, TEXT_ONLY, WITH_ELEMENTS, Content
from anlan.protocols.sl651_elements import (
    ASCII_IDS,
    LEVEL_SLOTS,
    PICTURE,
    RAIN_SLOTS,
    STATUS,
    STEP,
    TEXT,
    read_slots,
    read_text,
)
from anlan.protocols.sl651_parameters import named_words, read_special

MISSING = "M"
_LONGEST = 20
_STATUS_WORD = "ZT"
_NUMBER = re.compile(r"[+-]?\d{1,15}(?:\.\d{1,9})?")
_STEP = re.compile(r"DR([DHN])(\d\d)")
_STEP_MS = {"D": 86_400_000, "H": 3_600_000, "N": 60_000}
_RAW_WORDS = re.compile(rb"(?:^|(?<= ))(RGZS|PIC) ")


class TextBody(Content):
    """As `Body`: read as far as it can be read; what no rule explains is in `fields["rest"]` as text."""

    def __init__(self, data: bytes, function: str, device: str, *, down: bool = False) -> None:
        super().__init__(function, device)
        self._words: list[tuple[int, str]] = []
        self._place = 0
        head = data[:16].decode("ascii", "replace")
        self.fields["serial"] = int(head[:4], 16) if re.fullmatch(r"[0-9A-Fa-f]{4}", head[:4]) else 0
        self.fields["send_time"] = self.stamp(head[4:16], 4, SEND_LAYOUT)
        raw = _RAW_WORDS.search(data[16:])
        self._split(data[: 16 + raw.start()] if raw else data)
        self._read_station()
        if not down and (function in WITH_ELEMENTS or function in TEXT_ONLY):
            self._read_elements()
        elif self._place < len(self._words):
            self._read_pairs(down)
        if raw:
            self._add_raw(raw[1].decode(), data[16 + raw.end() :])

    def _split(self, data: bytes) -> None:
        text = data[16:].decode("ascii", "replace")
        self._words = [(16 + found.start(), found[0]) for found in re.finditer(r"[^ ]+", text)]
        if text and not text.endswith(" "):
            self.deviations.append("no_last_space")

    def _peek(self) -> str:
        return self._words[self._place][1] if self._place < len(self._words) else ""

    def _next(self) -> tuple[int, str]:
        self._place += 1
        return self._words[self._place - 1] if self._place <= len(self._words) else (0, "")

    def _read_station(self) -> None:
        if self._peek() == "ST":
            self._next()
            self.station(self._next()[1].lower()[:_LONGEST])
            if len(self._peek()) == 1 and self._peek() not in "MC":
                self.fields["class"] = self._next()[1]

    def _read_elements(self) -> None:
        self.fields["elements"] = self._elements
        while self._place < len(self._words):
            start = self._place
            if not self._read_element():
                self.fields["rest"] = " ".join(word for _, word in self._words[start:])
                self.deviations.append("element_cut_short")
                break

    def _read_element(self) -> bool:
        _, word = self._next()
        if step := _STEP.fullmatch(word):
            self.step = _STEP_MS[step[1]] * int(step[2])
            self.entry(STEP, raw=word)
            return True
        if self.step and self._function in SERIES and not self._is_value(self._peek()):
            return self._read_table([word])
        if self._place >= len(self._words):
            return False
        if word == "TT":
            at, told = self._next()
            self.observe(told, at)
        elif word == "ST":
            self.next_station(self._next()[1].lower()[:_LONGEST])
            self._next()
        else:
            self._add_word(self._identifier(word), word)
        return True

    def _add_word(self, identifier: str, word: str) -> None:
        if self.step and self._function in SERIES and identifier not in (RAIN_SLOTS, *LEVEL_SLOTS):
            self._read_table([word])
            return
        _, told = self._next()
        if identifier in (RAIN_SLOTS, *LEVEL_SLOTS, STATUS):
            self._add_hex(identifier, told)
        else:
            self.add_number(identifier, _number(told), told[:_LONGEST])

    def _add_hex(self, identifier: str, told: str) -> None:
        data = _hex(told)
        if not data:
            self.deviations.append("unreadable_value")
        elif identifier == STATUS:
            self.add_status(identifier, int.from_bytes(data[:4], "big"))
        else:
            self.add_slots(identifier, read_slots(identifier, data))

    def _read_table(self, names: list[str]) -> bool:
        """Several identifiers, then a row of values for every time step."""
        while self._place < len(self._words) and not self._is_value(self._peek()):
            names.append(self._next()[1])
        values: list[float | None] = []
        while self._is_value(self._peek()):
            values.append(_number(self._next()[1]))
        for column, name in enumerate(names):
            self.add_series(self._identifier(name), values[column :: len(names)])
        return bool(values)

    def _read_pairs(self, down: bool) -> None:
        """Parameters, or one word of hex that means the same as in the HEX encoding; else kept as words and told."""
        words = [word for _, word in self._words[self._place :]]
        self.fields["rest"] = " ".join(words)
        said = named_words(self._function, words)
        if said is None and words[:-1] in ([], [_STATUS_WORD]) and (data := _hex(words[-1])):
            said = read_special(self._function, b"\x45\x20" + data if words[:-1] else data)
        if said is not None:
            self.fields |= said
        elif not down:
            self.deviations.append("unread_body")

    def _identifier(self, word: str) -> str:
        known = ASCII_IDS.get(word) or ASCII_IDS.get(word.upper())
        if known is None:
            self.deviations.append("unlisted_element")
            return word[:_LONGEST]
        if word not in ASCII_IDS:
            self.deviations.append("element_case")
        return known

    def _add_raw(self, word: str, data: bytes) -> None:
        identifier = PICTURE if word == "PIC" else TEXT
        self.fields["elements"] = self._elements
        if identifier == PICTURE:
            self.picture = data
        shown = data.hex() if len(data) <= 4096 else f"{data[:64].hex()}…"
        self.entry(identifier, raw=shown, ascii=read_text(data[:4096]), size=len(data))

    @staticmethod
    def _is_value(word: str) -> bool:
        return word == MISSING or (bool(word) and word[0] in "+-0123456789")


def _hex(word: str) -> bytes:
    """Nothing for what is no hex."""
    return bytes.fromhex(word) if re.fullmatch(r"(?:[0-9A-Fa-f]{2})+", word) else b""


def _number(word: str) -> float | None:
    if word == MISSING:
        return None
    return float(word) if _NUMBER.fullmatch(word) else math.nan
