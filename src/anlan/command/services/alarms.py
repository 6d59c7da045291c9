"""What monitoring's alarms become: one signal an alarm, and later news on its timeline; many at once in a flood."""

from collections.abc import Iterable, Sequence

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from anlan.accounts.acts import clock_text, say
from anlan.accounts.trail import rows_change
from anlan.command.flows import OPEN_SIGNALS
from anlan.command.kinds import TYPE_OF_DEVICE, EntryKind, EventType, Source
from anlan.command.models import Entry, Signal
from anlan.command.services.signals import signals_create
from anlan.command.services.steps import entry_new, locked_all, signal_announce
from anlan.monitoring.events import AlarmEscalated
from anlan.monitoring.models import Alarm, Level


def _fields_of(alarm: Alarm) -> dict[str, object]:
    device = alarm.device
    kind = "" if _tells_a_state(alarm) else Alarm.Kind(alarm.kind).label
    return {
        "area": alarm.area,
        "organisation_id": alarm.organisation_id,
        "title": say(_("%(device)s %(series)s%(kind)s"), device=device, series=alarm.series, kind=kind)[:120],
        "source": Source.ALARM,
        "level": alarm.level,
        "event_type": TYPE_OF_DEVICE.get(device.kind, EventType.OTHER),
        "address": device.address,
        "location": alarm.location or device.location,
        "arrived_at": alarm.arrived_at,
    }


def reading_text(alarm: Alarm) -> str:
    """The value that raised the alarm, with its unit; empty where there was none."""
    unsaid = alarm.value is None or _tells_a_state(alarm)
    return "" if unsaid else f"{alarm.value:g} {alarm.series.unit}".strip()


def _tells_a_state(alarm: Alarm) -> bool:
    """A bit of a panel or station, such as "fire": its name says all, a number over a limit would puzzle."""
    return ":" in alarm.series.key and alarm.series.unit == "1"


def signal_from_alarm(*, alarm_id: int) -> Signal | None:
    return signals_from_alarms(alarm_ids=[alarm_id]).get(alarm_id)


@transaction.atomic
def signals_from_alarms(*, alarm_ids: Iterable[int]) -> dict[int, Signal]:
    """The signal of each alarm by the alarm's id, made where there is none.

    None for a fault of the sensor, such as silence: that is monitoring's work and no event. Raises `ObjectDoesNotExist`.
    """
    found = locked_all(Alarm.objects.select_related("device", "series", "area"), alarm_ids)
    alarms = {pk: alarm for pk, alarm in found.items() if alarm.kind not in Alarm.FAULTS}
    known = _by_alarm(Signal.objects.filter(alarm__in=alarms))
    fresh = [alarm for pk, alarm in alarms.items() if pk not in known]
    return known | _by_alarm(signals_create([(_text(alarm), {"alarm": alarm, **_fields_of(alarm)}) for alarm in fresh]))


def _by_alarm(signals: Iterable[Signal]) -> dict[int, Signal]:
    return {signal.alarm_id: signal for signal in signals if signal.alarm_id is not None}


def _text(alarm: Alarm) -> str:
    return say(
        _("监测报警 %(level)s：%(series)s %(value)s（%(at)s）"),
        level=Level(alarm.level).label,
        series=alarm.series,
        value=reading_text(alarm),
        at=clock_text(alarm.raised_at),
    )


@transaction.atomic
def signals_escalate(*, news: Sequence[AlarmEscalated]) -> None:
    """The alarms behind signals got worse; an open signal takes the higher level."""
    signals = _signals_locked(one.alarm_id for one in news)
    entries, worse = [], {}
    for one in news:
        if (signal := signals.get(one.alarm_id)) is not None:
            if signal.state in OPEN_SIGNALS and one.level > signal.level:
                signal.level = one.level
                worse[signal.pk] = signal
            entries.append(_escalation(signal, one))
    rows_change(list(worse.values()), "level")
    Entry.objects.bulk_create(entries)
    signal_announce(*signals.values())


def _escalation(signal: Signal, one: AlarmEscalated) -> Entry:
    before, after = Level(one.level_before).label, Level(one.level).label
    text = say(_("监测升级：%(before)s → %(after)s"), before=before, after=after)
    data = {"level_before": one.level_before, "level": one.level}
    return entry_new(kind=EntryKind.ALARM, text=text, signal=signal, data=data)


@transaction.atomic
def signals_alarm_cleared(*, alarm_ids: Sequence[int]) -> None:
    """The alarms' causes are gone; a person still decides what becomes of the signals."""
    signals, text = _signals_locked(alarm_ids), say(_("监测恢复正常，报警解除"))
    told = [signals[pk] for pk in alarm_ids if pk in signals]
    Entry.objects.bulk_create(entry_new(kind=EntryKind.ALARM, text=text, signal=signal) for signal in told)
    signal_announce(*signals.values())


def _signals_locked(alarm_ids: Iterable[int]) -> dict[int, Signal]:
    """By the alarm's id."""
    ids = [signal.pk for signal in signals_from_alarms(alarm_ids=alarm_ids).values()]
    return _by_alarm(locked_all(Signal.objects.select_related("area", "incident"), ids).values())
