"""HJ 212-2017 and -2005, pollution sources: gas, water quality, noise.

Series are keys as sent ("w01018-Rtd", "011-Rtd"). Devices obey the standard loosely: every leniency is named
in a frame's deviations. Packets of a split message are decoded one by one.
"""

import re
from collections.abc import Mapping

from anlan.protocols import hj212_write
from anlan.protocols.checksums import crc_hj212
from anlan.protocols.frames import Decoder, Event, Frame, FrameError, ProtocolSpec
from anlan.protocols.hj212_data import COMMANDS, SYSTEMS, Data, looks_chinese, read_groups, read_text
from anlan.protocols.stream import StreamDecoder, Wire, only_frame
from anlan.vocab import clock

NAME = "hj212"
_HEAD, _FRAMING = 6, 12
_USUAL_SEGMENT = 1024
_TAIL = b"\r\n"
_ANSWER, _SPLIT = 1, 2
_CALIBRATE = "1013"
_STOPS = frozenset(("2012", "2022"))
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f]")


def measure(buffer: bytearray, at: int) -> int | None:
    """The told length, or up to a line end before it: a wrong length must not reach the next frame."""
    told = buffer[at + 2 : at + _HEAD]
    if len(told) < 4:
        return None if not told or told.isdigit() else 0
    if not told.isdigit():
        return 0
    end = at + int(told) + _FRAMING
    line = buffer.find(_TAIL, at + _HEAD, end)
    if line >= 0:
        return line + 2 - at
    if end - 1 <= len(buffer) and buffer[end - 2 : end - 1] == b"\n":
        return end - 1 - at
    return end - at


def read(raw: bytes) -> Event:
    told = int(raw[2:_HEAD])
    segment, crc, tail = (
        raw[_HEAD : _HEAD + told],
        raw[_HEAD + told : _HEAD + told + 4],
        raw[_HEAD + told + 4 :],
    )
    if tail not in (_TAIL, b"\n") or crc.endswith(b"\r"):
        if segment.endswith(b"&&") and len(tail) == 2:
            return FrameError("tail", f"{tail!r} after the check", raw)
        return FrameError("length", f"{told} bytes told, {_found(raw)} found", raw)
    made = b"%04X" % crc_hj212(segment)
    if crc.upper() != made:
        return FrameError("checksum", f"{crc!r} told, {made!r} computed", raw)
    found = ["lower_case_crc"] if crc != made else []
    found += ["lf_tail"] if tail != _TAIL else []
    return _read_segment(raw, segment, found)


def _found(raw: bytes) -> str:
    return str(len(raw) - _FRAMING) if raw.endswith(_TAIL) else "more"


def _read_segment(raw: bytes, segment: bytes, deviations: list[str]) -> Event:
    text = _text(segment, deviations)
    if text is None or _CONTROLS.search(text):
        return FrameError("text", "bytes that are no text", raw)
    front, mark, rest = text.partition("CP=&&")
    if not mark or not rest.endswith("&&"):
        return FrameError("format", "no CP=&&...&&", raw)
    head = {key: value for key, _, value in (pair.partition("=") for pair in front.split(";")) if key}
    if not head.get("MN") or not head.get("CN"):
        return FrameError("format", "no MN or no CN", raw)
    groups = read_groups(rest[:-2])
    data = Data(_sent(head, deviations))
    try:
        for group in groups:
            data.read(group)
    except clock.ClockError as error:
        return FrameError("time", str(error), raw)
    return _frame(raw, head, groups, data, deviations)


def _frame(raw: bytes, head: dict[str, str], groups: list[dict[str, str]], data: Data, deviations: list[str]) -> Frame:
    names = {"command": COMMANDS.get(head["CN"], ""), "system": SYSTEMS.get(head.get("ST", ""), "")}
    return Frame(
        protocol=NAME,
        device=head["MN"],
        function=head["CN"],
        readings=tuple(data.readings),
        fields={**head, "CP": groups, **names, "factors": data.factors},
        reply=_reply(head, groups, _flag(head, deviations)),
        raw=raw,
        deviations=tuple(dict.fromkeys(deviations + data.deviations)),
    )


def _text(segment: bytes, deviations: list[str]) -> str | None:
    """ASCII or UTF-8 as the standard has it, else GB 18030, else None."""
    if len(segment) > _USUAL_SEGMENT:
        deviations.append("long_segment")
    if segment.isascii():
        return segment.decode("ascii")
    text = read_text(segment, "utf-8")
    chinese = read_text(segment, "gb18030")
    if text is None or (chinese and looks_chinese(chinese) and max(text) < "\u0800"):
        deviations.append("gb18030_text")
        return chinese
    return text


def _sent(head: dict[str, str], deviations: list[str]) -> int | None:
    """The time in QN; None without one."""
    if "QN" not in head:
        deviations.append("missing_qn")
        return None
    try:
        return clock.parse(head["QN"], "YYYYMMDDHHmmSSfff")
    except clock.ClockError:
        deviations.append("bad_qn")
        return None


def _flag(head: dict[str, str], deviations: list[str]) -> int:
    text = head.get("Flag", "")
    if not (text.isascii() and text.isdigit() and len(text) < 4):
        deviations.append("bad_flag" if text else "missing_flag")
        return 0
    flag = int(text)
    if flag & _SPLIT and not ("PNUM" in head and "PNO" in head):
        deviations.append("missing_packet_number")
    return flag


def _reply(head: dict[str, str], groups: list[dict[str, str]], flag: int) -> bytes | None:
    """9014 for uploaded data and 9013 for a notice, where bit 0 of the flag asks; never for an answer."""
    command = head["CN"]
    if not flag & _ANSWER or command.startswith("9"):
        return None
    if command == _CALIBRATE:
        return hj212_write.answer(head, "9013", flag & ~3)
    uploads = command.startswith("2") and command not in _STOPS
    if uploads or any("DataTime" in group for group in groups):
        return hj212_write.answer(head, "9014", flag & ~3)
    return None


def decoder() -> Decoder:
    return StreamDecoder(Wire(marks=(b"##",), measure=measure, read=read, blank=b"\r\n"))


def retime(raw: bytes, time: int) -> bytes:
    frame = only_frame(decoder(), raw)
    return hj212_write.moved(raw, time, max((reading.time for reading in frame.readings), default=None))


def encode(device: str, time: int, values: Mapping[str, float]) -> bytes:
    return hj212_write.upload(device, time, values)


PROTOCOL = ProtocolSpec(
    name=NAME, title="污染物在线监控数据传输 HJ 212", decoder=decoder, port=5212, encode=encode, retime=retime
)
