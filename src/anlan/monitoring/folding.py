"""Hiding alarms under their cause after they were raised, and bringing out what outlives it."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from anlan.kit.events import publish_all
from anlan.monitoring.alarm_flow import FLOW, AlarmStepName
from anlan.monitoring.clocks import chains_due, chains_resume, clocks_stop
from anlan.monitoring.events import AlarmRaised
from anlan.monitoring.models import Alarm, AlarmStep, Level, Suppression
from anlan.monitoring.resolve import devices_by_id
from anlan.monitoring.showing import alarms_show
from anlan.monitoring.suppression import Cover, cover_visible, covers_of, is_cause, suppression_book


@transaction.atomic
def cause_fold(*, alarm_id: int, now: datetime | None = None) -> list[int]:
    """Hides under an active cause the unacknowledged alarms that it explains and that came shortly before it."""
    covers = covers_of(alarm_id)
    wanted = Q(pk=alarm_id) | Q(device_id__in=covers, acknowledged_at=None, shelved_until=None)
    locked = {row.pk: row for row in Alarm.objects.open().select_for_update().filter(wanted).order_by("id")}
    cause = locked.pop(alarm_id, None)
    if cause is None or not covers:
        return []
    explained = [
        row
        for row in locked.values()
        if row.is_waiting
        and covers[row.device_id].hides(row.kind, row.level)
        and row.arrived_at >= covers[row.device_id].since
    ]
    folded = [row for row in explained if not is_cause(row.pk) or not cause.is_hidden]
    hide(folded, {row.pk: covers[row.device_id] for row in folded}, now or timezone.now())
    return [row.pk for row in folded]


def hide(alarms: Sequence[Alarm], covers: dict[int, Cover], now: datetime) -> None:
    """Hides locked alarms, each under its cover, in the caller's transaction."""
    for alarm in alarms:
        FLOW.after(alarm.state, AlarmStepName.HIDE)
        cover = covers[alarm.pk]
        alarm.hidden_at, alarm.released_at = now, None
        alarm.hidden_under_id, alarm.hidden_window_id = cover.alarm_id, cover.window_id
    Alarm.objects.bulk_update(alarms, ["hidden_at", "released_at", "hidden_under", "hidden_window"])
    _note(alarms, AlarmStepName.HIDE, now)
    clocks_stop(alarms, now)
    _show(alarms)


@transaction.atomic
def cause_release(*, alarm_id: int, now: datetime | None = None) -> list[int]:
    """Brings out what is still active under a cause that is gone; what another cause explains moves under that."""
    rows = Alarm.objects.open().hidden().select_for_update().filter(hidden_under_id=alarm_id)
    if Alarm.objects.open().filter(pk=alarm_id).exists() and is_cause(alarm_id):
        return []
    return release(list(rows.order_by("id")), now or timezone.now())


@transaction.atomic
def window_release(*, window_id: int, now: datetime | None = None) -> list[int]:
    """The same of a maintenance window that is over."""
    rows = Alarm.objects.open().hidden().select_for_update().filter(hidden_window_id=window_id)
    return release(list(rows.order_by("id")), now or timezone.now())


@transaction.atomic
def loose_release(*, now: datetime, before: datetime | None = None) -> list[int]:
    """Brings out hidden alarms that nothing hides any more; with `before` only those hidden until then."""
    holds = Suppression.objects.filter(device=OuterRef("device_id")).filter(
        Q(alarm=OuterRef("hidden_under_id")) | Q(window=OuterRef("hidden_window_id"))
    )
    loose = Alarm.objects.open().hidden().select_for_update(of=("self",)).filter(~Exists(holds))
    rows = loose if before is None else loose.filter(hidden_at__lt=before)
    return release(list(rows.order_by("id")), now)


def release(alarms: Sequence[Alarm], now: datetime) -> list[int]:
    """Brings locked hidden alarms out, or moves them under what else hides them; gives the ids of those brought out."""
    covers = {alarm.pk: _other_cover(alarm) for alarm in alarms}
    moved = {pk: cover for pk, cover in covers.items() if cover is not None}
    hide([alarm for alarm in alarms if alarm.pk in moved], moved, now)
    out = [alarm for alarm in alarms if alarm.pk not in moved]
    told_before = {alarm.pk for alarm in out if alarm.announced_at is not None}
    for alarm in out:
        FLOW.after(alarm.state, AlarmStepName.RELEASE)
        alarm.released_at, alarm.announced_at = now, alarm.announced_at or now
    Alarm.objects.bulk_update(out, ["released_at", "announced_at"])
    _note(out, AlarmStepName.RELEASE, now)
    chains_resume(alarms=[alarm for alarm in out if alarm.pk in told_before], now=now)
    fresh = [alarm for alarm in out if alarm.pk not in told_before]
    for urgent in (True, False):
        rows = [alarm for alarm in fresh if (alarm.level >= Level.RED) == urgent]
        publish_all([AlarmRaised(alarm_id=alarm.pk, level=alarm.level) for alarm in rows], urgent=urgent)
    chains_due(fresh)
    _show(out)
    return [alarm.pk for alarm in out]


def _other_cover(alarm: Alarm) -> Cover | None:
    cover = suppression_book().cover_of(alarm.device_id, alarm.kind, alarm.level, but=alarm.pk)
    if cover is None or (is_cause(alarm.pk) and not cover_visible(cover)):
        return None
    return cover


def _note(alarms: Iterable[Alarm], step: AlarmStepName, now: datetime) -> None:
    AlarmStep.objects.bulk_create(
        AlarmStep(alarm=alarm, step=step, at=now, level=alarm.level, note=_why(alarm, step)) for alarm in alarms
    )


def _why(alarm: Alarm, step: AlarmStepName) -> str:
    if step == AlarmStepName.RELEASE:
        return ""
    return str(alarm.hidden_window or alarm.hidden_under or "")[:500]


def _show(alarms: Sequence[Alarm]) -> None:
    devices = devices_by_id(alarm.device_id for alarm in alarms) if alarms else {}
    alarms_show((alarm, devices[alarm.device_id]) for alarm in alarms)
