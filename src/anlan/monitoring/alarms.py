"""From the kernel's transitions to alarm rows, their timeline, and the news of them."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from operator import attrgetter
from typing import NamedTuple

import numpy as np
from django.contrib.gis.geos import Point
from django.db import connection
from numpy.typing import NDArray

from anlan.kit.events import publish_all
from anlan.monitoring.alarm_flow import FLOW, AlarmStepName
from anlan.monitoring.clocks import chains_due, clocks_stop, unshelves_set
from anlan.monitoring.events import AlarmCleared, AlarmEscalated, AlarmRaised
from anlan.monitoring.models import Alarm, AlarmStep, Level
from anlan.monitoring.moments import moment
from anlan.monitoring.resolve import KnownDevice, LockedSeries
from anlan.monitoring.showing import alarms_show
from anlan.monitoring.suppression import (
    Cover,
    SuppressionBook,
    causes_begin,
    causes_end,
    suppression_book,
)


class Transition(NamedTuple):
    """One change of one cause; `time` in ms, `value` None where there never was one."""

    series_id: int
    device: KnownDevice
    kind: int
    time: int
    value: float | None
    before: int
    after: int


_CHANGE = """
update monitoring_alarm a set
    level = w.level, highest_level = w.highest_level, cleared_at = w.cleared_at, acknowledged_at = w.acknowledged_at,
    acknowledged_by_id = w.acknowledged_by_id, shelved_until = w.shelved_until, shelved_by_id = w.shelved_by_id,
    announced_at = w.announced_at, released_at = w.released_at
from unnest(
    %s::bigint[], %s::smallint[], %s::smallint[], %s::timestamptz[], %s::timestamptz[], %s::bigint[],
    %s::timestamptz[], %s::bigint[], %s::timestamptz[], %s::timestamptz[]
) w(id, level, highest_level, cleared_at, acknowledged_at, acknowledged_by_id, shelved_until, shelved_by_id,
    announced_at, released_at)
where a.id = w.id
"""
_CHANGED = attrgetter(
    "pk", "level", "highest_level", "cleared_at", "acknowledged_at", "acknowledged_by_id", "shelved_until",
    "shelved_by_id", "announced_at", "released_at",
)  # fmt: skip


@dataclass
class _Pen:
    """Collects what one transaction changes, so that it is written with few statements."""

    now: datetime
    book: SuppressionBook
    active: dict[tuple[int, int], Alarm]
    fresh: list[Alarm] = field(default_factory=list)
    changed: dict[int, Alarm] = field(default_factory=dict)
    steps: list[AlarmStep] = field(default_factory=list)
    news: list[tuple[AlarmStepName, Alarm, int, int]] = field(default_factory=list)

    def ids(self, step: AlarmStepName) -> tuple[int, ...]:
        return tuple(alarm.pk for name, alarm, _, _ in self.news if name == step)


@dataclass(frozen=True, kw_only=True)
class AlarmNews:
    """Ids of alarms by what happened to them; one may stand in several."""

    raised: tuple[int, ...] = ()
    escalated: tuple[int, ...] = ()
    cleared: tuple[int, ...] = ()

    def joined(self, more: "AlarmNews") -> "AlarmNews":
        return AlarmNews(
            raised=self.raised + more.raised,
            escalated=self.escalated + more.escalated,
            cleared=self.cleared + more.cleared,
        )


def transitions_read(rows: NDArray[np.void], locked: LockedSeries, devices: dict[int, KnownDevice]) -> list[Transition]:
    """The kernel's rows in the words of the database; devices by id."""
    return [
        Transition(
            series_id=locked.ids[row["series"]],
            device=devices[locked.device_ids[row["series"]]],
            kind=int(row["kind"]),
            time=int(row["time"]),
            value=None if np.isnan(row["value"]) else float(row["value"]),
            before=int(row["level_before"]),
            after=int(row["level_after"]),
        )
        for row in rows
    ]


def transitions_write(transitions: Iterable[Transition], now: int) -> AlarmNews:
    """Writes alarms in the caller's transaction, which holds their series' rows; publishes what has happened."""
    ordered = list(transitions)
    if not ordered:
        return AlarmNews()
    pen = _Pen(now=moment(now), book=suppression_book(), active=_active({t.series_id for t in ordered}))
    devices = {t.series_id: t.device for t in ordered}
    for transition in ordered:
        _apply(pen, transition)
    _save(pen)
    _causes(pen, devices)
    _publish(pen)
    shown = {id(alarm): alarm for alarm in [*pen.fresh, *pen.changed.values()]}.values()
    alarms_show((alarm, devices[alarm.series_id]) for alarm in shown)
    return AlarmNews(
        raised=pen.ids(AlarmStepName.RAISE),
        escalated=pen.ids(AlarmStepName.ESCALATE),
        cleared=pen.ids(AlarmStepName.CLEAR),
    )


def _active(series_ids: set[int]) -> dict[tuple[int, int], Alarm]:
    rows = Alarm.objects.select_for_update().filter(series_id__in=series_ids, cleared_at=None).order_by("id")
    return {(alarm.series_id, alarm.kind): alarm for alarm in rows}


def _apply(pen: _Pen, transition: Transition) -> None:
    key = (transition.series_id, transition.kind)
    alarm = pen.active.get(key)
    if alarm is None:
        if transition.after:
            pen.active[key] = _raise(pen, transition)
        return
    before, step = alarm.level, _step(alarm.level, transition.after)
    state = FLOW.after(alarm.state, step)
    if step == AlarmStepName.CLEAR:
        alarm.cleared_at = max(moment(transition.time), alarm.raised_at)
        del pen.active[key]
    else:
        alarm.level, alarm.highest_level = transition.after, max(alarm.highest_level, transition.after)
    if not state.is_acknowledged:
        alarm.acknowledged_at = alarm.acknowledged_by = None
    if not state.is_shelved:
        alarm.shelved_until = alarm.shelved_by = None
        if step == AlarmStepName.ESCALATE and not state.is_hidden:
            alarm.announced_at = alarm.announced_at or pen.now
    if alarm.pk:
        pen.changed[alarm.pk] = alarm
    _note(pen, alarm, step, transition, before)
    if step == AlarmStepName.ESCALATE and alarm.is_hidden:
        _outgrow(pen, alarm, transition)


def _outgrow(pen: _Pen, alarm: Alarm, transition: Transition) -> None:
    """A hidden alarm comes out when it grows worse than what hides it may hide."""
    if pen.book.cover_of(alarm.device_id, alarm.kind, alarm.level, but=alarm.pk) is None:
        FLOW.after(alarm.state, AlarmStepName.RELEASE)
        known, alarm.released_at = alarm.announced_at, pen.now
        alarm.announced_at = known or pen.now
        _note(pen, alarm, AlarmStepName.RELEASE, transition, 0)
        if known:
            pen.news.pop()


def _step(before: int, after: int) -> AlarmStepName:
    if not after:
        return AlarmStepName.CLEAR
    return AlarmStepName.ESCALATE if after > before else AlarmStepName.EASE


def _raise(pen: _Pen, transition: Transition) -> Alarm:
    device = transition.device
    alarm = Alarm(
        device_id=device.id,
        series_id=transition.series_id,
        area_id=device.area_id,
        organisation_id=device.organisation_id,
        kind=transition.kind,
        level=transition.after,
        highest_level=transition.after,
        value=transition.value,
        raised_at=moment(transition.time),
        arrived_at=pen.now,
        location=None if device.lon is None or device.lat is None else Point(device.lon, device.lat, srid=4490),
    )
    pen.fresh.append(alarm)
    _note(pen, alarm, AlarmStepName.RAISE, transition, 0)
    if cover := pen.book.cover_of(device.id, alarm.kind, alarm.level):
        _hide(pen, alarm, cover, transition)
    elif shelf := _shelf(pen, alarm):
        alarm.shelved_until, alarm.shelved_by_id, alarm.shelf_whole = shelf.shelved_until, shelf.shelved_by_id, True
        _note(pen, alarm, AlarmStepName.SHELVE, transition, 0)
    else:
        alarm.announced_at = pen.now
    return alarm


def _shelf(pen: _Pen, alarm: Alarm) -> Alarm | None:
    """The alarm of the same series that a person shelved with all that it does, at this level or a higher one."""
    others = (pen.active.get((alarm.series_id, kind)) for kind in Alarm.Kind)
    return next((one for one in others if one and one.keeps_on_shelf(alarm.level, pen.now)), None)


def _hide(pen: _Pen, alarm: Alarm, cover: Cover, transition: Transition) -> None:
    alarm.hidden_at = pen.now
    alarm.hidden_under_id, alarm.hidden_window_id = cover.alarm_id, cover.window_id
    _note(pen, alarm, AlarmStepName.HIDE, transition, 0)


def _note(pen: _Pen, alarm: Alarm, step: AlarmStepName, transition: Transition, before: int) -> None:
    at = moment(transition.time)
    pen.news.append((step, alarm, before, transition.after))
    pen.steps.append(AlarmStep(alarm=alarm, step=step, at=at, level=transition.after, value=transition.value))


def _save(pen: _Pen) -> None:
    """Changes first: a cause may be cleared and raised again in the same batch."""
    if pen.changed:
        with connection.cursor() as cursor:
            rows = map(_CHANGED, pen.changed.values())
            cursor.execute(_CHANGE, [list(column) for column in zip(*rows, strict=True)])
    Alarm.objects.bulk_create(pen.fresh)
    AlarmStep.objects.bulk_create(pen.steps)
    unshelves_set(alarm for alarm in pen.fresh if alarm.shelved_until)
    clocks_stop(pen.changed.values(), pen.now)


def _causes(pen: _Pen, devices: dict[int, KnownDevice]) -> None:
    """New alarms that explain others begin to hide them; cleared ones end it."""
    begun = [alarm for alarm in pen.fresh if alarm.cleared_at is None]
    causes_begin(begun, {device.id: device.kind for device in devices.values()}, pen.book)
    causes_end(pen.book.causes & {alarm.pk for alarm in pen.changed.values() if alarm.cleared_at is not None})


_TELLS = {AlarmStepName.RAISE, AlarmStepName.RELEASE, AlarmStepName.ESCALATE}


def _publish(pen: _Pen) -> None:
    """People hear only of what they were told of: an alarm raised while hidden is news when it is released.

    Telling people comes first; all news of an alarm that is red goes before that of others, in its own order.
    """
    chains_due(alarm for step, alarm, _, _ in pen.news if step in _TELLS and alarm.is_waiting)
    red = {alarm.pk for _, alarm, _, after in pen.news if after >= Level.RED}
    told = [(alarm.pk in red, event) for step, alarm, *levels in pen.news if (event := _event(step, alarm, *levels))]
    for urgent in (True, False):
        publish_all([event for first, event in told if first == urgent], urgent=urgent)


def _event(step: AlarmStepName, alarm: Alarm, before: int, after: int) -> object | None:
    if alarm.announced_at is None:
        return None
    if step == AlarmStepName.RELEASE or (step == AlarmStepName.RAISE and alarm.hidden_at is None):
        return AlarmRaised(alarm_id=alarm.pk, level=alarm.level if step == AlarmStepName.RELEASE else after)
    if step == AlarmStepName.ESCALATE and not alarm.is_hidden:
        return AlarmEscalated(alarm_id=alarm.pk, level_before=before, level=after)
    return AlarmCleared(alarm_id=alarm.pk) if step == AlarmStepName.CLEAR else None
