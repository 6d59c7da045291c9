"""Which rule judges a series, and why an alarm was raised, in sentences."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from anlan.monitoring.chart import Limit
from anlan.monitoring.models import Alarm, AlarmStep, Device, Level, Series, ThresholdRule
from anlan.monitoring.models.device import LEVEL_COLOURS
from anlan.monitoring.rulebook import Rulebook, family
from anlan.monitoring.wording import unit_text
from anlan.rules import Rule, RuleTable

NAMES = {Level.BLUE: "blue", Level.YELLOW: "yellow", Level.ORANGE: "orange", Level.RED: "red"}

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


def rules_in_force(device: Device, series: Sequence[Series]) -> dict[int, RuleInForce | None]:
    """By series id; None where every finite number passes."""
    scope = Q(device=device) | Q(device_kind=device.kind)
    rows = list(ThresholdRule.objects.filter(scope, active=True).order_by("id"))
    book = Rulebook(
        version=0,
        table=RuleTable.of([Rule()]),
        by_device={(row.device_id, row.key): i for i, row in enumerate(rows, 1) if row.device_id},
        by_kind={(row.device_kind, row.key): i for i, row in enumerate(rows, 1) if not row.device_id},
    )
    places = {one.pk: book.row(device.pk, device.kind, one.key) for one in series}
    return {pk: _told(rows[place - 1], device, pk, series) if place else None for pk, place in places.items()}


def _told(rule: ThresholdRule, device: Device, pk: int, series: Sequence[Series]) -> RuleInForce:
    one = next(each for each in series if each.pk == pk)
    return RuleInForce(rule=rule, why=_why(rule, device, one), limits=limits_of(rule), lines=lines_of(rule, one.unit))


def _why(rule: ThresholdRule, device: Device, series: Series) -> str:
    if rule.device_id:
        scope = _("本设备的专用规则,优先于按类别的规则")
    else:
        scope = _("按设备类别“%s”适用") % device.get_kind_display()
    if rule.key == series.key:
        return scope
    return _("%(scope)s;适用于所有“%(family)s”类指标") % {"scope": scope, "family": family(series.key)}


def limits_of(rule: ThresholdRule) -> list[Limit]:
    found = [(level, getattr(rule, f"{name}_raise")) for level, name in NAMES.items()]
    return [
        Limit(value, LEVEL_COLOURS[str(int(level))], str(level.label)) for level, value in found if value is not None
    ]


def lines_of(rule: ThresholdRule, unit: str) -> list[str]:
    """What the rule says, one sentence a line."""
    shown = unit_text(rule.unit or unit)
    return [*_thresholds(rule, shown), *_others(rule, shown)]


def _thresholds(rule: ThresholdRule, unit: str) -> list[str]:
    below = rule.direction == ThresholdRule.Direction.BELOW
    words = (
        _("%(level)s:低于 %(raise)s 触发,高于 %(clear)s 解除")
        if below
        else _("%(level)s:高于 %(raise)s 触发,低于 %(clear)s 解除")
    )
    found = []
    for level, name in NAMES.items():
        raised, cleared = getattr(rule, f"{name}_raise"), getattr(rule, f"{name}_clear")
        if raised is not None:
            values = {"raise": f"{raised:g} {unit}".strip(), "clear": f"{cleared:g} {unit}".strip()}
            found.append(words % {"level": level.label, **values})
    return found


def _others(rule: ThresholdRule, unit: str) -> list[str]:
    found = []
    if rule.samples > 1:
        found.append(_("连续 %d 次越限才触发") % rule.samples)
    if rule.low is not None or rule.high is not None:
        ends = ["" if end is None else f"{end:g}" for end in (rule.low, rule.high)]
        found.append(_("有效量程 %(low)s ~ %(high)s %(unit)s") % {"low": ends[0], "high": ends[1], "unit": unit})
    if rule.rate_limit is not None:
        level = Level(rule.rate_level).label
        found.append(
            _("突变:相邻两次读数相差超过 %(limit)s 触发%(level)s") % {"limit": f"{rule.rate_limit:g}", "level": level}
        )
    if rule.no_data_minutes:
        level = Level(rule.no_data_level).label
        found.append(_("超过 %(minutes)d 分钟无数据触发%(level)s") % {"minutes": rule.no_data_minutes, "level": level})
    return found


def alarm_reason(alarm: Alarm, steps: Sequence[AlarmStep], found: RuleInForce | None) -> str:
    """Why the alarm stands at its level, by the rule as it is now."""
    if found is None:
        return _("触发时的规则已停用或删除,现在没有规则适用于该指标。")
    if alarm.kind == Alarm.Kind.NO_DATA:
        return _("超过 %d 分钟没有收到有效读数。") % found.rule.no_data_minutes
    if words := OTHERS.get(Alarm.Kind(alarm.kind)):
        return words % {"value": "—" if alarm.value is None else f"{alarm.value:g}"}
    if alarm.kind == Alarm.Kind.RATE:
        limit = "—" if found.rule.rate_limit is None else f"{found.rule.rate_limit:g}"
        return _("相邻两次读数之差超过突变限值 %s。") % limit
    return _of_level(alarm, steps, found)


def _of_level(alarm: Alarm, steps: Sequence[AlarmStep], found: RuleInForce) -> str:
    last = next(
        (step for step in reversed(steps) if step.step in {"raise", "escalate"} and step.value is not None), None
    )
    value, level = (last.value, last.level) if last else (alarm.value, alarm.highest_level)
    limit = next((one.value for one in found.limits if one.words == str(Level(level).label)), None)
    if value is None or limit is None:
        return _("读数曾越过触发值;该级别的触发值后来已修改。")
    words = (
        _("读数 %(value)s 低于%(level)s触发值 %(limit)s。")
        if found.rule.direction == "below"
        else _("读数 %(value)s 高于%(level)s触发值 %(limit)s。")
    )
    return words % {"value": f"{value:g}", "level": Level(level).label, "limit": f"{limit:g}"}
