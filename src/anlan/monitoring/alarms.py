"""From the kernel's transitions to alarm rows, their timeline, and the news of them."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

import numpy as np
from django.contrib.gis.geos import Point
from numpy.typing import NDArray

from anlan.kit.events import publish
from anlan.kit.live import live_publish
from anlan.monitoring.alarm_flow import FLOW, AlarmStepName
from anlan.monitoring.events import AlarmCleared, AlarmEscalated, AlarmRaised
from anlan.monitoring.models import Alarm, AlarmStep
from anlan.monitoring.moments import moment
from anlan.monitoring.resolve import KnownDevice, LockedSeries


class Transition(NamedTuple):
    """One change of one cause; `time` in ms, `value` None where there never was one."""

    series_id: int
    device: KnownDevice
    kind: int
    time: int
    value: float | None
    before: int
    after: int


@dataclass
class _Pen:
    """Collects what one transaction changes, so that it is written with few statements."""

    now: datetime
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
    pen = _Pen(now=moment(now), active=_active({t.series_id for t in ordered}))
    devices = {t.series_id: t.device for t in ordered}
    for transition in ordered:
        _apply(pen, transition)
    _save(pen)
    _publish(pen)
    for alarm in {id(a): a for a in [*pen.fresh, *pen.changed.values()]}.values():
        alarm_show(alarm, devices[alarm.series_id])
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
    if alarm.pk:
        pen.changed[alarm.pk] = alarm
    _note(pen, alarm, step, transition, before)


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
    return alarm


def _note(pen: _Pen, alarm: Alarm, step: AlarmStepName, transition: Transition, before: int) -> None:
    at = moment(transition.time)
    pen.news.append((step, alarm, before, transition.after))
    pen.steps.append(AlarmStep(alarm=alarm, step=step, at=at, level=transition.after, value=transition.value))


def _save(pen: _Pen) -> None:
    """Changes first: a cause may be cleared and raised again in the same batch."""
    Alarm.objects.bulk_update(
        pen.changed.values(), ["level", "highest_level", "cleared_at", "acknowledged_at", "acknowledged_by"]
    )
    Alarm.objects.bulk_create(pen.fresh)
    AlarmStep.objects.bulk_create(pen.steps)


def _publish(pen: _Pen) -> None:
    for step, alarm, before, after in pen.news:
        if step == AlarmStepName.RAISE:
            publish(AlarmRaised(alarm_id=alarm.pk, level=after))
        elif step == AlarmStepName.ESCALATE:
            publish(AlarmEscalated(alarm_id=alarm.pk, level_before=before, level=after))
        elif step == AlarmStepName.CLEAR:
            publish(AlarmCleared(alarm_id=alarm.pk))


def alarm_show(alarm: Alarm, device: KnownDevice) -> None:
    """Tells open pages what an alarm is now; one that was cleared leaves the map."""
    live_publish(
        "alarm",
        area_path=device.area_path,
        id=alarm.pk,
        device=device.id,
        name=device.name,
        level=alarm.level,
        kind=alarm.kind,
        state=str(alarm.state),
        lon=device.lon,
        lat=device.lat,
        raised_at=alarm.raised_at.isoformat(),
        gone=alarm.cleared_at is not None,
    )
