"""What people call a quantity, from the national code tables. Device vocabulary is Chinese in every language."""

import re

from anlan.protocols.hj212_data import FACTORS
from anlan.protocols.sl651_elements import KINDS, STATUS_BITS

_FIELDS = {"Rtd": "", "Min": "最小值", "Avg": "平均值", "Max": "最大值", "Cou": "累计值"}
_STATES = {"fire": "火警", "fault": "故障", "power": "电源故障", "link": "通信故障"}
_PART = re.compile(r"part-(\d+)-(\d+)-(\d+):(.+)")
_SYSTEM = re.compile(r"system-(\d+)-(\d+):(.+)")
_JSON = {
    "lel": "可燃气体浓度",
    "temperature": "温度",
    "humidity": "湿度",
    "level": "水位",
    "rain": "雨量",
    "voltage": "电压",
    "tilt": "倾角",
    "pressure": "压力",
}
_VEHICLE = {
    "lon": "经度", "lat": "纬度", "speed": "速度", "direction": "方向", "altitude": "海拔", "mileage": "里程", "fuel": "油量",
    "alarm:sos": "紧急报警", "alarm:overspeed": "超速报警", "alarm:fatigue": "疲劳驾驶", "alarm:danger": "危险预警",
    "alarm:power": "终端主电源掉电", "alarm:route": "路线偏离", "alarm:theft": "车辆被盗", "alarm:collision": "碰撞预警",
    "alarm:rollover": "侧翻预警", "volume": "累积流量", "settled": "结算日累积流量",
}  # fmt: skip
LONGEST = 60


def series_name(protocol: str, key: str) -> str:
    """Empty where no table names it: then the key itself is shown."""
    naming = {"sl651": _element, "hj212": _factor, "gb26875": _detector}.get(
        protocol, lambda word: _JSON.get(word) or _VEHICLE.get(word, "")
    )
    return naming(key)[:LONGEST]


def _element(key: str) -> str:
    code, _, bit = key.partition(":")
    if bit:
        return STATUS_BITS.get(int(bit), "") if bit.isdigit() else ""
    return KINDS[code].name if code in KINDS else ""


def _factor(key: str) -> str:
    code, _, field = key.rpartition("-")
    factor = FACTORS.get(code)
    return f"{factor.name}{_FIELDS.get(field, field)}" if factor and factor.name else ""


def _detector(key: str) -> str:
    if part := _PART.fullmatch(key):
        return f"系统{part[1]}-{part[2]} 部件{part[3]} {_STATES.get(part[4], part[4])}"
    if system := _SYSTEM.fullmatch(key):
        return f"系统{system[1]}-{system[2]} {_STATES.get(system[3], system[3])}"
    return f"传输装置{_STATES.get(key.partition(':')[2], '')}" if key.startswith("unit:") else ""
