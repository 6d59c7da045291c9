"""What command can do. Every service locks its row, asks the table, writes the timeline and tells the open pages."""

from anlan.accounts.acts import AlreadyDone
from anlan.command.services.closing import (
    incident_approve_close,
    incident_refuse_close,
    incident_reopen,
    incident_request_close,
)
from anlan.command.services.incidents import (
    incident_appoint,
    incident_assess,
    incident_control,
    incident_note,
    incident_open,
    incident_relapse,
    incident_relate,
    incident_respond,
    incident_strike,
)
from anlan.command.services.orders import (
    order_arrive,
    order_decline,
    order_feedback,
    order_finish,
    order_receive,
    order_send,
    order_withdraw,
)
from anlan.command.services.photos import photo_add
from anlan.command.services.reports import report_correct, report_submit
from anlan.command.services.signals import (
    signal_dismiss,
    signal_enter,
    signal_judge,
    signal_merge,
    signal_take_over,
    signal_verify,
    signal_watch,
)

__all__ = [
    "AlreadyDone",
    "incident_appoint",
    "incident_approve_close",
    "incident_assess",
    "incident_control",
    "incident_note",
    "incident_open",
    "incident_refuse_close",
    "incident_relapse",
    "incident_relate",
    "incident_reopen",
    "incident_request_close",
    "incident_respond",
    "incident_strike",
    "order_arrive",
    "order_decline",
    "order_feedback",
    "order_finish",
    "order_receive",
    "order_send",
    "order_withdraw",
    "photo_add",
    "report_correct",
    "report_submit",
    "signal_dismiss",
    "signal_enter",
    "signal_judge",
    "signal_merge",
    "signal_take_over",
    "signal_verify",
    "signal_watch",
]
