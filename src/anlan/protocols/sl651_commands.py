"""Commands to SL 651 stations (M4): queries, time setting, parameters, switches. An answer has the same function."""

from collections.abc import Callable

from anlan.protocols.commands import Answer, Command, Parameter, ParameterError, Values
from anlan.protocols.frames import Frame
from anlan.protocols.sl651_elements import IDS_ASCII, KINDS, STATUS, write_number
from anlan.protocols.sl651_elements import Kind as ElementKind
from anlan.protocols.sl651_frame import Envelope, framed, opened
from anlan.protocols.sl651_parameters import RUNTIME
from anlan.protocols.sl651_write import bcd_time, sending
from anlan.vocab import clock

_STEPS = (("000005", "5 分钟"), ("000010", "10 分钟"), ("000030", "30 分钟"), ("000100", "1 小时"), ("010000", "1 日"))
_STEP_WORDS = {"000005": "DRN05", "000010": "DRN10", "000030": "DRN30", "000100": "DRH01", "010000": "DRD01"}
_ELEMENTS = tuple(
    (key, kind.name) for key, kind in sorted(KINDS.items()) if kind.digits and key not in ("F0", "F1", "04")
)
_RUNTIME = tuple((key, f"{row['name']}({row['unit'] or '—'})") for key, row in RUNTIME.items())
_SWITCHES = (("on", "开"), ("off", "关"))

Rest = Callable[[Values, bool], bytes]


def envelope_for(last: Frame, function: str) -> Envelope:
    """Addressed as the station itself writes: its centre, password and encoding. ValueError for a frame without."""
    said = last.fields
    return Envelope(
        text=said.get("encoding") == "ASCII", down=True, centre=int(str(said["center"])), station=last.device,
        password=str(said["password"]), function=function, end="ENQ",
    )  # fmt: skip


def _writer(function: str, rest: Rest) -> Callable[[Frame, int, int, Values], bytes]:
    def write(last: Frame, _number: int, now: int, values: Values) -> bytes:
        envelope = envelope_for(last, function)
        return framed(envelope, sending(0, now, text=envelope.text) + rest(values, envelope.text))

    return write


def _answer(sent: bytes, frame: Frame) -> Answer | None:
    envelope, body = opened(sent)
    if frame.function != envelope.function or frame.fields.get("direction") != "up":
        return None
    total, index = frame.fields.get("packets", 0), frame.fields.get("index", 0)
    if total and "size" not in frame.fields:
        return Answer(ok=True, said=f"已收到第 {index}/{total} 包", final=False)
    if envelope.function in ("40", "42") and not envelope.text and frame.fields.get("rest") != body[8:].hex():
        return Answer(ok=False, said="遥测站回报的参数与下发的不一致")
    return Answer(ok=True, said=_said(frame))


def _said(frame: Frame) -> str:
    fields = frame.fields
    if "version" in fields:
        return f"软件版本 {fields['version']}"
    if frame.function in ("4A", "51"):
        told = str(fields.get("send_time", ""))
        return f"遥测站时钟 {told[:4]}-{told[4:6]}-{told[6:8]} {told[8:10]}:{told[10:12]}:{told[12:14]}"
    if isinstance(parameters := fields.get("parameters"), list):
        return f"收到 {len(parameters)} 项参数"
    if frame.picture:
        return f"收到图片 {len(frame.picture.data)} 字节"
    return f"收到 {len(frame.readings)} 个读数" if frame.readings else "遥测站已应答"


def _nothing(_values: Values, _text: bool) -> bytes:
    return b""


def _period(values: Values, text: bool) -> bytes:
    start, end = (clock.parse_iso(values[key])[0] for key in ("from", "to"))
    if end < start:
        raise ParameterError("to", "结束时间不能早于起始时间")
    step, element = values["step"], values["element"]
    if text:
        words = [clock.write(start, "YYMMDDHH"), clock.write(end, "YYMMDDHH"), _STEP_WORDS[step], IDS_ASCII[element]]
        return "".join(f"{word} " for word in words).encode()
    hours = bcd_time(start, "YYMMDDHH") + bcd_time(end, "YYMMDDHH")
    return hours + b"\x04\x18" + bytes.fromhex(step) + _identified(element)


def _identified(key: str) -> bytes:
    """Identifier and definition of an element, without data."""
    kind = KINDS[key]
    return bytes.fromhex(key) + bytes(((kind.digits + 1) // 2 << 3 | kind.decimals,))


def _one_element(values: Values, text: bool) -> bytes:
    return f"{IDS_ASCII[values['element']]} ".encode() if text else _identified(values["element"])


def _wanted(identifiers: tuple[str, ...]) -> Rest:
    def rest(_values: Values, text: bool) -> bytes:
        if text:
            return "".join(f"{one} " for one in identifiers).encode()
        return b"".join(bytes.fromhex(one) + _definition(one) for one in identifiers)

    return rest


def _definition(identifier: str) -> bytes:
    fixed = {"01": 0x20, "02": 0x28, "0C": 0x08, "0D": 0x40}
    row = RUNTIME.get(identifier)
    if row is None:
        return bytes((fixed[identifier],))
    return bytes(((row["digits"] + 1) // 2 << 3 | row["decimals"],))


def _set_runtime(values: Values, text: bool) -> bytes:
    row = RUNTIME[values["parameter"]]
    try:
        number = float(values["value"])
    except ValueError:
        raise ParameterError("value", "须为数值") from None
    if text:
        return f"{values['parameter']} {number:.{row['decimals']}f} ".encode()
    kind = ElementKind(row["name"], "", "", row["digits"], row["decimals"])
    if abs(number) >= 10 ** (row["digits"] - row["decimals"]):
        raise ParameterError("value", f"超出 {row['name']} 的位数")
    return bytes.fromhex(values["parameter"]) + write_number(number, kind)


def _set_mode(values: Values, text: bool) -> bytes:
    return f"0C {values['mode']} ".encode() if text else bytes((0x0C, 0x08, int(values["mode"])))


def _marker(data: bytes) -> Rest:
    return lambda _values, text: f"{data[:1].hex()} ".encode() if text else data


def _password(values: Values, text: bool) -> bytes:
    found = []
    for key in ("old", "new"):
        word = values[key]
        if len(word) != 4 or not set(word) <= set("0123456789abcdefABCDEF"):
            raise ParameterError(key, "须为四位十六进制数")
        found.append(f"03 {word.upper()} ".encode() if text else b"\x03\x10" + bytes.fromhex(word))
    return b"".join(found)


def _switch(values: Values, text: bool) -> bytes:
    """One byte tells the state of all eight pumps or valves: those that are not named are off."""
    numbers = [
        one.strip() for one in values["open"].replace("、", ",").replace("\uff0c", ",").split(",") if one.strip()
    ]
    if any(one not in "12345678" or len(one) != 1 for one in numbers):
        raise ParameterError("open", "须为 1 至 8 的编号,以逗号分隔")
    word = bytes((1, sum(1 << int(one) - 1 for one in set(numbers))))
    return f"{word.hex().upper()} ".encode() if text else word


def _gates(values: Values, text: bool) -> bytes:
    """How far each gate is to be open, in centimetres, in their order; one that is to be shut has 0."""
    told = [one.strip() for one in values["openings"].replace("、", ",").replace("\uff0c", ",").split(",")]
    if not 1 <= len(told) <= 24 or any(not (one.isascii() and one.isdigit() and int(one) <= 9999) for one in told):
        raise ParameterError("openings", "须为各闸门的开度(厘米),以逗号分隔")
    bits = sum(1 << place for place, one in enumerate(told) if int(one))
    word = bytes((len(told),)) + bits.to_bytes((len(told) + 7) // 8, "little")
    word += b"".join(bytes.fromhex(f"{int(one):04}") for one in told)
    return f"{word.hex().upper()} ".encode() if text else word


def _quota(values: Values, text: bool) -> bytes:
    word = b"\xff" if values["state"] == "on" else b"\x00"
    return f"{word.hex().upper()} ".encode() if text else word


def _card(values: Values, text: bool) -> bytes:
    word = ((values["state"] == "on") << 9).to_bytes(4, "big")
    return f"ZT {word.hex().upper()} ".encode() if text else bytes.fromhex(STATUS) + b"\x20" + word


def _command(
    function: str, title: str, rest: Rest = _nothing, *parameters: Parameter, key: str = "", grave: bool = False
) -> Command:
    return Command(
        key=key or function,
        title=title,
        write=_writer(function, rest),
        answer=_answer,
        parameters=parameters,
        grave=grave,
    )


_element = Parameter(key="element", title="要素", kind="choice", choices=_ELEMENTS, default="39")
_open = Parameter(key="open", title="开启的编号(1 至 8,以逗号分隔,其余关闭)", optional=True)
_state = Parameter(key="state", title="动作", kind="choice", choices=_SWITCHES, default="on")
_READ_RUNTIME = ("20", "21", "22", "23", "24", "25", "26", "27", "28", "30", "38", "40", "41")

COMMANDS = (
    _command("4A", "校时"),
    _command("37", "召测实时数据"),
    _command("3A", "召测指定要素", _one_element, _element),
    _command("38", "召测时段数据", _period,
             Parameter(key="from", title="起始时间", kind="time"), Parameter(key="to", title="结束时间", kind="time"),
             Parameter(key="step", title="时间步长", kind="choice", choices=_STEPS, default="000100"), _element),
    _command("36", "召测图片"),
    _command("39", "查询人工置数"),
    _command("44", "查询水泵电机工作数据"),
    _command("46", "查询状态和报警"),
    _command("51", "查询时钟"),
    _command("45", "查询软件版本"),
    _command("50", "查询事件记录"),
    _command("41", "读取基本配置", _wanted(("01", "02", "0C", "0D"))),
    _command("43", "读取运行参数", _wanted(_READ_RUNTIME)),
    _command("42", "修改运行参数", _set_runtime,
             Parameter(key="parameter", title="参数", kind="choice", choices=_RUNTIME, default="20"),
             Parameter(key="value", title="数值"), grave=True),
    _command("40", "修改工作方式", _set_mode,
             Parameter(key="mode", title="工作方式", kind="choice", default="2",
                       choices=(("1", "自报"), ("2", "自报确认"), ("3", "查询/应答"), ("4", "调试或维修"))), grave=True),
    _command("49", "修改密码", _password, Parameter(key="old", title="旧密码", kind="secret"),
             Parameter(key="new", title="新密码", kind="secret"), grave=True),
    _command("4B", "设置 IC 卡状态", _card, _state, grave=True),
    _command("4C", "水泵开关", _switch, _open, grave=True),
    _command("4D", "阀门开关", _switch, _open, grave=True),
    _command(
        "4E", "闸门启闭", _gates,
        Parameter(key="openings", title="各闸门开度(厘米,按编号以逗号分隔,0 为关闭)"), grave=True,
    ),
    _command("4F", "水量定值控制", _quota, _state, grave=True),
    _command("47", "初始化固态存储", _marker(b"\x97\x00"), grave=True),
    _command("48", "恢复出厂设置", _marker(b"\x98\x00"), grave=True),
)  # fmt: skip
