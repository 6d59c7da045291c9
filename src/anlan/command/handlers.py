"""What command listens to: alarms and confirmed sightings of monitoring, and deadlines that passed."""

from anlan.command import fates as fates
from anlan.command.flows import FIRST_REPORT, ORDER_ARRIVAL, ORDER_RECEIPT
from anlan.command.services.alarms import signal_alarm_cleared, signal_escalate, signal_from_alarm
from anlan.command.services.clocks import CHASE, first_report_breach, first_report_chase
from anlan.command.services.orders import order_breach, order_chase
from anlan.command.services.sightings import signal_from_sighting
from anlan.command.services.warnings import signal_from_warning
from anlan.kit.deadlines import DeadlinePassed
from anlan.kit.events import on
from anlan.monitoring.events import AlarmCleared, AlarmEscalated, AlarmRaised, SightingConfirmed, WarningReceived


@on(AlarmRaised)
def alarm_becomes_signal(event: AlarmRaised) -> None:
    signal_from_alarm(alarm_id=event.alarm_id)


@on(AlarmEscalated)
def escalation_reaches_signal(event: AlarmEscalated) -> None:
    signal_escalate(alarm_id=event.alarm_id, level_before=event.level_before, level=event.level)


@on(AlarmCleared)
def clearing_reaches_signal(event: AlarmCleared) -> None:
    signal_alarm_cleared(alarm_id=event.alarm_id)


@on(SightingConfirmed)
def sighting_becomes_signal(event: SightingConfirmed) -> None:
    if not event.as_hazard:
        signal_from_sighting(sighting_id=event.sighting_id)


@on(WarningReceived)
def warning_becomes_signal(event: WarningReceived) -> None:
    signal_from_warning(warning_id=event.warning_id)


@on(DeadlinePassed)
def clock_ran_out(event: DeadlinePassed) -> None:
    """Chases or records the breach, by the kind of the deadline; other parts' deadlines are not ours."""
    kind, _dot, minute = event.kind.partition(CHASE)
    if kind == FIRST_REPORT and minute:
        first_report_chase(signal_id=event.subject_id, minute=int(minute))
    elif kind == FIRST_REPORT:
        first_report_breach(signal_id=event.subject_id)
    elif kind in {ORDER_RECEIPT, ORDER_ARRIVAL} and minute:
        order_chase(order_id=event.subject_id, kind=kind, minute=int(minute))
    elif kind in {ORDER_RECEIPT, ORDER_ARRIVAL}:
        order_breach(order_id=event.subject_id, kind=kind)
