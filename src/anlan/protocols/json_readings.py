"""Readings as JSON, over MQTT and HTTP; in a stream, one message a line.

A message is `{"device", "time", "values": {series: value}}`, or `{"device", "readings": [{"series", "time",
"value", "unit"?}]}`, or a list of such. A time is epoch milliseconds or ISO 8601 (without a zone: Beijing's).
null and NaN are missing values; what else a message says is kept in the frame's fields.
"""

import codecs
import json
import re
from collections.abc import Mapping
from math import isfinite, nan
from typing import Any

import msgspec

from anlan.protocols.frames import Decoder, Event, Frame, FrameError, ProtocolSpec, Reading
from anlan.protocols.lines import LONGEST, LineDecoder
from anlan.protocols.stream import only_frame
from anlan.vocab import clock, units

NAME = "json"
_KNOWN = frozenset(("device", "time", "values", "readings"))
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
_UNFIT = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_LONGEST_NAME = 128
_EPOCH, _COMPACT = re.compile(r"\d{10}(?:\d{3}){0,3}", re.ASCII), re.compile(r"\d{14}", re.ASCII)
_OTHER_CLOCKS = ((10**9, 1000, 1), (10**15, 1, 1000), (10**18, 1, 10**6))
"""Epoch seconds, µs and ns by their size from 2001 to 2286, with what makes ms of them."""
_NO_VALUES = frozenset(("", "-", "--", "/", "n/a", "nan", "null", "none", "无", "缺测"))
"""Words that loggers write where there is no value."""


def parse_message(data: bytes, device: str | None = None, time: int | None = None) -> Event:
    """One complete message of one device, as the payload of a topic or the body of a request.

    `device` is the one of the topic or address; a message that names another is a "device" error. `time` is
    taken where the message has none, and told as "missing_time".
    """
    events = parse_messages(data, device, time)
    if len(events) == 1:
        return events[0]
    return FrameError("device", f"{len(events)} devices in one message", data)


def parse_messages(data: bytes, device: str | None = None, time: int | None = None) -> list[Event]:
    """As `parse_message`, with one frame a device. One error refuses the whole."""
    try:
        messages, deviations = _load(data)
        told = [_Message(message, device, time, deviations) for message in messages]
    except FrameError as error:
        return [FrameError(error.kind, error.detail, data)]
    by_device: dict[str, list[_Message]] = {}
    for message in told:
        by_device.setdefault(message.device, []).append(message)
    return [_frame(name, found, data) for name, found in by_device.items()]


def _load(data: bytes) -> tuple[list[Any], list[str]]:
    if len(data) > LONGEST:
        raise FrameError("too_long", f"{len(data)} bytes")
    if b"\\u0000" in data:
        raise FrameError("text", "a zero character")
    found, deviations = _parse(data)
    messages = found if isinstance(found, list) else [found]
    if not messages:
        raise FrameError("schema", "an empty list")
    return messages, deviations


def _parse(data: bytes) -> tuple[Any, list[str]]:
    text, deviations = _text(data)
    try:
        return msgspec.json.decode(text), deviations
    except (ValueError, RecursionError) as error:
        if "NaN" not in text and "Infinity" not in text:
            raise FrameError("json", str(error)[:200]) from error
    try:
        return msgspec.json.decode(msgspec.json.encode(json.loads(text))), [*deviations, "bare_nan"]
    except (ValueError, RecursionError) as error:
        raise FrameError("json", str(error)[:200]) from error


def _text(data: bytes) -> tuple[str, list[str]]:
    """UTF-8 as the standard has it, with or without a mark before it, else GB 18030."""
    try:
        if not data.startswith(codecs.BOM_UTF8):
            return data.decode(), []
        return data[3:].decode(), ["byte_order_mark"]
    except UnicodeDecodeError as error:
        try:
            return data.decode("gb18030"), ["gb18030_text"]
        except UnicodeDecodeError:
            raise FrameError("text", "neither UTF-8 nor GB 18030") from error


class _Message:
    """One message, checked. Raises FrameError."""

    def __init__(self, said: Any, device: str | None, time: int | None, deviations: list[str]) -> None:
        if not isinstance(said, dict):
            raise FrameError("schema", "a message is an object")
        if "values" not in said and "readings" not in said:
            raise FrameError("schema", "neither values nor readings")
        self.deviations = list(deviations)
        self.fields = {key: value for key, value in said.items() if key not in _KNOWN}
        self.device = self._device(said.get("device"), device)
        self._default = time
        own = said.get("time")
        self._time = None if own is None else self._moment(own)
        self.readings = [*self._values(said.get("values", {})), *self._readings(said.get("readings", []))]

    def _device(self, said: Any, given: str | None) -> str:
        if said is None and given is None:
            raise FrameError("schema", "no device")
        device = _name("device", given if said is None else said)
        if given is not None and device != given:
            raise FrameError("device", f"{device} speaks in the name of {given}")
        return device

    def _values(self, values: Any) -> list[Reading]:
        if not isinstance(values, dict):
            raise FrameError("schema", "values is an object")
        return [self._reading(series, value, None, "") for series, value in values.items()]

    def _readings(self, readings: Any) -> list[Reading]:
        if not isinstance(readings, list) or not all(isinstance(each, dict) for each in readings):
            raise FrameError("schema", "readings is a list of objects")
        return [self._entry(each) for each in readings]

    def _entry(self, said: dict[str, Any]) -> Reading:
        unit = said.get("unit")
        symbol = "" if unit is None else _name("unit", unit, least=0)
        if "series" not in said or "value" not in said:
            raise FrameError("schema", "a reading has series and value")
        return self._reading(said["series"], said["value"], said.get("time"), symbol)

    def _reading(self, series: Any, value: Any, time: Any, unit: str) -> Reading:
        name = _name("series", series)
        moment = self._when() if time is None else self._moment(time)
        symbol = units.symbol(unit) or unit
        return Reading(series=name, time=moment, value=self._number(name, value), unit=symbol)

    def _when(self) -> int:
        if self._time is not None:
            return self._time
        if self._default is None:
            raise FrameError("time", "no time")
        self.deviations.append("missing_time")
        return self._default

    def _moment(self, said: Any) -> int:
        if isinstance(said, str):
            if (plain := _plain_time(said)) != said:
                self.deviations.append("time_form")
            said = plain
        if isinstance(said, str):
            try:
                moment, zoned = clock.parse_iso(said)
            except clock.ClockError as error:
                raise FrameError("time", str(error)) from error
            if not zoned:
                self.deviations.append("naive_time")
            return _in_range(moment)
        if isinstance(said, bool) or not isinstance(said, int | float) or not isfinite(said):
            raise FrameError("time", "a time is epoch milliseconds or ISO 8601")
        moment = _milliseconds(said)
        if moment != int(said):
            self.deviations.append("time_unit")
        return _in_range(moment)

    def _number(self, series: str, said: Any) -> float:
        if said is None or said == "NaN":
            return nan
        if isinstance(said, str) and said.strip().casefold() in _NO_VALUES:
            self.deviations.append("unreadable_value")
            return nan
        if isinstance(said, str) and _NUMBER.fullmatch(said):
            self.deviations.append("number_as_text")
        elif not isinstance(said, int | float):
            raise FrameError("schema", f"the value of {series} is no number")
        try:
            value = float(said)
        except OverflowError:
            value = nan
        if not isfinite(value):
            self.deviations.append("unreadable_value")
            return nan
        return value


def _plain_time(text: str) -> str | int:
    """ISO 8601 where dates have slashes or nothing between their parts; epoch time where it is told as text."""
    text = text.strip().replace("/", "-")
    if _COMPACT.fullmatch(text):
        return f"{text[:8]}T{text[8:]}"
    return int(text) if _EPOCH.fullmatch(text) else text


def _milliseconds(said: float) -> int:
    """Of an epoch time in one of the usual units."""
    for least, more, less in _OTHER_CLOCKS:
        if least <= said < 10 * least:
            return int(said * more) // less
    return int(said)


def _in_range(moment: int) -> int:
    if not 0 <= moment <= clock.LATEST:
        raise FrameError("time", f"beyond the calendar: {moment} ms")
    return moment


def _name(what: str, said: Any, least: int = 1) -> str:
    if not isinstance(said, str):
        raise FrameError("schema", f"{what} is a text")
    if not least <= len(said) <= _LONGEST_NAME or _UNFIT.search(said):
        raise FrameError("text", f"{what} has up to {_LONGEST_NAME} characters that can be written")
    return said


def _frame(device: str, messages: list[_Message], raw: bytes) -> Frame:
    fields = [message.fields for message in messages if message.fields]
    return Frame(
        protocol=NAME,
        device=device,
        function="readings",
        readings=tuple(reading for message in messages for reading in message.readings),
        fields=fields[0] if len(fields) == 1 else {"messages": fields} if fields else {},
        reply=None,
        raw=raw,
        deviations=tuple(dict.fromkeys(told for message in messages for told in message.deviations)),
    )


def decoder() -> Decoder:
    return LineDecoder(parse_messages)


def encode(device: str, time: int, values: Mapping[str, float]) -> bytes:
    """A missing value is null. ValueError for names and times that would not be read again."""
    said = msgspec.json.encode({"device": device, "time": time, "values": dict(values)}) + b"\n"
    if only_frame(decoder(), said).deviations:
        raise ValueError(f"{time} would be read as another unit than milliseconds")
    return said


def retime(raw: bytes, time: int) -> bytes:
    """As recorded but for its times; ISO 8601 stays ISO 8601. A message without a time gets one."""
    frame = parse_message(raw, time=time)
    if isinstance(frame, FrameError):
        raise frame
    by = time - max((reading.time for reading in frame.readings), default=time)
    found, _ = _parse(raw)
    for message in found if isinstance(found, list) else [found]:
        message.setdefault("time", time - by)
        for holder in (message, *message.get("readings", [])):
            if holder.get("time") is not None:
                holder["time"] = _moved(holder["time"], by, time)
    return msgspec.json.encode(found) + b"\n" * raw.endswith(b"\n")


def _moved(said: int | float | str, by: int, latest: int) -> int | str:
    """ISO 8601 as that, any other as ms."""
    plain = _plain_time(said) if isinstance(said, str) else said
    if isinstance(plain, str):
        return clock.write_iso(min(clock.parse_iso(plain)[0] + by, latest))
    return min(_milliseconds(plain) + by, latest)


PROTOCOL = ProtocolSpec(name=NAME, title="JSON（MQTT、HTTP）", decoder=decoder, port=None, encode=encode, retime=retime)
