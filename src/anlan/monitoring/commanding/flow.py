"""The closed loop of a command."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from anlan.kit.flow import Flow


class CommandState(TextChoices):
    QUEUED = "queued", _("待发送")
    SENT = "sent", _("已发送")
    ANSWERED = "answered", _("已执行")
    FAILED = "failed", _("被拒绝")
    EXPIRED = "expired", _("已过期")
    CANCELLED = "cancelled", _("已撤销")


class CommandStep(TextChoices):
    SEND = "send", _("发送")
    PROGRESS = "progress", _("收到中间应答")
    ANSWER = "answer", _("应答")
    REFUSE = "refuse", _("拒绝")
    EXPIRE = "expire", _("过期")
    CANCEL = "cancel", _("撤销")


OPEN = (CommandState.QUEUED, CommandState.SENT)

NEXT = {
    (CommandState.QUEUED, CommandStep.SEND): CommandState.SENT,
    (CommandState.QUEUED, CommandStep.REFUSE): CommandState.FAILED,
    (CommandState.QUEUED, CommandStep.EXPIRE): CommandState.EXPIRED,
    (CommandState.QUEUED, CommandStep.CANCEL): CommandState.CANCELLED,
    (CommandState.SENT, CommandStep.SEND): CommandState.SENT,
    (CommandState.SENT, CommandStep.PROGRESS): CommandState.SENT,
    (CommandState.SENT, CommandStep.ANSWER): CommandState.ANSWERED,
    (CommandState.SENT, CommandStep.REFUSE): CommandState.FAILED,
    (CommandState.SENT, CommandStep.EXPIRE): CommandState.EXPIRED,
}

FLOW: Flow[CommandState, CommandStep] = Flow(NEXT)
"""What was sent cannot be taken back: it is answered, refused or expires."""
