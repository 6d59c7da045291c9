"""What a rule says, in sentences."""

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from anlan.monitoring.chart import Limit
from anlan.monitoring.holidays import calendar_text
from anlan.monitoring.models import Level, ThresholdRule
from anlan.monitoring.models.device import LEVEL_COLOURS
from anlan.monitoring.models.rule_kernel import BANDS
from anlan.monitoring.moments import now_ms
from anlan.monitoring.wording import unit_text

NAMES = {Level.BLUE: "blue", Level.YELLOW: "yellow", Level.ORANGE: "orange", Level.RED: "red"}
WEEK = (
    gettext_lazy("周一"),
    gettext_lazy("周二"),
    gettext_lazy("周三"),
    gettext_lazy("周四"),
    gettext_lazy("周五"),
    gettext_lazy("周六"),
    gettext_lazy("周日"),
)
KINDS_OF_DAY = {"w": gettext_lazy("工作日"), "e": gettext_lazy("周末"), "h": gettext_lazy("节假日")}
"""By the holidays table; a weekend is one that is no holiday and on which nobody works."""


def limits_of(rule: ThresholdRule) -> list[Limit]:
    """Every raising value, from blue to red; of a band both ends."""
    return [
        Limit(value, LEVEL_COLOURS[str(int(level))], str(level.label))
        for level, name in NAMES.items()
        for end in ("raise", "raise_low")
        if (value := getattr(rule, f"{name}_{end}")) is not None
    ]


def raised_at(rule: ThresholdRule) -> list[tuple[str, str, str]]:
    """Tone, words and value of each level that the rule has."""
    found = []
    for level, name in NAMES.items():
        high, low = getattr(rule, f"{name}_raise"), getattr(rule, f"{name}_raise_low")
        if high is not None:
            text = f"{high:g}" if low is None else f"{low:g}–{high:g}"
            found.append((LEVEL_COLOURS[str(int(level))], str(level.label), text))
    return found


def lines_of(rule: ThresholdRule, unit: str) -> list[str]:
    """What the rule says, one sentence a line."""
    shown = unit_text(rule.unit or unit)
    parts = (_thresholds, _counting, _windows, _rate, _flat, _no_data, _range, _when, _ahead)
    return [line for part in parts for line in part(rule, shown)]


def _thresholds(rule: ThresholdRule, unit: str) -> list[str]:
    words = {
        "above": _("%(level)s:高于 %(raise)s 触发,低于 %(clear)s 解除"),
        "below": _("%(level)s:低于 %(raise)s 触发,高于 %(clear)s 解除"),
        "inside": _("%(level)s:在 %(raise)s 之内触发,到 %(clear)s 之外解除"),
        "outside": _("%(level)s:在 %(raise)s 之外触发,回到 %(clear)s 之内解除"),
    }[rule.direction]
    return [
        words
        % {"level": level.label, "raise": _end(rule, name, "raise", unit), "clear": _end(rule, name, "clear", unit)}
        for level, name in NAMES.items()
        if getattr(rule, f"{name}_raise") is not None
    ]


def _end(rule: ThresholdRule, name: str, word: str, unit: str) -> str:
    high, low = getattr(rule, f"{name}_{word}"), getattr(rule, f"{name}_{word}_low")
    text = f"{low:g} ~ {high:g}" if rule.direction in BANDS and low is not None else f"{high:g}"
    return f"{text} {unit}".strip()


def _counting(rule: ThresholdRule, _unit: str) -> list[str]:
    found = []
    if rule.within:
        found.append(
            _("最近 %(within)d 次中有 %(samples)d 次越限才触发") % {"within": rule.within, "samples": rule.samples}
        )
    elif rule.samples > 1:
        found.append(_("连续 %d 次越限才触发") % rule.samples)
    if rule.duration_seconds:
        found.append(_("持续越限 %s 才触发") % long(rule.duration_seconds))
    if rule.within and rule.duration_seconds:
        found.append(_("以上两项须同时满足"))
    if rule.clear_samples > 1:
        found.append(_("连续 %d 次回落才解除") % rule.clear_samples)
    if rule.clear_seconds:
        found.append(_("持续回落 %s 才解除") % long(rule.clear_seconds))
    return found


def long(seconds: int) -> str:
    """A duration in the largest unit that tells it exactly."""
    if seconds % 3600 == 0:
        return _("%d 小时") % (seconds // 3600)
    return _("%d 分钟") % (seconds // 60) if seconds % 60 == 0 else _("%d 秒") % seconds


def _windows(rule: ThresholdRule, unit: str) -> list[str]:
    lines = windows_text(rule.windows, unit)
    return [*lines, _("读数是累计表底,按增量相加")] if lines and rule.counter else lines


def windows_text(windows: Any, unit: str = "") -> list[str]:
    """One sentence a window."""
    found = []
    for row in windows or []:
        levels = [
            _("%(level)s %(raise)g(解除 %(clear)g)")
            % {"level": level.label, "raise": row[name][0], "clear": row[name][1]}
            for level, name in NAMES.items()
            if row.get(name)
        ]
        found.append(
            _("%(hours)g 小时累计超过:%(levels)s %(unit)s")
            % {"hours": row["hours"], "levels": "、".join(levels), "unit": unit}
        )
    return [line.strip() for line in found]


def _rate(rule: ThresholdRule, unit: str) -> list[str]:
    if rule.rate_limit is None:
        return []
    values = {"limit": f"{rule.rate_limit:g} {unit}".strip(), "level": Level(rule.rate_level).label}
    if not rule.rate_seconds:
        return [_("突变:相邻两次读数相差超过 %(limit)s 触发%(level)s") % values]
    return [_("突变:每 %(per)s 变化超过 %(limit)s 触发%(level)s") % {**values, "per": long(rule.rate_seconds)}]


def _flat(rule: ThresholdRule, unit: str) -> list[str]:
    if not rule.flat_minutes:
        return []
    values = {"after": long(rule.flat_minutes * 60), "within": f"{rule.flat_tolerance:g} {unit}".strip()}
    return [_("%(after)s内变化不超过 %(within)s 触发%(level)s") % {**values, "level": Level(rule.flat_level).label}]


def _no_data(rule: ThresholdRule, _unit: str) -> list[str]:
    if not rule.no_data_minutes:
        return []
    values = {"minutes": rule.no_data_minutes, "level": Level(rule.no_data_level).label}
    return [_("超过 %(minutes)d 分钟无数据触发%(level)s") % values]


def _range(rule: ThresholdRule, unit: str) -> list[str]:
    if rule.low is None and rule.high is None:
        return []
    low, high = ("" if end is None else f"{end:g}" for end in (rule.low, rule.high))
    return [_("有效量程 %(low)s ~ %(high)s %(unit)s") % {"low": low, "high": high, "unit": unit}]


def _when(rule: ThresholdRule, _unit: str) -> list[str]:
    found = [_("只在 %(spans)s 触发") % {"spans": _(";").join(spans_text(rule.spans))}] if rule.spans else []
    if rule.season_from:
        found.append(_("只在每年 %(start)s 至 %(end)s 触发") % {"start": rule.season_from, "end": rule.season_to})
    return [*found, calendar_text(now_ms())] if rule.by_kind_of_day else found


def spans_text(rows: Any) -> list[str]:
    """One piece a span: on which days, from when to when, in which season."""
    return [_span(row) for row in rows or []]


def _span(row: dict[str, Any]) -> str:
    told = row.get("days") or ""
    days = _days(sorted({int(day) for day in told if day.isdigit()})) if told else _("每天")
    days = _("、").join([days] * (days != "") + [str(words) for kind, words in KINDS_OF_DAY.items() if kind in told])
    start, end = row.get("from") or "00:00", row.get("to") or "24:00"
    end = "24:00" if end == "00:00" else end
    clock = _("%(start)s 至次日 %(end)s") if end <= start else _("%(start)s 至 %(end)s")
    text = f"{days} {clock % {'start': start, 'end': end}}"
    if season := row.get("season"):
        text += _("(%(start)s 至 %(end)s)") % {"start": season[0], "end": season[1]}
    return text


def _days(days: list[int]) -> str:
    """Three days or more in a row as the first and the last."""
    if len(days) == len(WEEK):
        return str(_("每天"))
    if len(days) > 2 and days[-1] - days[0] == len(days) - 1:
        return _("%(first)s至%(last)s") % {"first": WEEK[days[0] - 1], "last": WEEK[days[-1] - 1]}
    return _("、").join(str(WEEK[day - 1]) for day in days)


def _ahead(rule: ThresholdRule, _unit: str) -> list[str]:
    found = []
    if rule.dynamic:
        found.append(_("按自身历史收紧蓝色阈值"))
    if rule.forecast_minutes:
        found.append(_("预计 %d 分钟内越线即发预测报警") % rule.forecast_minutes)
    return found
