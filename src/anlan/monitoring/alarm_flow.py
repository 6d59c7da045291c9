"""The closed loop of an alarm: active or cleared × acknowledged or not, laid on the shelf, or hidden under its cause."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from anlan.kit.flow import Flow


class AlarmState(TextChoices):
    ACTIVE = "active", _("未解除·未确认")
    ACTIVE_SEEN = "active_seen", _("未解除·已确认")
    SHELVED = "shelved", _("已搁置·未确认")
    SHELVED_SEEN = "shelved_seen", _("已搁置·已确认")
    HIDDEN = "hidden", _("已隐去·未解除")
    HIDDEN_CLEARED = "hidden_cleared", _("已隐去·已解除")
    CLEARED = "cleared", _("已解除·未确认")
    CLEARED_SEEN = "cleared_seen", _("已解除·已确认")

    @classmethod
    def of(cls, *, cleared: bool, acknowledged: bool, shelved: bool = False, hidden: bool = False) -> "AlarmState":
        """What is hidden is neither shelved nor acknowledged, what is cleared lies on no shelf: the database holds it."""
        if hidden:
            return AlarmState.HIDDEN_CLEARED if cleared else AlarmState.HIDDEN
        if shelved and not cleared:
            return AlarmState.SHELVED_SEEN if acknowledged else AlarmState.SHELVED
        return _STATES[cleared, acknowledged]

    @property
    def is_cleared(self) -> bool:
        return self in {AlarmState.CLEARED, AlarmState.CLEARED_SEEN, AlarmState.HIDDEN_CLEARED}

    @property
    def is_acknowledged(self) -> bool:
        return self in {AlarmState.ACTIVE_SEEN, AlarmState.CLEARED_SEEN, AlarmState.SHELVED_SEEN}

    @property
    def is_shelved(self) -> bool:
        return self in {AlarmState.SHELVED, AlarmState.SHELVED_SEEN}

    @property
    def is_hidden(self) -> bool:
        return self in {AlarmState.HIDDEN, AlarmState.HIDDEN_CLEARED}


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
    ASSIGN = "assign", _("指派")
    COMMENT = "comment", _("备注")
    SHELVE = "shelve", _("搁置")
    UNSHELVE = "unshelve", _("恢复")
    HAND_UP = "hand_up", _("上报上级")
    NOTIFY = "notify", _("通知")
    HIDE = "hide", _("隐去")
    RELEASE = "release", _("放出")


_S, _N = AlarmState, AlarmStepName

NEXT = {
    (_S.ACTIVE, _N.ESCALATE): _S.ACTIVE,
    (_S.ACTIVE, _N.EASE): _S.ACTIVE,
    (_S.ACTIVE, _N.CLEAR): _S.CLEARED,
    (_S.ACTIVE, _N.ACKNOWLEDGE): _S.ACTIVE_SEEN,
    (_S.ACTIVE, _N.ASSIGN): _S.ACTIVE,
    (_S.ACTIVE, _N.COMMENT): _S.ACTIVE,
    (_S.ACTIVE, _N.SHELVE): _S.SHELVED,
    (_S.ACTIVE, _N.HAND_UP): _S.ACTIVE,
    (_S.ACTIVE, _N.NOTIFY): _S.ACTIVE,
    (_S.ACTIVE, _N.HIDE): _S.HIDDEN,
    (_S.ACTIVE_SEEN, _N.ESCALATE): _S.ACTIVE,
    (_S.ACTIVE_SEEN, _N.EASE): _S.ACTIVE_SEEN,
    (_S.ACTIVE_SEEN, _N.CLEAR): _S.CLEARED_SEEN,
    (_S.ACTIVE_SEEN, _N.ASSIGN): _S.ACTIVE_SEEN,
    (_S.ACTIVE_SEEN, _N.COMMENT): _S.ACTIVE_SEEN,
    (_S.ACTIVE_SEEN, _N.SHELVE): _S.SHELVED_SEEN,
    (_S.ACTIVE_SEEN, _N.HAND_UP): _S.ACTIVE_SEEN,
    (_S.ACTIVE_SEEN, _N.NOTIFY): _S.ACTIVE_SEEN,
    (_S.SHELVED, _N.ESCALATE): _S.ACTIVE,
    (_S.SHELVED, _N.EASE): _S.SHELVED,
    (_S.SHELVED, _N.CLEAR): _S.CLEARED,
    (_S.SHELVED, _N.ACKNOWLEDGE): _S.SHELVED_SEEN,
    (_S.SHELVED, _N.ASSIGN): _S.SHELVED,
    (_S.SHELVED, _N.COMMENT): _S.SHELVED,
    (_S.SHELVED, _N.UNSHELVE): _S.ACTIVE,
    (_S.SHELVED_SEEN, _N.ESCALATE): _S.ACTIVE,
    (_S.SHELVED_SEEN, _N.EASE): _S.SHELVED_SEEN,
    (_S.SHELVED_SEEN, _N.CLEAR): _S.CLEARED_SEEN,
    (_S.SHELVED_SEEN, _N.ASSIGN): _S.SHELVED_SEEN,
    (_S.SHELVED_SEEN, _N.COMMENT): _S.SHELVED_SEEN,
    (_S.SHELVED_SEEN, _N.UNSHELVE): _S.ACTIVE_SEEN,
    (_S.HIDDEN, _N.ESCALATE): _S.HIDDEN,
    (_S.HIDDEN, _N.EASE): _S.HIDDEN,
    (_S.HIDDEN, _N.CLEAR): _S.HIDDEN_CLEARED,
    (_S.HIDDEN, _N.COMMENT): _S.HIDDEN,
    (_S.HIDDEN, _N.HIDE): _S.HIDDEN,
    (_S.HIDDEN, _N.RELEASE): _S.ACTIVE,
    (_S.HIDDEN_CLEARED, _N.COMMENT): _S.HIDDEN_CLEARED,
    (_S.CLEARED, _N.ACKNOWLEDGE): _S.CLEARED_SEEN,
    (_S.CLEARED, _N.ASSIGN): _S.CLEARED,
    (_S.CLEARED, _N.COMMENT): _S.CLEARED,
    (_S.CLEARED_SEEN, _N.COMMENT): _S.CLEARED_SEEN,
}

FLOW: Flow[AlarmState, AlarmStepName] = Flow(NEXT)
"""What was acknowledged or shelved at one level asks for a person again at a higher one."""
