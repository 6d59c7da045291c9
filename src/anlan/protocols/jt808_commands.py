"""What a person may ask of a JT/T 808 terminal: where it is, how often it reports, and words for its driver.

A terminal answers in general (0001), with its place (0201) or its parameters (0104), each with our serial number.
"""

from collections.abc import Callable

from anlan.protocols import jt808_write as write
from anlan.protocols.commands import Answer, Command, Parameter, ParameterError, Values
from anlan.protocols.frames import Frame
from anlan.protocols.jt808_body import PARAMETERS
from anlan.protocols.jt808_parts import Header, unescaped

_RESULTS = {0: "终端已执行", 1: "终端执行失败", 2: "终端称消息有误", 3: "终端不支持该命令"}
_TOLD = {0x8104: "0104", 0x8201: "0201"}
_SETTINGS = tuple((f"{number:04X}", f"{name}({unit})") for number, (name, unit) in PARAMETERS.items())
_KINDS = (("notice", "通知"), ("urgent", "紧急"))

Body = Callable[[Values, bool], bytes]


def _header(raw: bytes) -> Header:
    return Header.read(unescaped(raw[1:-1]))


def _writer(function: int, body: Body) -> Callable[[Frame, int, int, Values], bytes]:
    """In the edition, with the number and version, in which the terminal itself writes."""

    def said(last: Frame, number: int, _now: int, values: Values) -> bytes:
        head = _header(last.raw)
        return write.frame(function, head.phone, number % 65536, body(values, head.new), head.version)

    return said


def _answer(sent: bytes, frame: Frame) -> Answer | None:
    asked = _header(sent)
    if frame.fields.get("answers_serial") != asked.serial:
        return None
    told = _TOLD.get(asked.function)
    if frame.function == told:
        return Answer(ok=True, said=_said(frame))
    if frame.function != "0001" or frame.fields["answers"] != f"{asked.function:04x}":
        return None
    result = int(str(frame.fields["result"]))
    return Answer(ok=not result, said=_RESULTS.get(result, f"应答结果 {result}"), final=bool(result) or told is None)


def _said(frame: Frame) -> str:
    if frame.function == "0201":
        fields = frame.fields
        return f"经度 {fields['lon']},纬度 {fields['lat']},时速 {fields['speed_kmh']} 公里"
    rows = frame.fields["parameters"]
    named = [row for row in rows if row["name"]] if isinstance(rows, list) else []
    return ";".join(f"{row['name']} {row['value']}" for row in named)[:200] or "终端已应答"


def _nothing(_values: Values, _new: bool) -> bytes:
    return b""


def _follow(values: Values, _new: bool) -> bytes:
    """An interval of 0 ends it, and then nothing follows."""
    interval = int(values["interval"])
    return interval.to_bytes(2, "big") + (int(values["minutes"]) * 60).to_bytes(4, "big") * bool(interval)


def _setting(values: Values, _new: bool) -> bytes:
    return write.parameters_body({int(values["parameter"], 16): int(values["value"])})


def _text(values: Values, new: bool) -> bytes:
    try:
        return write.text_body(values["text"], urgent=values["kind"] == "urgent", new=new)
    except UnicodeEncodeError:
        raise ParameterError("text", "含有终端不能显示的字符") from None


def _command(function: int, title: str, body: Body, *parameters: Parameter, grave: bool = False) -> Command:
    return Command(
        key=f"{function:04X}", title=title, write=_writer(function, body), answer=_answer, parameters=parameters,
        grave=grave,
    )  # fmt: skip


COMMANDS = (
    _command(0x8201, "查询位置", _nothing),
    _command(0x8300, "下发文字给驾驶员", _text, Parameter(key="text", title="文字"),
             Parameter(key="kind", title="类别", kind="choice", choices=_KINDS, default="notice")),
    _command(0x8202, "临时跟踪", _follow,
             Parameter(key="interval", title="汇报间隔(秒,0 为停止)", kind="number", high=3600, default="5"),
             Parameter(key="minutes", title="有效期(分钟)", kind="number", low=1, high=1440, default="60")),
    _command(0x8104, "查询终端参数", _nothing),
    _command(0x8103, "设置终端参数", _setting,
             Parameter(key="parameter", title="参数", kind="choice", choices=_SETTINGS, default="0029"),
             Parameter(key="value", title="数值", kind="number", low=1, high=86400), grave=True),
)  # fmt: skip
