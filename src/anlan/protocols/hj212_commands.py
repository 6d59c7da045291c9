"""Requests and notices to HJ 212 devices. Answers carry the request's QN: 9011 taken or refused, then data or 9012."""

from collections.abc import Callable

from anlan.protocols.commands import Answer, Command, Parameter, ParameterError, Values
from anlan.protocols.frames import Frame
from anlan.protocols.hj212_data import EXECUTION_RETURNS, REQUEST_RETURNS
from anlan.protocols.hj212_write import request
from anlan.vocab import clock

_ANSWER, _STATES = 1, 3
_QN = "YYYYMMDDHHmmSSfff"
_TIME = "YYYYMMDDHHmmSS"
_SHOWN = {
    "SystemTime": "现场机时间", "RtdInterval": "实时数据间隔(秒)", "MinInterval": "分钟数据间隔(分钟)",
    "Stime": "出样时间(分钟)", "VaseNo": "留样瓶编号", "CstartTime": "采样起始时间", "Ctime": "每日采样次数",
}  # fmt: skip

Said = Callable[[Values, int], str]


def _writer(command: str, said: Said) -> Callable[[Frame, int, int, Values], bytes]:
    def write(last: Frame, number: int, now: int, values: Values) -> bytes:
        head = {key: str(last.fields[key]) for key in ("ST", "PW") if key in last.fields} | {"MN": last.device}
        stamp = clock.write(now - now % 1000 + number % 1000, _QN)
        return request(head, command, stamp, said(values, now), _flag(last) | _ANSWER)

    return write


def _flag(last: Frame) -> int:
    """The version bits with which the device itself writes; those of 2005 where it tells none."""
    told = str(last.fields.get("Flag", ""))
    return int(told) & ~_STATES if told.isascii() and told.isdigit() and len(told) < 4 else 0


def _fields(segment: bytes) -> dict[str, str]:
    front = segment.partition(b"CP=&&")[0].decode("ascii", "replace")
    return dict(pair.split("=", 1) for pair in front[6:].split(";") if "=" in pair)


def _answer(sent: bytes, frame: Frame) -> Answer | None:
    asked = _fields(sent)
    if str(frame.fields.get("QN", "")) != asked["QN"]:
        return None
    said = {key: value for group in _groups(frame) for key, value in group.items()}
    if frame.function == "9011":
        code = said.get("QnRtn", "")
        return Answer(ok=code == "1", said=REQUEST_RETURNS.get(code, f"请求返回 {code}"), final=code != "1")
    if frame.function == "9012":
        code = said.get("ExeRtn", "")
        return Answer(ok=code == "1", said=EXECUTION_RETURNS.get(code, f"执行结果 {code}"))
    if frame.function == "9013":
        return Answer(ok=True, said="设备已应答通知")
    return Answer(ok=True, said=_told(frame, said)) if frame.function == asked["CN"] else None


def _groups(frame: Frame) -> list[dict[str, str]]:
    groups = frame.fields.get("CP")
    return groups if isinstance(groups, list) else []


def _told(frame: Frame, said: dict[str, str]) -> str:
    shown = [f"{name} {said[key]}" for key, name in _SHOWN.items() if key in said]
    shown += [f"{key} {value}" for key, value in said.items() if key.endswith(("-SN", "-Info"))][:3]
    return ";".join(shown)[:200] or f"收到 {len(frame.readings)} 个读数"


def _nothing(_values: Values, _now: int) -> str:
    return ""


def _pairs(*keys: str, between: str = ";") -> Said:
    return lambda values, _now: between.join(f"{key}={_plain(key, values[key])}" for key in keys if values[key])


def _plain(key: str, text: str) -> str:
    if not (text.isascii() and all(letter.isalnum() or letter in "-._:" for letter in text)):
        raise ParameterError(key, "只能由字母、数字和 - . _ : 组成")
    return text


def _clock(values: Values, now: int) -> str:
    factor = f"PolId={_plain('PolId', values['PolId'])};" if values["PolId"] else ""
    return f"{factor}SystemTime={clock.write(now, _TIME)}"


def _period(between: str) -> Said:
    def said(values: Values, _now: int) -> str:
        start, end = (clock.parse_iso(values[key])[0] for key in ("from", "to"))
        if end < start:
            raise ParameterError("to", "结束时间不能早于起始时间")
        return f"BeginTime={clock.write(start, _TIME)}{between}EndTime={clock.write(end, _TIME)}"

    return said


def _cycle(values: Values, _now: int) -> str:
    start = values["CstartTime"]
    if not (start.isascii() and start.isdigit() and len(start) == 6):
        raise ParameterError("CstartTime", "须为时分秒六位数字,如 080000")
    return f"PolId={_plain('PolId', values['PolId'])};CstartTime={start};Ctime={values['Ctime']}"


def _information(values: Values, _now: int) -> str:
    factor = f"PolId={_plain('PolId', values['PolId'])};" if values["PolId"] else ""
    return f"{factor}InfoId={_plain('InfoId', values['InfoId'])}"


def _setting(values: Values, _now: int) -> str:
    info = _plain("InfoId", values["InfoId"])
    return f"PolId={_plain('PolId', values['PolId'])};InfoId={info},{info}-Info={_plain('value', values['value'])}"


def _request(code: str, title: str, said: Said = _nothing, *parameters: Parameter, grave: bool = False) -> Command:
    return Command(
        key=code, title=title, write=_writer(code, said), answer=_answer, parameters=parameters, grave=grave
    )  # fmt: skip


_factor = Parameter(key="PolId", title="污染因子编码", default="w01018")
_any_factor = Parameter(key="PolId", title="污染因子编码(可不填)", optional=True)
_from, _to = Parameter(key="from", title="起始时间", kind="time"), Parameter(key="to", title="结束时间", kind="time")
_info = Parameter(key="InfoId", title="信息编码", default="i12001")

REQUESTS = (
    _request("1012", "校时", _clock, _any_factor),
    _request("2011", "召测实时数据"),
    _request("2051", "召测分钟数据", _period(";"), _from, _to),
    _request("2061", "召测小时数据", _period(";"), _from, _to),
    _request("2031", "召测日数据", _period(";"), _from, _to),
    _request("2041", "召测设备日运行时间", _period(","), _from, _to),
    _request("1011", "查询现场机时间", _pairs("PolId"), _any_factor),
    _request("1061", "查询实时数据间隔"),
    _request("1063", "查询分钟数据间隔"),
    _request("3017", "查询采样周期", _pairs("PolId"), _factor),
    _request("3018", "查询出样时间", _pairs("PolId"), _factor),
    _request("3019", "查询设备唯一标识", _pairs("PolId"), _factor),
    _request("3020", "查询现场机信息", _information, _any_factor, _info),
    _request("2021", "查看设备运行状态"),
    _request("2012", "停止察看实时数据", grave=True),
    _request("2022", "停止察看设备运行状态", grave=True),
    _request("1062", "设置实时数据间隔", _pairs("RtdInterval"),
             Parameter(key="RtdInterval", title="间隔(秒)", kind="number", low=1, default="30"), grave=True),
    _request("1064", "设置分钟数据间隔", _pairs("MinInterval"),
             Parameter(key="MinInterval", title="间隔(分钟)", kind="number", low=1, high=60, default="10"), grave=True),
    _request("1000", "设置超时时间和重发次数", _pairs("OverTime", "ReCount"),
             Parameter(key="OverTime", title="超时时间(秒)", kind="number", low=1, high=99, default="5"),
             Parameter(key="ReCount", title="重发次数", kind="number", low=0, high=99, default="3"), grave=True),
    _request("1072", "修改密码", _pairs("NewPW"), Parameter(key="NewPW", title="新密码(六位)", kind="secret"), grave=True),
    _request("3011", "零点校准和量程校准", _pairs("PolId"), _factor, grave=True),
    _request("3012", "即时采样", _pairs("PolId"), _factor, grave=True),
    _request("3013", "启动清洗或反吹", _pairs("PolId"), _factor, grave=True),
    _request("3014", "比对采样", _pairs("PolId"), _factor, grave=True),
    _request("3015", "超标留样", grave=True),
    _request("3016", "设置采样周期", _cycle, _factor, Parameter(key="CstartTime", title="起始时间(时分秒)", default="000000"),
             Parameter(key="Ctime", title="每日采样次数", kind="number", low=1, high=24, default="2"), grave=True),
    _request("3021", "设置现场机参数", _setting, _factor, _info, Parameter(key="value", title="参数值"), grave=True),
)  # fmt: skip
