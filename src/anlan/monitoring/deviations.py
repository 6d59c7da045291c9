"""Where devices depart from their protocols: counted with the readings, shown so that a supplier can be called."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import Max, Sum
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from anlan.monitoring.arrivals import Arrival
from anlan.monitoring.models import DeviationCount, Device
from anlan.monitoring.moments import moment
from anlan.monitoring.wording import error_title
from anlan.protocols import Frame

LONGEST = 40
DAYS = 30
_ERROR = "error:"

TITLES = {
    "bad_flag": _("Flag 不是数字"),
    "bad_packet_number": _("包号有误"),
    "bad_qn": _("请求编号(QN)有误"),
    "element_case": _("要素标识符大小写不符"),
    "element_cut_short": _("要素数据不完整"),
    "gb18030_text": _("文字用 GB 18030 编码"),
    "lf_tail": _("结束符缺少回车"),
    "long_data_time": _("数据时间多出毫秒"),
    "long_segment": _("数据段超过 1024 字节"),
    "lower_case_crc": _("校验码用小写"),
    "many_stations": _("一份报文含多个站"),
    "missing_data_time": _("没有数据时间"),
    "missing_flag": _("没有 Flag"),
    "missing_packet_number": _("分包没有包号"),
    "missing_qn": _("没有请求编号(QN)"),
    "no_clock": _("时钟从未设置"),
    "no_last_space": _("正文末尾缺少空格"),
    "other_station": _("正文站址与报头不同"),
    "packet_out_of_order": _("分包次序颠倒"),
    "short_data_time": _("数据时间缺少秒"),
    "slot_count": _("时段数据不是 12 组"),
    "unlisted_command": _("命令编码不在标准中"),
    "unlisted_element": _("要素标识符不在标准中"),
    "unlisted_flag": _("数据标记不在标准中"),
    "unlisted_unit": _("类型标志不在标准中"),
    "unread_body": _("正文无法识读"),
    "unreadable_value": _("数值无法识读"),
    "invalid_mark": _("传感器数据无效(AA)"),
    "no_password": _("未约定通信口令,身份未核对"),
    "wrong_password": _("通信口令不符(已放行)"),
    "wrong_code": _("鉴权码不符(已放行)"),
    "unauthenticated": _("未经鉴权(已放行)"),
    "bad_location": _("批量定位中有一条无法识读"),
    "bad_position": _("定位不在地球上"),
    "bad_time": _("时间有误"),
    "bare_nan": _("数值写作 NaN 或 Infinity"),
    "batch_count": _("批量定位条数与所报不符"),
    "byte_order_mark": _("报文以字节序标记开头"),
    "cut_batch": _("批量定位不完整"),
    "cut_extras": _("定位附加信息不完整"),
    "encrypted": _("消息加密,无法识读"),
    "key_case": _("关键字大小写不符"),
    "missing_time": _("没有时间,按到达时刻计"),
    "naive_time": _("时间没有时区,按北京时间计"),
    "number_as_text": _("数值写作文字"),
    "padded_pair": _("关键字或数值前后有空格"),
    "parameter_count": _("终端参数个数与所报不符"),
    "repeated_key": _("关键字重复,取最后一个"),
    "sequence_gap": _("报文序号不连续"),
    "short_authentication": _("鉴权信息缺少 IMEI 或软件版本"),
    "stray_text": _("数据段中有无法识读的文字"),
    "swapped_identifier": _("数据标识高低字节颠倒"),
    "time_form": _("时间写法不合规"),
    "time_unit": _("时间不以毫秒计"),
    "too_many_devices": _("节点下设备过多"),
    "utf8_text": _("文字用 UTF-8 编码"),
    "unknown_alias": _("别名未在上线报文中声明"),
}
BEGINNINGS = {
    "exception_": _("设备拒绝读取"),
    "missing:": _("测点没有数据"),
    "no_number:": _("测点的数据不是数值"),
    "unit_": _("计量单位不在标准中"),
}
"""Of names that end in a code or a point, what their beginning says."""

_ADD = """
insert into monitoring_deviationcount as c (device_id, name, day, count, last_at)
select d.id, w.name, %s, w.count, %s
from unnest(%s::text[], %s::text[], %s::text[], %s::bigint[]) w(protocol, code, name, count)
join monitoring_device d on d.protocol = w.protocol and d.code = w.code
order by d.id, w.name
on conflict (device_id, name, day) do update set count = c.count + excluded.count, last_at = excluded.last_at
"""


def deviations_count(batch: Iterable[Arrival], now: int) -> None:
    """Adds what the frames of registered devices needed by way of leniency, and failed frames whose sender is known."""
    counted: Counter[tuple[str, str, str]] = Counter()
    for arrival in batch:
        event = arrival.event
        if isinstance(event, Frame):
            if event.deviations and "\0" not in event.device:
                counted.update((event.protocol, event.device, name[:LONGEST]) for name in event.deviations)
        elif arrival.sender:
            counted[arrival.source, arrival.sender, f"{_ERROR}{event.kind}"[:LONGEST]] += arrival.times
    if counted:
        rows = [(*key, number) for key, number in sorted(counted.items())]
        at = moment(now)
        with connection.cursor() as cursor:
            cursor.execute(_ADD, [timezone.localdate(at), at, *map(list, zip(*rows, strict=True))])


def deviation_title(name: str) -> str:
    if name.startswith(_ERROR):
        return error_title(name.removeprefix(_ERROR))
    if name in TITLES:
        return str(TITLES[name])
    found = next((beginning for beginning in BEGINNINGS if name.startswith(beginning)), "")
    return f"{BEGINNINGS[found]} {name.removeprefix(found)}" if found else name


@dataclass(frozen=True, kw_only=True)
class Deviation:
    """One kind of deviation of one device over some days."""

    device: Device | None
    name: str
    title: str
    count: int
    last_at: datetime
    is_error: bool


def deviations_of(user: Any, *, days: int = DAYS, protocol: str = "", words: str = "") -> list[Deviation]:
    """The most frequent first, at most 500."""
    rows = _since(DeviationCount.objects.visible_to(user), days)
    if protocol:
        rows = rows.filter(device__protocol=protocol)
    if words:
        rows = rows.filter(device__name__icontains=words) | rows.filter(device__code__icontains=words)
    found = rows.values("device", "name").order_by().annotate(total=Sum("count"), last=Max("last_at"))
    top = list(found.order_by("-total", "device", "name")[:500])
    devices = Device.objects.select_related("area", "enterprise").in_bulk({row["device"] for row in top})
    return [_made(row, devices.get(row["device"])) for row in top]


def device_deviations(user: Any, device: Device, *, days: int = DAYS) -> list[Deviation]:
    rows = _since(DeviationCount.objects.visible_to(user).filter(device=device), days)
    found = rows.values("name").order_by().annotate(total=Sum("count"), last=Max("last_at"))
    return [_made(row, None) for row in found.order_by("-total", "name")]


def _since(rows: Any, days: int) -> Any:
    return rows.filter(day__gt=_today() - timedelta(days=days))


def _today() -> date:
    return timezone.localdate()


def _made(row: dict[str, Any], device: Device | None) -> Deviation:
    name = row["name"]
    return Deviation(
        device=device, name=name, title=deviation_title(name), count=row["total"], last_at=row["last"],
        is_error=name.startswith(_ERROR),
    )  # fmt: skip
