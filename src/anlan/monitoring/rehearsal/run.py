"""One rehearsal from stored readings to its result. Reads, judges and compares; raises no alarm, sends no notice."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from django.utils import timezone
from numpy.typing import NDArray

from anlan.kit.law import NoSuchRule, law_value
from anlan.monitoring import store
from anlan.monitoring.models import Alarm, Rehearsal, RuleProposal, Series, ThresholdRule
from anlan.monitoring.moments import HOUR, moment
from anlan.monitoring.rehearsal.changes import rule_changed
from anlan.monitoring.rehearsal.compare import Shifts, Window, compare
from anlan.monitoring.rehearsal.fates import alarm_fates
from anlan.monitoring.rehearsal.replay import Episode, episodes
from anlan.monitoring.rulebook import Rulebook, rulebook_of
from anlan.rules import Ledger
from anlan.rules.table import RuleTable

DAY = 24 * HOUR
WARM = 2 * DAY
"""How long before the window the states are warmed: the longest window of any rule lies within."""
SHOWN = 200
STEP = 20
"""After so many series the progress is told."""
MINUTE = 60_000
EIGHT_HOURS = [["夜班", "00:00"], ["白班", "08:00"], ["中班", "16:00"]]
JUDGED = (Ledger.NORMAL, Ledger.ALARM, Ledger.SUPPRESSED, Ledger.LATE, Ledger.OUT_OF_RANGE)


class Governed(NamedTuple):
    """A series, and the rows that judge it before and after."""

    id: int
    before: RuleTable
    after: RuleTable


@dataclass
class _Heard:
    """What came of the replay so far."""

    before: list[Episode] = field(default_factory=list)
    after: list[Episode] = field(default_factory=list)
    readings: int = 0
    print: Any = field(default_factory=hashlib.sha256)


def shifts_of_duty() -> Shifts:
    """The shifts of a day, from the law row `duty_shifts`."""
    try:
        rows = law_value("duty_shifts")
    except NoSuchRule:
        rows = EIGHT_HOURS
    told = sorted((_minutes(start) * MINUTE, str(name)) for name, start in rows)
    return Shifts(names=tuple(name for _, name in told), starts=tuple(start for start, _ in told))


def _minutes(clock: str) -> int:
    hour, _colon, minute = clock.partition(":")
    return int(hour) * 60 + int(minute or 0)


def governed(proposal: RuleProposal) -> list[Governed]:
    """Every series that the rule judges before or after the change, in order of id."""
    changed = rule_changed(proposal)
    others = list(ThresholdRule.objects.filter(active=True).exclude(pk=proposal.rule_id or 0).select_related("area"))
    live = [proposal.rule] if proposal.rule and proposal.rule.active else []
    old, new = rulebook_of([*live, *others]), rulebook_of([*([changed] if changed.active else []), *others])
    found = []
    for pk, device_id, kind, key in _within(changed, proposal.rule):
        rows = old.static_row(device_id, kind, key), new.static_row(device_id, kind, key)
        if (live and rows[0] == 1) or (changed.active and rows[1] == 1):
            found.append(Governed(pk, _row(old, rows[0]), _row(new, rows[1])))
    return found


def _row(book: Rulebook, row: int) -> RuleTable:
    return book.table.take([row])


def _within(*rules: ThresholdRule | None) -> Iterable[tuple[int, int, str, str]]:
    """Series of the devices that one of these rules is for: id, device id, kind, key."""
    rows = Series.objects.none()
    for rule in rules:
        if rule is not None:
            scope = {"device_id": rule.device_id} if rule.device_id else {"device__kind": rule.device_kind}
            rows = rows | Series.objects.filter(**scope)
    return rows.order_by("id").values_list("id", "device_id", "device__kind", "key")


def rehearsal_perform(rehearsal: Rehearsal) -> dict[str, Any]:
    """The result; `done` and `total` of the row tell how far it is."""
    window = Window(start=rehearsal.end - rehearsal.days * DAY, end=rehearsal.end, shifts=shifts_of_duty())
    series = governed(rehearsal.proposal)
    _tell(rehearsal, 0, len(series))
    heard = _Heard()
    for number, one in enumerate(series, 1):
        _hear(heard, one, window)
        if number % STEP == 0:
            _tell(rehearsal, number, len(series))
    rehearsal.data_print = heard.print.hexdigest()
    result = compare(heard.before, heard.after, window)
    counts = {"days": rehearsal.days, "start": window.start, "end": window.end}
    counts |= {"series_count": len(series), "readings": heard.readings}
    return _named(result | counts, [one.id for one in series], window)


def _tell(rehearsal: Rehearsal, done: int, total: int) -> None:
    Rehearsal.objects.filter(pk=rehearsal.pk).update(done=done, total=total)


def _hear(heard: _Heard, one: Governed, window: Window) -> None:
    time, value = history(one.id, window.start - WARM, window.end)
    heard.readings += int((time >= window.start).sum())
    heard.print.update(f"{one.id}:{len(time)}:".encode() + time.tobytes() + value.tobytes())
    heard.before += episodes(one.before, one.id, time, value, end=window.end)
    heard.after += episodes(one.after, one.id, time, value, end=window.end)


def history(series_id: int, start: int, end: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Times and values that a rule would have judged, also those that were out of the range of its time."""
    time, value, state = store.arrays(series_id, start=start, end=end, valid_only=False)
    kept = np.isin(state, [int(one) for one in JUDGED])
    return (time, value) if kept.all() else (time[kept], value[kept])


def _named(result: dict[str, Any], ids: Sequence[int], window: Window) -> dict[str, Any]:
    """The same with the series' names, and what the alarms that would vanish became in truth; of long lists the top."""
    _fates(result["vanished"] + result["lowered"], window)
    result["vanished_with_consequence"] = sum(bool(one.get("fate")) for one in result["vanished"])
    for part in ("vanished", "lowered", "fresh"):
        result[part] = sorted(result[part], key=lambda one: not one.get("fate"))[:SHOWN]
    names = {
        pk: {"device": device, "device_name": name, "title": title or key}
        for pk, device, name, title, key in Series.objects.filter(pk__in=ids).values_list(
            "id", "device_id", "device__name", "name", "key"
        )
    }
    for part in ("vanished", "lowered", "fresh", "longest", "series"):
        for one in result[part]:
            one |= names.get(one["series"], {})
    result["devices"] = _devices(result.pop("series"))
    return result


def _devices(series: list[dict[str, Any]]) -> list[dict[str, Any]]:
    found: dict[int, dict[str, Any]] = {}
    for one in series:
        row = found.setdefault(
            one["device"], {"device": one["device"], "name": one["device_name"], "before": 0, "after": 0}
        )
        row["before"] += one["before"]
        row["after"] += one["after"]
    return sorted(found.values(), key=lambda row: (-max(row["before"], row["after"]), row["name"]))[:10]


def _fates(missed: list[dict[str, Any]], window: Window) -> None:
    """Marks those that stand for an alarm that was real, with what became of it."""
    rows = Alarm.objects.filter(series_id__in={one["series"] for one in missed})
    alarms: dict[tuple[int, int], list[Alarm]] = {}
    for alarm in rows.filter(raised_at__gte=moment(window.start - WARM)).order_by("raised_at"):
        alarms.setdefault((alarm.series_id, alarm.kind), []).append(alarm)
    fates = alarm_fates(alarm.pk for some in alarms.values() for alarm in some)
    for one in missed:
        for alarm in alarms.get((one["series"], one["kind"]), ()):
            if _same(alarm, one) and not one.get("fate"):
                one["alarm"], one["fate"] = alarm.pk, fates.get(alarm.pk, "")


def _same(alarm: Alarm, one: dict[str, Any]) -> bool:
    raised = alarm.raised_at.timestamp() * 1000
    cleared = (alarm.cleared_at or timezone.now()).timestamp() * 1000
    return bool(raised <= (one["cleared"] or cleared) and one["raised"] <= cleared)
