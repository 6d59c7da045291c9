"""One HJ 212 frame as a message: its head, its groups, the answer it wants, and every leniency it needed."""

import re
from dataclasses import dataclass

from anlan.protocols import hj212_write
from anlan.protocols.checksums import crc_hj212
from anlan.protocols.frames import Frame, FrameError
from anlan.protocols.hj212_data import (
    COMMANDS,
    EXECUTION_RETURNS,
    NUMERIC,
    REQUEST_RETURNS,
    SYSTEMS,
    Data,
    looks_chinese,
    read_groups,
    read_pairs,
    read_text,
)
from anlan.vocab import clock

NAME = "hj212"
HEAD, FRAMING = 6, 12
TAIL = b"\r\n"
_USUAL_SEGMENT = 1024
_ANSWER, _SPLIT = 1, 2
_CALIBRATE = "1013"
_STOPS = frozenset(("2012", "2022"))
_RETURNS: dict[str, tuple[str, dict[str, str]]] = {
    "9011": ("QnRtn", REQUEST_RETURNS),
    "9012": ("ExeRtn", EXECUTION_RETURNS),
    "9013": ("QnRtn", REQUEST_RETURNS),
    "9014": ("QnRtn", REQUEST_RETURNS),
}
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f]")


@dataclass(frozen=True, kw_only=True, slots=True)
class Message:
    """A frame that is well formed. `split`: (packets, this one's number); `sent`: the time in QN."""

    raw: bytes
    head: dict[str, str]
    groups: list[dict[str, str]]
    deviations: list[str]
    sent: int | None
    flag: int
    split: tuple[int, int] | None
    carried: int | None = None

    @property
    def key(self) -> tuple[str, str]:
        return self.head["MN"], self.head.get("QN", self.head["CN"])

    @property
    def split_or_one(self) -> tuple[int, int]:
        return self.split or (1, 1)

    @property
    def needs_time(self) -> bool:
        """Whether it has a value, and nothing in it tells of when."""
        timed = any("DataTime" in group for group in self.groups) or not self.split or self.split[1] == 1
        return not timed and any(key.rpartition("-")[2] in NUMERIC for group in self.groups for key in group)

    @property
    def time(self) -> int | None:
        """The last data time in it."""
        data = Data(None)
        for group in self.groups:
            if "DataTime" in group:
                data.read({"DataTime": group["DataTime"]})
        return data.time

    def frame(self, carried: int | None) -> Frame:
        """ClockError."""
        time = self.carried if carried is None else carried
        data = Data(self.sent if time is None else time, told=time is not None)
        for group in self.groups:
            data.read(group)
        return self._made(data, _reply(self.head, self.groups, self.flag), data.deviations)

    def waiting(self) -> Frame:
        """Shown as it comes; its readings and its answer follow."""
        return self._made(Data(None), None, ["packet_out_of_order"])

    def _made(self, data: Data, reply: bytes | None, deviations: list[str]) -> Frame:
        head = self.head
        names = {"command": COMMANDS.get(head["CN"], ""), "system": SYSTEMS.get(head.get("ST", ""), "")}
        return Frame(
            protocol=NAME,
            device=head["MN"],
            function=head["CN"],
            readings=tuple(data.readings),
            fields={**head, "CP": self.groups, **names, "factors": data.factors} | _returned(self),
            reply=reply,
            raw=self.raw,
            deviations=tuple(dict.fromkeys(self.deviations + deviations)),
        )


def _returned(message: Message) -> dict[str, object]:
    """What an answer or an execution result says in words."""
    key, names = _RETURNS.get(message.head["CN"], ("", {}))
    found = next((group[key] for group in message.groups if key in group), None)
    return {} if found is None else {"result": names.get(found, "")}


def opened(raw: bytes) -> Message:
    """FrameError."""
    told = int(raw[2:HEAD])
    segment, crc, tail = raw[HEAD : HEAD + told], raw[HEAD + told : HEAD + told + 4], raw[HEAD + told + 4 :]
    if tail not in (TAIL, b"\n") or crc.endswith(b"\r"):
        if segment.endswith(b"&&") and len(tail) == 2:
            raise FrameError("tail", f"{tail!r} after the check", raw)
        raise FrameError("length", f"{told} bytes told, {_found(raw)} found", raw)
    made = b"%04X" % crc_hj212(segment)
    if crc.upper() != made:
        raise FrameError("checksum", f"{crc!r} told, {made!r} computed", raw)
    found = ["lower_case_crc"] if crc != made else []
    found += ["lf_tail"] if tail != TAIL else []
    return _read_segment(raw, segment, found)


def _found(raw: bytes) -> str:
    return str(len(raw) - FRAMING) if raw.endswith(TAIL) else "more"


def _read_segment(raw: bytes, segment: bytes, deviations: list[str]) -> Message:
    text = _text(segment, deviations)
    if text is None or _CONTROLS.search(text):
        raise FrameError("text", "bytes that are no text", raw)
    front, mark, rest = text.partition("CP=&&")
    if not mark or not rest.endswith("&&"):
        raise FrameError("format", "no CP=&&...&&", raw)
    head = read_pairs(front.split(";"), deviations)
    if not head.get("MN") or not head.get("CN"):
        raise FrameError("format", "no MN or no CN", raw)
    groups, sent = read_groups(rest[:-2], deviations), _sent(head, deviations)
    flag = _flag(head, deviations)
    split = _split(head, flag, deviations)
    if head["CN"] not in COMMANDS:
        deviations.append("unlisted_command")
    return Message(raw=raw, head=head, groups=groups, deviations=deviations, sent=sent, flag=flag, split=split)


def _split(head: dict[str, str], flag: int, deviations: list[str]) -> tuple[int, int] | None:
    """(packets, number) of a message in more than one packet."""
    if not flag & _SPLIT:
        return None
    if not ("PNUM" in head and "PNO" in head):
        deviations.append("missing_packet_number")
        return None
    told = head["PNUM"], head["PNO"]
    if all(one.isascii() and one.isdigit() and len(one) < 5 for one in told) and 1 <= int(told[1]) <= int(told[0]):
        return (int(told[0]), int(told[1])) if told[0] != "1" else None
    deviations.append("bad_packet_number")
    return None


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
    return int(text)


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
