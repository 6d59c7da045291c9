"""The closed loop of an alarm: active or cleared × acknowledged or not."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from anlan.kit.flow import Flow


class AlarmState(TextChoices):
    ACTIVE = "active", _("未解除·未确认")
    ACTIVE_SEEN = "active_seen", _("未解除·已确认")
    CLEARED = "cleared", _("已解除·未确认")
    CLEARED_SEEN = "cleared_seen", _("已解除·已确认")

    @classmethod
    def of(cls, *, cleared: bool, acknowledged: bool) -> "AlarmState":
        return _STATES[cleared, acknowledged]

    @property
    def is_cleared(self) -> bool:
        return self in {AlarmState.CLEARED, AlarmState.CLEARED_SEEN}

    @property
    def is_acknowledged(self) -> bool:
        return self in {AlarmState.ACTIVE_SEEN, AlarmState.CLEARED_SEEN}


_STATES = {
    (False, False): AlarmState.ACTIVE,
    (False, True): AlarmState.ACTIVE_SEEN,
    (True, False): AlarmState.CLEARED,
    (True, True): AlarmState.CLEARED_SEEN,
}


class AlarmStepName(TextChoices):
    RAISE = "raise", _("触发")
    ESCALATE = "escalate", _("升级")
    EASE = "ease", _("降级")
    CLEAR = "clear", _("解除")
    ACKNOWLEDGE = "acknowledge", _("确认")


NEXT = {
    (AlarmState.ACTIVE, AlarmStepName.ESCALATE): AlarmState.ACTIVE,
    (AlarmState.ACTIVE, AlarmStepName.EASE): AlarmState.ACTIVE,
    (AlarmState.ACTIVE, AlarmStepName.CLEAR): AlarmState.CLEARED,
    (AlarmState.ACTIVE, AlarmStepName.ACKNOWLEDGE): AlarmState.ACTIVE_SEEN,
    (AlarmState.ACTIVE_SEEN, AlarmStepName.ESCALATE): AlarmState.ACTIVE,
    (AlarmState.ACTIVE_SEEN, AlarmStepName.EASE): AlarmState.ACTIVE_SEEN,
    (AlarmState.ACTIVE_SEEN, AlarmStepName.CLEAR): AlarmState.CLEARED_SEEN,
    (AlarmState.CLEARED, AlarmStepName.ACKNOWLEDGE): AlarmState.CLEARED_SEEN,
}

FLOW: Flow[AlarmState, AlarmStepName] = Flow(NEXT)
"""What was acknowledged at one level asks for a person again at a higher one."""
