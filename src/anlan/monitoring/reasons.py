"""Which rule judges a series, and why an alarm was raised, in sentences."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from anlan.monitoring.chart import Limit
from anlan.monitoring.models import Alarm, AlarmStep, Device, Forecast, Level, Series, ThresholdRule
from anlan.monitoring.rule_words import limits_of, lines_of, long
from anlan.monitoring.rulebook import family
from anlan.monitoring.wording import unit_text

OTHERS = {
    Alarm.Kind.ACCUMULATION: gettext_lazy("时段累计值 %(value)s 超过规则的累计限值。"),
    Alarm.Kind.FLAT: gettext_lazy("读数长时间停在 %(value)s 不变,传感器可能卡死或断线。"),
    Alarm.Kind.FORECAST: gettext_lazy("按近期走势预计将到 %(value)s,会越过触发值;实际尚未超限。"),
    Alarm.Kind.DRIFT: gettext_lazy("与邻近同类传感器的偏差达到 %(value)s,传感器可能漂移。"),
    Alarm.Kind.DIFFERENCE: gettext_lazy("两个指标之差(或比)为 %(value)s,超过规则限值。"),
}
"""Why alarms of the further kinds were raised; a level or a rate names its limit."""


@dataclass(frozen=True, kw_only=True)
class RuleInForce:
    """The rule that judges a series, why it is this one, and its thresholds from the lowest level up."""

    rule: ThresholdRule
    why: str
    limits: list[Limit]
    lines: list[str]


@dataclass(frozen=True, kw_only=True)
class Match:
    """A rule that fits a series; the first of the list judges it, the others would if those before were not there."""

    rule: ThresholdRule
    why: str
    lines: list[str]
    wins: bool


def rules_in_force(device: Device, series: Sequence[Series]) -> dict[int, RuleInForce | None]:
    """By series id; None where every finite number passes."""
    rules = _fitting(device)
    found = {one.pk: _ordered(rules, device, one) for one in series}
    return {pk: _told(rows[0], device, one) if (rows := found[pk]) else None for pk, one in ((s.pk, s) for s in series)}


def matches_of(series: Series) -> list[Match]:
    """Every active rule that fits, in the order of precedence."""
    rows = _ordered(_fitting(series.device), series.device, series)
    return [
        Match(rule=rule, why=_why(rule, series.device, series), lines=lines_of(rule, series.unit), wins=place == 0)
        for place, rule in enumerate(rows)
    ]


def _fitting(device: Device) -> list[ThresholdRule]:
    inside = Q(area=None) | Q(pk__in=_of_areas_around(device))
    scope = Q(device=device) | Q(device_kind=device.kind) & inside
    return list(ThresholdRule.objects.filter(scope, active=True).select_related("area", "device").order_by("id"))


def _of_areas_around(device: Device) -> QuerySet[ThresholdRule]:
    codes = device.area.path.split(".")[:-1]
    paths = [".".join(codes[: i + 1]) + "." for i in range(len(codes))]
    return ThresholdRule.objects.filter(area__path__in=paths).values("pk")  # type: ignore[return-value]


def _ordered(rules: Sequence[ThresholdRule], device: Device, series: Series) -> list[ThresholdRule]:
    """As the rulebook decides: the device's own, the nearest area's, the kind's; the very key before its family."""
    names = (series.key, family(series.key))
    fitting = [rule for rule in rules if rule.key in names]
    return sorted(fitting, key=lambda r: (r.device_id is None, -_depth(r), names.index(r.key), r.pk))


def _depth(rule: ThresholdRule) -> int:
    return rule.area.path.count(".") if rule.area else 0


def _told(rule: ThresholdRule, device: Device, series: Series) -> RuleInForce:
    return RuleInForce(
        rule=rule, why=_why(rule, device, series), limits=limits_of(rule), lines=lines_of(rule, series.unit)
    )


def _why(rule: ThresholdRule, device: Device, series: Series) -> str:
    if rule.device_id:
        scope = _("本设备的专用规则,优先于区域规则和类别规则")
    elif rule.area:
        scope = _("“%(area)s”内“%(kind)s”的区域规则,离设备最近的区域优先") % {
            "area": rule.area,
            "kind": device.get_kind_display(),
        }
    else:
        scope = _("按设备类别“%s”适用") % device.get_kind_display()
    if rule.key == series.key:
        return scope
    return _("%(scope)s;适用于所有“%(family)s”类指标") % {"scope": scope, "family": family(series.key)}


def alarm_reason(alarm: Alarm, steps: Sequence[AlarmStep], found: RuleInForce | None) -> str:
    """Why the alarm stands at its level, by the rule as it is now."""
    if alarm.kind == Alarm.Kind.FORECAST:
        return forecast_reason(alarm)
    if found is None:
        return _("触发时的规则已停用或删除,现在没有规则适用于该指标。")
    if alarm.kind == Alarm.Kind.NO_DATA:
        return _("超过 %d 分钟没有收到有效读数。") % found.rule.no_data_minutes
    if words := OTHERS.get(Alarm.Kind(alarm.kind)):
        return words % {"value": "—" if alarm.value is None else f"{alarm.value:g}"}
    if alarm.kind == Alarm.Kind.RATE:
        limit = "—" if found.rule.rate_limit is None else f"{found.rule.rate_limit:g}"
        if found.rule.rate_seconds:
            return _("变化超过突变限值:每 %(per)s %(limit)s。") % {"per": long(found.rule.rate_seconds), "limit": limit}
        return _("相邻两次读数之差超过突变限值 %s。") % limit
    return _of_level(alarm, steps, found)


def forecast_reason(alarm: Alarm) -> str:
    """The sentence of the forecast that stands behind the alarm, or stood last."""
    made = alarm.raised_at.timestamp() * 1000 + 1
    row = Forecast.objects.filter(series=alarm.series, made_at__lte=made).exclude(state="miss").order_by("-id").first()
    return forecast_text(row) if row else _("预测已删除。")


def forecast_text(row: Forecast) -> str:
    """ "预计 25 分钟(18–40)后越过橙色线 3 m", as told at the last revision."""
    words = _("预计 %(due)s 分钟(%(early)s–%(late)s)后越过%(level)s线 %(limit)s")
    values = {"due": row.due_at, "early": row.early_at, "late": row.late_at}
    shown = {name: _in_minutes(at, row.revised_at) for name, at in values.items()}
    if row.late_at is None:
        shown["late"] = _("%s 以后") % _in_minutes(row.until, row.revised_at)
    limit = f"{row.limit:g} {unit_text(row.series.unit)}".strip()
    return words % {**shown, "level": row.get_level_display(), "limit": limit}


def _in_minutes(at: int | None, since: int) -> str:
    return "…" if at is None else str(max(0, round((at - since) / 60_000)))


def _of_level(alarm: Alarm, steps: Sequence[AlarmStep], found: RuleInForce) -> str:
    last = next(
        (step for step in reversed(steps) if step.step in {"raise", "escalate"} and step.value is not None), None
    )
    value, level = (last.value, last.level) if last else (alarm.value, alarm.highest_level)
    limit = next((one.value for one in found.limits if one.words == str(Level(level).label)), None)
    if value is None or limit is None:
        return _("读数曾越过触发值;该级别的触发值后来已修改。")
    words = {
        "below": _("读数 %(value)s 低于%(level)s触发值 %(limit)s。"),
        "inside": _("读数 %(value)s 进入%(level)s触发区间(上界 %(limit)s)。"),
        "outside": _("读数 %(value)s 超出%(level)s触发区间(上界 %(limit)s)。"),
    }.get(found.rule.direction, _("读数 %(value)s 高于%(level)s触发值 %(limit)s。"))
    return words % {"value": f"{value:g}", "level": Level(level).label, "limit": f"{limit:g}"}
