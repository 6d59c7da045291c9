"""What alarms became here: verified signals, and incidents of these. The rehearsal of a rule shows it."""

from django.utils.translation import gettext as _

from anlan.command.flows import SignalState
from anlan.command.models import Signal
from anlan.monitoring.rehearsal.fates import fate_reader

REAL = (SignalState.VERIFIED, SignalState.OPENED, SignalState.MERGED)
"""Every alarm is a signal at first; these are the states in which a person has found something behind it."""


@fate_reader
def signals_and_incidents(alarm_ids: list[int]) -> dict[int, str]:
    """Alarm id → a word; nothing came of the others."""
    rows = Signal.objects.filter(alarm_id__in=alarm_ids, state__in=REAL)
    return {
        alarm_id: _("事件") if state == SignalState.OPENED else _("警情")
        for alarm_id, state in rows.values_list("alarm_id", "state")
    }
