"""Commands to GB 26875.3 transmission units: reading (61–88), initialising, clock, and the check of who is on watch.

A unit confirms (3), answers (5) or denies (6) with the serial number that it was asked with.
"""

from collections.abc import Callable

from anlan.protocols.commands import Answer, Command, Parameter, ParameterError, Values
from anlan.protocols.frames import Frame
from anlan.protocols.gb26875_units import UNIT_TYPES, write_time
from anlan.protocols.gb26875_write import framed
from anlan.vocab import clock

CONTROL, CONFIRM, REQUEST, REPLY, DENY = 1, 3, 4, 5, 6
ON_WATCH = 91
_WATCH_ANSWERED = 1 << 5

Object = Callable[[Values, int], bytes]


def _writer(kind: int, command: int, said: Object) -> Callable[[Frame, int, int, Values], bytes]:
    def write(last: Frame, number: int, now: int, values: Values) -> bytes:
        addresses = (last.fields["target"], last.fields["source"])
        head = (number % 65536).to_bytes(2, "little") + last.raw[4:6] + write_time(now)
        head += b"".join(int(str(one)).to_bytes(6, "little") for one in addresses)
        return framed(head, command, bytes((kind, 1)) + said(values, now))

    return write


def _answer(sent: bytes, frame: Frame) -> Answer | None:
    asked, command = sent[27], frame.fields["command"]
    if asked == ON_WATCH and frame.function == "24" and _on_watch(frame):
        return Answer(ok=True, said="值班人员已应答查岗")
    if frame.fields["serial"] != int.from_bytes(sent[2:4], "little"):
        return None
    if command == DENY:
        return Answer(ok=False, said="装置否认了该命令")
    if command == CONFIRM:
        final = sent[26] == CONTROL and asked != ON_WATCH
        return Answer(ok=True, said="装置已确认" if final else "装置已收到,等待应答", final=final)
    return Answer(ok=True, said=_told(frame)) if command == REPLY else None


def _items(frame: Frame) -> list[dict[str, object]]:
    items = frame.fields.get("items", frame.fields.get("parts", []))
    return items if isinstance(items, list) else []


def _on_watch(frame: Frame) -> bool:
    return any(int(str(item.get("operation", 0))) & _WATCH_ANSWERED for item in _items(frame))


def _told(frame: Frame) -> str:
    item = _items(frame)[0] if _items(frame) else {}
    for key, name in (("version", "软件版本"), ("text", "配置说明"), ("time", "时间")):
        if item.get(key) and "state" not in item and "operation" not in item:
            return f"{name} {item[key]}"
    return f"收到 {len(_items(frame))} 个信息对象"


def _reserved(_values: Values, _now: int) -> bytes:
    return b"\0"


def _system(values: Values, _now: int) -> bytes:
    return bytes((int(values["system_type"]), int(values["system"])))


def _part(values: Values, now: int) -> bytes:
    return _system(values, now) + int(values["part"]).to_bytes(4, "little")


def _since(values: Values, _now: int) -> bytes:
    return bytes((int(values["count"]),)) + write_time(clock.parse_iso(values["from"])[0])


def _system_since(values: Values, now: int) -> bytes:
    return _system(values, now) + _since(values, now)


def _clock(_values: Values, now: int) -> bytes:
    return write_time(now)


def _minutes(values: Values, _now: int) -> bytes:
    minutes = int(values["minutes"])
    if not minutes:
        raise ParameterError("minutes", "应答时限不能为零")
    return bytes((minutes,))


def _command(kind: int, title: str, said: Object, *parameters: Parameter, grave: bool = False) -> Command:
    sort = CONTROL if kind in (89, 90, ON_WATCH) else REQUEST
    return Command(
        key=str(kind), title=title or UNIT_TYPES[kind], write=_writer(kind, sort, said), answer=_answer,
        parameters=parameters, grave=grave,
    )  # fmt: skip


_SYSTEM = (
    Parameter(key="system_type", title="系统类型", kind="number", high=255, default="1"),
    Parameter(key="system", title="系统地址", kind="number", high=255, default="1"),
)
_PART = (*_SYSTEM, Parameter(key="part", title="部件地址", kind="number", high=0xFFFFFFFF))
_RECORDS = (
    Parameter(key="count", title="记录数", kind="number", low=1, high=102, default="10"),
    Parameter(key="from", title="起始时间", kind="time"),
)

COMMANDS = (
    _command(90, "校时", _clock),
    _command(ON_WATCH, "查岗", _minutes,
             Parameter(key="minutes", title="应答时限(分钟)", kind="number", low=1, high=255, default="10")),
    _command(81, "读传输装置运行状态", _reserved),
    _command(61, "读系统状态", _system, *_SYSTEM),
    _command(62, "读部件运行状态", _part, *_PART),
    _command(63, "读部件模拟量值", _part, *_PART),
    _command(64, "读系统操作信息记录", _system_since, *_SYSTEM, *_RECORDS),
    _command(65, "读系统软件版本", _system, *_SYSTEM),
    _command(66, "读系统配置情况", _system, *_SYSTEM),
    _command(67, "读部件配置情况", _part, *_PART),
    _command(68, "读系统时间", _system, *_SYSTEM),
    _command(84, "读传输装置操作信息记录", _since, *_RECORDS),
    _command(85, "读传输装置软件版本", _reserved),
    _command(86, "读传输装置配置情况", _reserved),
    _command(88, "读传输装置系统时间", _reserved),
    _command(89, "初始化传输装置", _reserved, grave=True),
)  # fmt: skip
