"""Chinese words for what devices and decoders call by codes."""

from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, override

from anlan.monitoring.models import Alarm, Series
from anlan.protocols.gb26875_units import ANALOG
from anlan.protocols.hj212_data import factor_of
from anlan.protocols.sl651_elements import KINDS, STATUS_BITS

SOURCES = {
    "sl651": "SL 651",
    "hj212": "HJ 212",
    "gb26875": "GB 26875",
    "mqtt": "MQTT",
    "http": "HTTP",
    "json": "JSON",
    "derived": gettext_lazy("计算"),
    "gb28181": "GB/T 28181",
    "onvif": "ONVIF",
    "ai": "AI",
    "jt808": "JT/T 808",
    "cjt188": "CJ/T 188",
    "modbus": "Modbus",
    "opcua": "OPC UA",
    "sparkplug": "Sparkplug B",
    "sta": "SensorThings",
    "dtu": "DTU",
}

ERRORS = {
    "checksum": gettext_lazy("校验不符"),
    "length": gettext_lazy("长度不符"),
    "tail": gettext_lazy("结束符有误"),
    "format": gettext_lazy("格式有误"),
    "too_long": gettext_lazy("报文过长"),
    "text": gettext_lazy("文字无法识读"),
    "time": gettext_lazy("时间有误"),
    "truncated": gettext_lazy("报文中断"),
    "garbage": gettext_lazy("报文外字节"),
    "crowded": gettext_lazy("连接过多"),
    "device": gettext_lazy("设备编码有误"),
    "hex": gettext_lazy("十六进制有误"),
    "json": gettext_lazy("不是 JSON"),
    "refused": gettext_lazy("拒绝接收"),
    "schema": gettext_lazy("结构不符"),
    "throttled": gettext_lazy("超出频率"),
    "topic": gettext_lazy("主题有误"),
    "away": gettext_lazy("数据库暂不可用"),
    "box": gettext_lazy("目标框有误"),
    "camera": gettext_lazy("没有该摄像头"),
    "confidence": gettext_lazy("置信度有误"),
    "failed": gettext_lazy("处理出错"),
    "kind": gettext_lazy("没有该事件类型"),
    "method": gettext_lazy("不支持的请求"),
    "picture": gettext_lazy("图片不可用"),
    "replayed": gettext_lazy("重放的认证"),
    "stale": gettext_lazy("过期的认证"),
    "type": gettext_lazy("内容类型不符"),
    "unanswered": gettext_lazy("对方没有应答"),
    "unasked": gettext_lazy("未曾请求的答复"),
    "unsubscribed": gettext_lazy("对方拒绝订阅"),
    "incomplete": gettext_lazy("分包不全"),
    "unreachable": gettext_lazy("无法连接"),
    "no_answer": gettext_lazy("没有应答"),
    "exception": gettext_lazy("设备答复异常"),
    "plan": gettext_lazy("轮询计划有误"),
    "sequence": gettext_lazy("序号不连续"),
    "birth": gettext_lazy("缺少上线消息"),
    "address": gettext_lazy("地址不在允许范围"),
    "certificate": gettext_lazy("证书与设备不符"),
    "login": gettext_lazy("登录被拒"),
    "handshake": gettext_lazy("没有出示有效证书"),
    "password": gettext_lazy("通信口令不符"),
    "code": gettext_lazy("鉴权码不符"),
    "registered": gettext_lazy("重复注册"),
    "unauthenticated": gettext_lazy("未经鉴权"),
    "token": gettext_lazy("令牌无效"),
}
HJ212_ENDINGS = {
    "Rtd": gettext_lazy("实时值"),
    "Avg": gettext_lazy("平均值"),
    "Min": gettext_lazy("最小值"),
    "Max": gettext_lazy("最大值"),
    "Cou": gettext_lazy("累计值"),
    "ZsRtd": gettext_lazy("折算实时值"),
    "ZsAvg": gettext_lazy("折算平均值"),
    "ZsMin": gettext_lazy("折算最小值"),
    "ZsMax": gettext_lazy("折算最大值"),
    "RS": gettext_lazy("运行状态"),
    "RT": gettext_lazy("运行时长"),
}
FIRE_ENDINGS = {
    "fire": gettext_lazy("火警"),
    "fault": gettext_lazy("故障"),
    "power": gettext_lazy("电源故障"),
    "link": gettext_lazy("通信线路故障"),
}
UNITS = {"1": "", "m2": "m²", "m3": "m³", "ug": "μg", "km2": "km²"}


def source_title(source: str) -> str:
    return str(SOURCES.get(source, source))


def error_title(kind: str) -> str:
    return str(ERRORS.get(kind) or _("其他错误(%s)") % kind)


def unit_text(unit: str) -> str:
    """A canonical unit as it is printed; nothing for a number without one."""
    return UNITS[unit] if unit in UNITS else "/".join(UNITS.get(part, part) for part in unit.split("/"))


def series_title(series: Series, protocol: str) -> str:
    """The name that a person gave, else what the protocol calls the key, else the key itself."""
    if series.name:
        return series.name
    reader = {"sl651": _sl651, "hj212": _hj212, "gb26875": _gb26875}.get(protocol)
    return (reader(series.key) if reader else "") or series.key


def say(template: Any, **values: Any) -> str:
    """A sentence that is stored: always in the product's own language, whatever language the page is in."""
    with override(settings.LANGUAGE_CODE):
        return str(template) % values if values else str(template)


def alarm_title(alarm: Alarm) -> str:
    """An alarm in one line: device, quantity, what is wrong with it."""
    series = series_title(alarm.series, alarm.device.protocol)
    return f"{alarm.device} {series} {Alarm.Kind(alarm.kind).label}"


def _sl651(key: str) -> str:
    element, _colon, bit = key.partition(":")
    if bit:
        return STATUS_BITS.get(int(bit), "") if bit.isdigit() else ""
    return KINDS[element].name if element in KINDS else ""


def _hj212(key: str) -> str:
    code, _dash, ending = key.rpartition("-")
    name = factor_of(code).name if code else ""
    return f"{name} {HJ212_ENDINGS.get(ending, ending)}" if name else ""


def _gb26875(key: str) -> str:
    """ "part-1-3-9:fire" → 1-3-9 号部件 火警."""
    subject, _colon, what = key.rpartition(":")
    kind, _dash, number = subject.partition("-")
    shown = {"part": _("部件 %s"), "system": _("系统 %s"), "unit": _("传输装置")}.get(kind, "")
    ending = FIRE_ENDINGS.get(what) or _analog(what)
    return f"{shown.replace('%s', number)} {ending}" if shown and ending else ""


def _analog(what: str) -> str:
    code = what.removeprefix("analog-")
    return ANALOG[int(code)][0] if code.isdigit() and int(code) in ANALOG else ""
