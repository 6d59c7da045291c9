"""报警负荷: how heavy the alarms lie on those on duty, and what to mend first."""

import csv
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from anlan.kit.exchange.cells import FORMULA
from anlan.monitoring import operators
from anlan.monitoring.operators import Reference, Slot
from anlan.monitoring.views.access import page

PERIODS = {"shift": gettext_lazy("本班"), "day": gettext_lazy("24 小时"), "week": gettext_lazy("7 天")}
BARS = 168
HEIGHT = 100


@page("alarm")
def operators_page(request: HttpRequest) -> HttpResponse:
    return render(request, "monitoring/operators.html", load_of(request))


def load_of(request: HttpRequest) -> dict[str, Any]:
    """Everything the page shows, for the rows that the person sees."""
    chosen = request.GET.get("period", "")
    name, now, user = chosen if chosen in PERIODS else "shift", timezone.now(), request.user
    start, end = operators.period_of(name, now)
    reference, slots = Reference.now(), operators.slots_of(user, start, end)
    stale = operators.stale_of(user, now, reference.stale_hours)
    peak = max(slots, key=lambda slot: (slot.each, slot.start))
    told = sum(slot.alarms for slot in slots)
    return {
        "period": name, "periods": PERIODS.items(), "start": start, "end": end, "reference": reference,
        "told": told, "mean": sum(slot.each for slot in slots) / len(slots), "peak": peak,
        "over": sum(slot.each > reference.acceptable for slot in slots), "slots": len(slots),
        "unmanned": sum(not slot.people for slot in slots),
        "bars": _bars(slots, reference), "floods": operators.floods_of(slots, reference.flood),
        "actors": operators.bad_actors(user, start, end, reference=reference),
        "stale": list(stale[: operators.STALE_SHOWN]), "stale_count": stale.count(),
        "waits": operators.waits_of(user, start, end), "people": operators.people_of(user, start, end),
        "shares": operators.shares_of(user, start, end),
    }  # fmt: skip


def _bars(slots: Sequence[Slot], reference: Reference) -> dict[str, Any]:
    """Bars of the chart: each the worst slot of its stretch, so that a week still shows its peaks."""
    size = -(-len(slots) // BARS)
    worst = [max(slots[i : i + size], key=lambda slot: slot.each) for i in range(0, len(slots), size)]
    top = max([slot.each for slot in worst] + [reference.acceptable * 2])
    width = 1000 / len(worst)
    bars = [
        {
            "x": round(place * width, 2),
            "height": round(HEIGHT * slot.each / top, 2),
            "y": round(HEIGHT - HEIGHT * slot.each / top, 2),
            "tone": _tone(slot.each, reference),
            "slot": slot,
        }
        for place, slot in enumerate(worst)
        if slot.each
    ]
    lines = [(value, round(HEIGHT - HEIGHT * value / top, 2)) for value in (reference.acceptable, reference.flood)]
    return {
        "bars": bars, "width": round(width * 0.8, 2), "top": top, "minutes": size * 10,
        "lines": [(value, y) for value, y in lines if y >= 0],
        "columns": [worst[int(i * (len(worst) - 1) / 5)].start for i in range(6)],
    }  # fmt: skip


def _tone(each: float, reference: Reference) -> str:
    if each > reference.flood:
        return "red"
    return "orange" if each > reference.acceptable else "blue"


@page("alarm")
def operators_csv(request: HttpRequest) -> HttpResponse:
    """The slots and the bad actors of the period, for a spreadsheet."""
    load = load_of(request)
    answer = HttpResponse("\ufeff", content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="operators-{load["period"]}.csv"'
    out = csv.writer(answer)
    out.writerow([_("开始时间"), _("报警数"), _("在岗人数"), _("每人报警数")])
    for slot in operators.slots_of(request.user, load["start"], load["end"]):
        out.writerow([_at(slot.start), slot.alarms, slot.people, f"{slot.each:.2f}"])
    out.writerow([])
    out.writerow([_("监测设备"), _("指标"), _("报警数"), _("短暂报警"), _("抖动报警"), _("未解除"), _("占比(%)")])
    for one in operators.bad_actors(request.user, load["start"], load["end"], reference=load["reference"], top=1000):
        words = [_safe(one.device), _safe(one.series)]
        out.writerow([*words, one.alarms, one.fleeting, one.chatter, one.open, f"{one.share:.1f}"])
    return answer


def _at(moment: datetime) -> str:
    return f"{timezone.localtime(moment):%Y-%m-%d %H:%M}"


def _safe(text: str) -> str:
    """Text that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(FORMULA) else text
