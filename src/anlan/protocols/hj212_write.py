"""HJ 212 frames as devices and platforms write them."""

import math
import re
from collections.abc import Mapping

from anlan.protocols.checksums import crc_hj212
from anlan.protocols.hj212_data import NUMERIC, TIME_LAYOUTS
from anlan.vocab import clock

_TIMES = re.compile(
    rb"(?<=[;,&])(DataTime|BeginTime|EndTime|SystemTime|RestartTime|[^=;,&]*-SampleTime)=(\d{12,17})(?=[;,&])"
    rb"|^(QN)=(\d{17})(?=;)"
)
_SERIES = re.compile(r"[A-Za-z0-9]+-[A-Za-z]+")
_SYSTEMS = {"w": "21", "a": "22", "L": "23", "e": "52", "g": "51"}
_BUDGET = 800


def wrap(segment: bytes) -> bytes:
    """A data segment with length and check. ValueError beyond 9999 bytes."""
    if len(segment) > 9999:
        raise ValueError("too long for one frame")
    return b"##%04d%b%04X\r\n" % (len(segment), segment, crc_hj212(segment))


def answer(head: Mapping[str, str], command: str, flag: int) -> bytes:
    """A platform's answer, with the request's number, password and device."""
    parts = {"QN": head.get("QN"), "ST": "91", "CN": command, "PW": head.get("PW"), "MN": head["MN"]}
    said = "".join(f"{key}={value};" for key, value in parts.items() if value is not None)
    return wrap(f"{said}Flag={flag};CP=&&&&".encode())


def request(head: Mapping[str, str], command: str, stamp: str, parameters: str, flag: int) -> bytes:
    """A platform's request or notice to the device that wrote `head`, with its password and system."""
    parts = {"QN": stamp, "ST": head.get("ST", "91"), "CN": command, "PW": head.get("PW"), "MN": head["MN"]}
    said = "".join(f"{key}={value};" for key, value in parts.items() if value is not None)
    return wrap(f"{said}Flag={flag};CP=&&{parameters}&&".encode())


def upload(device: str, time: int, values: Mapping[str, float]) -> bytes:
    """Real-time (2011) or minute (2051) data that ask for an answer; split packets where they are many."""
    if not device.isascii() or not device.isalnum():
        raise ValueError(f"a device is named by letters and digits: {device!r}")
    packets = _packets(_groups(values))
    command = "2011" if not values or any(key.endswith("-Rtd") for key in values) else "2051"
    stamp = clock.write(time, "YYYYMMDDHHmmSSfff")
    system = _SYSTEMS.get(next(iter(values), "")[:1], "32")
    head = f"QN={stamp};ST={system};CN={command};PW=123456;MN={device};"
    frames = []
    for number, groups in enumerate(packets, 1):
        split = f"Flag=7;PNUM={len(packets)};PNO={number};" if len(packets) > 1 else "Flag=5;"
        body = ";".join([f"DataTime={stamp[:14]}", *groups])
        frames.append(wrap(f"{head}{split}CP=&&{body}&&".encode()))
    return b"".join(frames)


def _groups(values: Mapping[str, float]) -> list[str]:
    """One group a factor; a missing value is empty and flagged as a broken link."""
    factors: dict[str, list[str]] = {}
    flags: dict[str, str] = {}
    for key, value in values.items():
        code, _, name = key.rpartition("-")
        if not _SERIES.fullmatch(key) or name not in NUMERIC or math.isinf(value):
            raise ValueError(f"HJ 212 cannot say {key}={value}")
        factors.setdefault(code, []).append(f"{key}={_decimal(value)}")
        flags[code] = "B" if math.isnan(value) else flags.get(code, "N")
    return [",".join([*pairs, f"{code}-Flag={flags[code]}"]) for code, pairs in factors.items()]


def _decimal(value: float) -> str:
    """At most four decimals, as devices send; empty for NaN."""
    return "" if math.isnan(value) else f"{value:.4f}".rstrip("0").rstrip(".")


def _packets(groups: list[str]) -> list[list[str]]:
    packets: list[list[str]] = [[]]
    size = 0
    for group in groups:
        if size and size + len(group) > _BUDGET:
            packets.append([])
            size = 0
        packets[-1].append(group)
        size += len(group)
    return packets


def moved(raw: bytes, time: int, newest: int | None) -> bytes:
    """A frame whose times are moved so that the reading time `newest` (else its newest time) is `time`."""
    segment = raw[6 : 6 + int(raw[2:6])]
    moments = [moment for found in _TIMES.finditer(segment) if (moment := _moment(found)) is not None]
    if newest is None:
        newest = max(moments, default=time)

    def shift(found: re.Match[bytes]) -> bytes:
        moment = _moment(found)
        if moment is None:
            return found[0]
        key, digits = found[1] or found[3], found[2] or found[4]
        new = clock.write(min(moment + time - newest, time), TIME_LAYOUTS[len(digits)])
        return b"%b=%b" % (key, new.encode())

    return wrap(_TIMES.sub(shift, segment))


def _moment(found: re.Match[bytes]) -> int | None:
    digits = (found[2] or found[4]).decode()
    try:
        return clock.parse(digits, TIME_LAYOUTS.get(len(digits), ""))
    except clock.ClockError:
        return None
