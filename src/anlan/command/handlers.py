"""What command listens to: alarms and confirmed sightings of monitoring, and deadlines that passed."""

from anlan.command import fates as fates
from anlan.command.flows import FIRST_REPORT, ORDER_ARRIVAL, ORDER_RECEIPT
from anlan.command.models import Signal
from anlan.command.services.alarms import signals_alarm_cleared, signals_escalate, signals_from_alarms
from anlan.command.services.clocks import CHASE, first_reports_due
from anlan.command.services.orders import order_breach, order_chase
from anlan.command.services.sightings import signal_from_sighting
from anlan.command.services.warnings import signal_from_warning
from anlan.kit.bundles import PAGES
from anlan.kit.deadlines import DeadlinePassed
from anlan.kit.events import on, on_many
from anlan.monitoring.events import AlarmCleared, AlarmEscalated, AlarmRaised, SightingConfirmed, WarningReceived

PAGES[Signal._meta.label_lower] = "/signals/?notice="


@on_many(AlarmRaised)
def alarm_becomes_signal(events: list[AlarmRaised]) -> None:
    signals_from_alarms(alarm_ids=[event.alarm_id for event in events])


@on_many(AlarmEscalated)
def escalation_reaches_signal(events: list[AlarmEscalated]) -> None:
    signals_escalate(news=events)


@on_many(AlarmCleared)
def clearing_reaches_signal(events: list[AlarmCleared]) -> None:
    signals_alarm_cleared(alarm_ids=[event.alarm_id for event in events])


@on(SightingConfirmed)
def sighting_becomes_signal(event: SightingConfirmed) -> None:
    if not event.as_hazard:
        signal_from_sighting(sighting_id=event.sighting_id)


@on(WarningReceived)
def warning_becomes_signal(event: WarningReceived) -> None:
    signal_from_warning(warning_id=event.warning_id)


@on_many(DeadlinePassed)
def clock_ran_out(events: list[DeadlinePassed]) -> None:
    """Chases or records the breach, by the kind of the deadline; other parts' deadlines are not ours."""
    parted = [(event.subject_id, *event.kind.partition(CHASE)) for event in events]
    first_reports_due(
        due=[(pk, int(minute) if minute else None) for pk, kind, _dot, minute in parted if kind == FIRST_REPORT]
    )
    for pk, kind, _dot, minute in parted:
        if kind in {ORDER_RECEIPT, ORDER_ARRIVAL} and minute:
            order_chase(order_id=pk, kind=kind, minute=int(minute))
        elif kind in {ORDER_RECEIPT, ORDER_ARRIVAL}:
            order_breach(order_id=pk, kind=kind)
