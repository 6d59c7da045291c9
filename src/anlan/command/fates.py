"""What alarms became here: signals, and incidents of these. The rehearsal of a rule shows it."""

from django.utils.translation import gettext as _

from anlan.command.models import Signal
from anlan.monitoring.rehearsal.fates import fate_reader


@fate_reader
def signals_and_incidents(alarm_ids: list[int]) -> dict[int, str]:
    """Alarm id → a word; dismissed signals are not told, nothing came of them."""
    rows = Signal.objects.filter(alarm_id__in=alarm_ids).exclude(state="dismissed")
    return {
        alarm_id: _("事件") if incident_id else _("警情")
        for alarm_id, incident_id in rows.values_list("alarm_id", "incident_id")
    }
