"""The commissioning check-list of a device, computed from what it really sent."""

from dataclasses import dataclass
from statistics import median
from typing import Any

import numpy as np
from django.utils.translation import gettext as _

from anlan.kit.law import NoSuchRule, law_value
from anlan.monitoring import store
from anlan.monitoring.models import Device, DeviceAccess, DeviceFrame, Series
from anlan.monitoring.moments import HOUR
from anlan.monitoring.rulebook import rulebook
from anlan.rules import Ledger

DAY = 24 * HOUR
GOOD, DOUBTFUL, BAD = "good", "doubtful", "bad"
ASKED = ("modbus", "opcua")
WITH_CREDENTIALS = ("json", "http", "mqtt", "sparkplug")
USUAL = {"frames": 3, "drift_seconds": 120, "invalid_percent": 5}
WRONG = [int(state) for state in (Ledger.OUT_OF_RANGE, Ledger.NOT_A_NUMBER, Ledger.FUTURE)]


@dataclass(frozen=True, kw_only=True)
class Check:
    """One line of the list; `state` is good, doubtful or bad."""

    code: str
    title: str
    state: str
    words: str

    def plain(self) -> dict[str, str]:
        return {"code": self.code, "title": self.title, "state": self.state, "words": self.words}


def commissioning_checks(device: Device, *, now: int) -> list[Check]:
    """Every check, in the order of a person's work; `now` in ms."""
    limits = _limits()
    frames = list(DeviceFrame.objects.filter(device=device).order_by("-id")[:20])
    series = list(Series.objects.filter(device=device).order_by("id"))
    return [
        _credentials(device),
        _frames(device, frames, limits["frames"]),
        _location(device),
        _values(series, now, limits["invalid_percent"]),
        _clock(frames, limits["drift_seconds"]),
        _rules(device, series),
        _manners(frames),
    ]


def _limits() -> dict[str, int]:
    try:
        return {**USUAL, **law_value("device_commissioning")}
    except NoSuchRule:
        return USUAL


def _check(code: str, title: str, state: str, words: str) -> Check:
    return Check(code=code, title=title, state=state, words=words)


def _credentials(device: Device) -> Check:
    title, access = _("接入凭证"), DeviceAccess.objects.filter(device=device).first() or DeviceAccess(device=device)
    if device.token_hash or device.certificate_hash:
        return _check("credentials", title, GOOD, _("已签发令牌或绑定证书"))
    if device.protocol in WITH_CREDENTIALS:
        return _check("credentials", title, BAD, _("还没有签发令牌或绑定证书"))
    if device.protocol in ASKED:
        return _check("credentials", title, GOOD, _("由安澜主动询问,不接受它的连接"))
    if access.secret_hash:
        return _check("credentials", title, GOOD, _("已约定口令或签发鉴权码"))
    if access.addresses:
        return _check("credentials", title, GOOD, _("只许从登记的地址接入"))
    return _check("credentials", title, DOUBTFUL, _("只凭设备编码识别:请约定口令、绑定证书或限定地址"))


def _frames(device: Device, frames: list[DeviceFrame], least: int) -> Check:
    title, number = _("收到报文"), len(frames)
    if number >= least:
        return _check("frames", title, GOOD, _("已收到 %(count)d 条以上报文") % {"count": number})
    words = _("只收到 %(count)d 条报文,至少要 %(least)d 条") % {"count": number, "least": least}
    return _check("frames", title, BAD, words)


def _location(device: Device) -> Check:
    title, place = _("位置"), device.location
    if place is None:
        return _check("location", title, BAD, _("还没有标注位置"))
    boundary = device.area.boundary
    if boundary is not None and not boundary.intersects(place):
        return _check("location", title, DOUBTFUL, _("位置不在所属区域“%s”的边界内") % device.area)
    return _check("location", title, GOOD, f"{place.x:.5f}, {place.y:.5f}")


def _values(series: list[Series], now: int, most: int) -> Check:
    title = _("数值在量程内")
    found = [store.arrays(one.pk, start=now - DAY, end=now + DAY, valid_only=False).state for one in series]
    total = sum(len(states) for states in found)
    if not total:
        return _check("values", title, BAD, _("最近一天没有读数"))
    wrong = sum(int(np.isin(states, WRONG).sum()) for states in found)
    words = _("最近一天 %(all)d 个读数中有 %(wrong)d 个无效或超量程") % {"all": total, "wrong": wrong}
    return _check("values", title, GOOD if 100 * wrong <= most * total else BAD, words)


def _clock(frames: list[DeviceFrame], most: int) -> Check:
    title, drifts = _("时钟"), [drift for frame in frames if (drift := _drift(frame)) is not None]
    if not drifts:
        return _check("clock", title, DOUBTFUL, _("报文里没有带时间的读数,无从比较"))
    usual = median(drifts)
    words = _("读数时间与接收时间通常相差 %(usual)d 秒,允许 %(most)d 秒") % {"usual": usual, "most": most}
    return _check("clock", title, GOOD if usual <= most else BAD, words)


def _drift(frame: DeviceFrame) -> float | None:
    """Seconds between the newest reading of a frame and its arrival."""
    decoded: Any = frame.decoded if isinstance(frame.decoded, dict) else {}
    times = [one["time"] for one in decoded.get("readings", []) if isinstance(one.get("time"), int)]
    return abs(frame.received_at.timestamp() - max(times) / 1000) if times else None


def _rules(device: Device, series: list[Series]) -> Check:
    title, book = _("适用规则"), rulebook()
    judged = [one for one in series if book.static_row(device.pk, device.kind, one.key)]
    if not judged:
        return _check("rules", title, BAD, _("没有一个指标有适用的规则,读数不会触发报警"))
    words = _("%(all)d 个指标中 %(judged)d 个有适用的规则") % {"all": len(series), "judged": len(judged)}
    return _check("rules", title, GOOD, words)


def _manners(frames: list[DeviceFrame]) -> Check:
    title = _("报文合规")
    odd = sum(bool((f.decoded or {}).get("deviations")) for f in frames if isinstance(f.decoded, dict))
    if not odd:
        return _check("manners", title, GOOD, _("最近的报文没有不合规之处"))
    return _check(
        "manners", title, DOUBTFUL, _("最近 %(all)d 条报文中有 %(odd)d 条不合规") % {"all": len(frames), "odd": odd}
    )
