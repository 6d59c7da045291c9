"""What monitoring's alarms become: one signal an alarm, and later news on its timeline."""

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from anlan.accounts.acts import clock_text, say
from anlan.command.flows import OPEN_SIGNALS
from anlan.command.kinds import TYPE_OF_DEVICE, EntryKind, EventType, Source
from anlan.command.models import Signal
from anlan.command.services.signals import signal_create
from anlan.command.services.steps import entry_add, signal_announce
from anlan.monitoring.models import Alarm, Level


def _fields_of(alarm: Alarm) -> dict[str, object]:
    device = alarm.device
    kind = "" if _tells_a_state(alarm) else Alarm.Kind(alarm.kind).label
    return {
        "area": alarm.area,
        "organisation": alarm.organisation,
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


@transaction.atomic
def signal_from_alarm(*, alarm_id: int) -> Signal | None:
    """The signal of an alarm, made where there is none. A silent device is a fault for monitoring, not an event: None."""
    alarm = Alarm.objects.select_for_update(of=("self",)).select_related("device", "series", "area").get(pk=alarm_id)
    if alarm.kind in Alarm.FAULTS:
        return None
    if (known := Signal.objects.filter(alarm=alarm).first()) is not None:
        return known
    text = say(
        _("监测报警 %(level)s：%(series)s %(value)s（%(at)s）"),
        level=Level(alarm.level).label,
        series=alarm.series,
        value=reading_text(alarm),
        at=clock_text(alarm.raised_at),
    )
    return signal_create(None, text, alarm=alarm, **_fields_of(alarm))


@transaction.atomic
def signal_escalate(*, alarm_id: int, level_before: int, level: int) -> None:
    """The alarm behind a signal got worse; an open signal takes the higher level."""
    if (signal := _signal_locked(alarm_id)) is None:
        return
    if signal.state in OPEN_SIGNALS and level > signal.level:
        signal.level = level
        signal.save(update_fields=["level"])
    before, after = Level(level_before).label, Level(level).label
    text = say(_("监测升级：%(before)s → %(after)s"), before=before, after=after)
    data = {"level_before": level_before, "level": level}
    entry_add(kind=EntryKind.ALARM, text=text, signal=signal, data=data)
    signal_announce(signal)


@transaction.atomic
def signal_alarm_cleared(*, alarm_id: int) -> None:
    """The alarm's cause is gone; a person still decides what becomes of the signal."""
    if (signal := _signal_locked(alarm_id)) is not None:
        entry_add(kind=EntryKind.ALARM, text=say(_("监测恢复正常，报警解除")), signal=signal)
        signal_announce(signal)


def _signal_locked(alarm_id: int) -> Signal | None:
    signal = signal_from_alarm(alarm_id=alarm_id)
    return signal and Signal.objects.select_for_update(of=("self",)).get(pk=signal.pk)
