"""What an HJ 212 data segment says: the command parameters, their factors and their numbers."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from math import isfinite, nan
from typing import NamedTuple

from anlan.protocols import tables
from anlan.protocols.frames import Reading
from anlan.vocab import clock, units

_CODES = tables.load_json("hj212_codes.json")
COMMANDS: dict[str, str] = _CODES["commands"]
SYSTEMS: dict[str, str] = _CODES["systems"]
DATA_FLAGS: dict[str, str] = _CODES["data_flags"]
REQUEST_RETURNS: dict[str, str] = _CODES["request_returns"]
EXECUTION_RETURNS: dict[str, str] = _CODES["execution_returns"]
NOT_THE_ENVIRONMENT = frozenset("FMDCB")
"""Stopped, maintenance, fault, calibration, broken link: what is told then measures nothing outside. A manual value
(S) and one beyond the upper limit (T) are kept: the latter is at least as high as told."""
TIME_LAYOUTS = {12: "YYYYMMDDHHmm", 14: "YYYYMMDDHHmmSS", 17: "YYYYMMDDHHmmSSfff"}
TOTAL = "Cou"
STATE_UNITS = {"RS": "1", "RT": "h"}
NUMERIC = frozenset(("Rtd", "Min", "Avg", "Max", "ZsRtd", "ZsMin", "ZsAvg", "ZsMax", TOTAL, *STATE_UNITS))

_WORDS = {
    word.casefold(): word
    for word in (
        "QN", "ST", "CN", "PW", "MN", "Flag", "PNUM", "PNO", "DataTime", "BeginTime", "EndTime", "SystemTime", "RestartTime",
        "SampleTime", "QnRtn", "ExeRtn", "RtdInterval", "MinInterval", "EFlag", *sorted(NUMERIC),
    )
}  # fmt: skip
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")


@dataclass(frozen=True, slots=True)
class Factor:
    """A measured factor: its 2017 code, the unit of its values and that of its totals; "" = not listed."""

    code: str
    name: str
    unit: str
    total: str


UNLISTED = Factor("", "", "", "")


def _load() -> dict[str, Factor]:
    """By 2017 code and by 2005 code; the last digits of a numbered device are "x" or "xx"."""
    by_code: dict[str, Factor] = {}
    for row in tables.load_csv("hj212_factors.csv"):
        code, old, name = row["ID"], row["原编码（HJ2005)"], row["NAME"]
        factor = Factor(code, name, units.symbol(row["单位"]), units.symbol(row["排放量"]))
        by_code.setdefault(code, factor)
        if old:
            by_code.setdefault(old, factor)
    return by_code


FACTORS = _load()


def factor_of(code: str) -> Factor:
    for pattern in (code, code[:-2] + "xx", code[:-1] + "x"):
        if pattern in FACTORS:
            return FACTORS[pattern]
    return UNLISTED


class _Measured(NamedTuple):
    """What the key of a value says: its factor and unit, and the keys of its flag and of its sample time."""

    code: str
    factor: Factor
    unit: str
    flag: str
    sampled: str


@lru_cache(4096)
def _measured(key: str) -> _Measured | None:
    """None for a key of something else."""
    code, _, name = key.rpartition("-")
    if not code or name not in NUMERIC:
        return None
    factor = factor_of(code)
    unit = STATE_UNITS.get(name) or (factor.total if name == TOTAL else factor.unit)
    return _Measured(code, factor, unit, f"{code}-Flag", f"{code}-SampleTime")


def read_number(text: str) -> float:
    """NaN for what is not a finite decimal number."""
    value = float(text) if text.isascii() and _NUMBER.fullmatch(text) else nan
    return value if isfinite(value) else nan


def read_text(data: bytes, encoding: str) -> str | None:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        return None


def looks_chinese(text: str) -> bool:
    """Whether more than one Chinese character is in it; GB 18030 can pass as UTF-8, as other letters."""
    return sum("\u4e00" <= character <= "\u9fff" for character in text) > 1


@lru_cache(4096)
def _spelled(key: str) -> str:
    """A key without spaces, its words in the standard's capitals."""
    code, dash, name = key.rpartition("-")
    return f"{code.strip()}{dash}{_WORDS.get(name.strip().casefold(), name.strip())}"


def read_pairs(pairs: list[str], deviations: list[str]) -> dict[str, str]:
    """`key=value` by key. Spaces, other capitals, a key that is said twice and text without "=" are told."""
    found: dict[str, str] = {}
    for pair in pairs:
        said, mark, told = pair.partition("=")
        key, value = _spelled(said), told.strip()
        if not mark or not key:
            deviations += ["stray_text"] if pair.strip() else []
            continue
        if key != said or value != told:
            deviations.append("padded_pair" if key == said or key == said.strip() else "key_case")
        if key in found:
            deviations.append("repeated_key")
        found[key] = value
    return found


def read_groups(text: str, deviations: list[str]) -> list[dict[str, str]]:
    """The groups of `key=value` pairs; what stands between `//` and `//` is a log and is not split."""
    pieces = text.split("//")
    logs = [f"//{piece}//" for piece in pieces[1::2]]
    masked = "\0".join(pieces[::2]) if logs and len(pieces) % 2 else text
    kept = iter(logs)
    groups = [read_pairs(group.split(","), deviations) for group in masked.split(";")]
    if masked is not text:
        groups = [{key: _unmask(value, kept) for key, value in group.items()} for group in groups]
    return [group for group in groups if group]


def _unmask(value: str, logs: Iterator[str]) -> str:
    return re.sub("\0", lambda _: next(logs, ""), value) if "\0" in value else value


@dataclass(slots=True)
class Data:
    """Readings of the groups in order, each at its sample time, else at the last data time, else at `time`.

    A value whose flag says that it is none of the environment is NaN; what was sent stays in the fields.
    `told`: `time` is the data time of an earlier packet. ClockError for an impossible time, and for a reading
    without any.
    """

    time: int | None
    told: bool = False
    readings: list[Reading] = field(default_factory=list)
    factors: dict[str, dict[str, str]] = field(default_factory=dict)
    deviations: list[str] = field(default_factory=list)

    def read(self, group: dict[str, str]) -> None:
        if "DataTime" in group:
            self.time = self._moment(group["DataTime"])
            self.told = True
        for key, text in group.items():
            if (measured := _measured(key)) is not None:
                self._add(group, key, text, measured)

    def _add(self, group: dict[str, str], key: str, text: str, measured: "_Measured") -> None:
        value, flag = read_number(text), group.get(measured.flag)
        if flag in NOT_THE_ENVIRONMENT:
            value = nan
        elif value != value:
            self.deviations.append("unreadable_value")
        if flag is not None and flag not in DATA_FLAGS:
            self.deviations.append("unlisted_flag")
        time = self._sampled(group.get(measured.sampled))
        self.readings.append(Reading(series=key, time=time, value=value, unit=measured.unit))
        if measured.code not in self.factors:
            self.factors[measured.code] = _describe(measured.factor, flag)

    def _sampled(self, text: str | None) -> int:
        if text is not None:
            return self._moment(text)
        if self.time is None:
            raise clock.ClockError("neither DataTime nor QN")
        if not self.told:
            self.deviations.append("missing_data_time")
        return self.time

    def _moment(self, text: str) -> int:
        layout = TIME_LAYOUTS.get(len(text), "YYYYMMDDHHmmSS")
        if len(text) == 17:
            self.deviations.append("long_data_time")
        elif len(text) == 12:
            self.deviations.append("short_data_time")
        return clock.parse(text, layout)


def _describe(factor: Factor, flag: str | None) -> dict[str, str]:
    said = {"code": factor.code, "name": factor.name, "unit": factor.unit}
    return said if flag is None else said | {"flag": flag, "flag_name": DATA_FLAGS.get(flag, "")}
