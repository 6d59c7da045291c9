"""The closed loops of command, each one table: state and step → next state, who may take it, which clocks it stops."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from anlan.accounts.courses import Course, Move
from anlan.accounts.roles import Role

DESK = frozenset({Role.DUTY_OFFICER, Role.COMMANDER})
COMMAND = frozenset({Role.COMMANDER})
FIELD = frozenset({Role.TEAM_LEADER, Role.DUTY_OFFICER, Role.COMMANDER})
"""A team's own leader, or the desk writing down what the leader said by phone or radio."""
REPORTERS = frozenset({Role.DUTY_OFFICER, Role.COMMANDER, Role.STREET})
"""Who may enter a signal by hand."""

FIRST_REPORT = "command.first_report"
ORDER_RECEIPT = "command.order_receipt"
ORDER_ARRIVAL = "command.order_arrival"


class SignalState(models.TextChoices):
    WAITING = "waiting", _("待接警")
    WATCHED = "watched", _("已接警")
    JUDGED = "judged", _("已研判")
    VERIFIED = "verified", _("已核实")
    OPENED = "opened", _("已转事件")
    DISMISSED = "dismissed", _("已排除")
    MERGED = "merged", _("已合并")


class SignalStep(models.TextChoices):
    WATCH = "watch", _("接警盯办")
    TAKE_OVER = "take_over", _("接手")
    JUDGE = "judge", _("研判")
    VERIFY = "verify", _("核实")
    REPORT = "report", _("提交首报")
    OPEN = "open", _("转为事件")
    DISMISS = "dismiss", _("排除")
    MERGE = "merge", _("合并")


_W, _P = SignalState, SignalStep
_ENDED = (FIRST_REPORT,)

SIGNAL: Course[SignalState, SignalStep] = Course(
    noun=_("警情"),
    states=SignalState,
    steps=SignalStep,
    moves={
        (_W.WAITING, _P.WATCH): Move(_W.WATCHED, DESK),
        (_W.WAITING, _P.DISMISS): Move(_W.DISMISSED, DESK, _ENDED),
        (_W.WAITING, _P.MERGE): Move(_W.MERGED, DESK, _ENDED),
        (_W.WATCHED, _P.TAKE_OVER): Move(_W.WATCHED, DESK),
        (_W.WATCHED, _P.JUDGE): Move(_W.JUDGED, DESK),
        (_W.WATCHED, _P.REPORT): Move(_W.WATCHED, DESK, _ENDED),
        (_W.WATCHED, _P.DISMISS): Move(_W.DISMISSED, DESK, _ENDED),
        (_W.WATCHED, _P.MERGE): Move(_W.MERGED, DESK, _ENDED),
        (_W.JUDGED, _P.TAKE_OVER): Move(_W.JUDGED, DESK),
        (_W.JUDGED, _P.VERIFY): Move(_W.VERIFIED, DESK),
        (_W.JUDGED, _P.REPORT): Move(_W.JUDGED, DESK, _ENDED),
        (_W.JUDGED, _P.DISMISS): Move(_W.DISMISSED, DESK, _ENDED),
        (_W.JUDGED, _P.MERGE): Move(_W.MERGED, DESK, _ENDED),
        (_W.VERIFIED, _P.TAKE_OVER): Move(_W.VERIFIED, DESK),
        (_W.VERIFIED, _P.REPORT): Move(_W.VERIFIED, DESK, _ENDED),
        (_W.VERIFIED, _P.OPEN): Move(_W.OPENED, DESK),
        (_W.VERIFIED, _P.DISMISS): Move(_W.DISMISSED, DESK, _ENDED),
        (_W.VERIFIED, _P.MERGE): Move(_W.MERGED, DESK, _ENDED),
        (_W.OPENED, _P.REPORT): Move(_W.OPENED, DESK, _ENDED),
    },
)


class IncidentState(models.TextChoices):
    OPENED = "opened", _("已立项")
    RESPONDING = "responding", _("处置中")
    CONTROLLED = "controlled", _("已控制")
    CLOSING = "closing", _("待批结案")
    CLOSED = "closed", _("已结案")


class IncidentStep(models.TextChoices):
    RESPOND = "respond", _("启动处置")
    CONTROL = "control", _("确认受控")
    RELAPSE = "relapse", _("险情反复")
    REQUEST_CLOSE = "request_close", _("申请结案")
    REFUSE_CLOSE = "refuse_close", _("退回结案")
    APPROVE_CLOSE = "approve_close", _("批准结案")
    REOPEN = "reopen", _("重新启动")
    APPOINT = "appoint", _("指定指挥长")
    ASSESS = "assess", _("更新伤亡损失")
    ORDER = "order", _("下达指令")
    REPORT = "report", _("提交报告")
    NOTE = "note", _("记事")
    RELATE = "relate", _("关联事件")


_I, _Q = IncidentState, IncidentStep
_WORK: dict[tuple[IncidentState, IncidentStep], Move[IncidentState]] = {
    (state, step): Move(state, COMMAND if step is _Q.APPOINT else DESK)
    for state in (_I.OPENED, _I.RESPONDING, _I.CONTROLLED)
    for step in (_Q.APPOINT, _Q.ASSESS, _Q.ORDER, _Q.REPORT, _Q.NOTE, _Q.RELATE)
}

INCIDENT: Course[IncidentState, IncidentStep] = Course(
    noun=_("事件"),
    states=IncidentState,
    steps=IncidentStep,
    moves={
        **_WORK,
        (_I.OPENED, _Q.ORDER): Move(_I.RESPONDING, DESK),
        (_I.OPENED, _Q.RESPOND): Move(_I.RESPONDING, DESK),
        (_I.RESPONDING, _Q.CONTROL): Move(_I.CONTROLLED, DESK),
        (_I.CONTROLLED, _Q.RELAPSE): Move(_I.RESPONDING, DESK),
        (_I.CONTROLLED, _Q.REQUEST_CLOSE): Move(_I.CLOSING, DESK),
        (_I.CLOSING, _Q.REFUSE_CLOSE): Move(_I.CONTROLLED, COMMAND),
        (_I.CLOSING, _Q.APPROVE_CLOSE): Move(_I.CLOSED, COMMAND),
        (_I.CLOSING, _Q.NOTE): Move(_I.CLOSING, DESK),
        (_I.CLOSED, _Q.REOPEN): Move(_I.RESPONDING, COMMAND),
        (_I.CLOSED, _Q.RELATE): Move(_I.CLOSED, DESK),
    },
)


class OrderState(models.TextChoices):
    SENT = "sent", _("待签收")
    RECEIVED = "received", _("已签收")
    ARRIVED = "arrived", _("已到达")
    DONE = "done", _("已完成")
    UNABLE = "unable", _("无法执行")
    WITHDRAWN = "withdrawn", _("已撤回")


class OrderStep(models.TextChoices):
    RECEIVE = "receive", _("签收")
    ARRIVE = "arrive", _("到达")
    FINISH = "finish", _("完成")
    DECLINE = "decline", _("无法执行")
    WITHDRAW = "withdraw", _("撤回")
    PHOTO = "photo", _("拍照")
    FEEDBACK = "feedback", _("反馈")


_O, _R = OrderState, OrderStep
_BOTH = (ORDER_RECEIPT, ORDER_ARRIVAL)

ORDER: Course[OrderState, OrderStep] = Course(
    noun=_("指令"),
    states=OrderState,
    steps=OrderStep,
    moves={
        (_O.SENT, _R.RECEIVE): Move(_O.RECEIVED, FIELD, (ORDER_RECEIPT,)),
        (_O.SENT, _R.DECLINE): Move(_O.UNABLE, FIELD, _BOTH),
        (_O.SENT, _R.WITHDRAW): Move(_O.WITHDRAWN, DESK, _BOTH),
        (_O.RECEIVED, _R.ARRIVE): Move(_O.ARRIVED, FIELD, (ORDER_ARRIVAL,)),
        (_O.RECEIVED, _R.DECLINE): Move(_O.UNABLE, FIELD, _BOTH),
        (_O.RECEIVED, _R.WITHDRAW): Move(_O.WITHDRAWN, DESK, _BOTH),
        (_O.RECEIVED, _R.PHOTO): Move(_O.RECEIVED, FIELD),
        (_O.RECEIVED, _R.FEEDBACK): Move(_O.RECEIVED, FIELD),
        (_O.ARRIVED, _R.FINISH): Move(_O.DONE, FIELD),
        (_O.ARRIVED, _R.DECLINE): Move(_O.UNABLE, FIELD),
        (_O.ARRIVED, _R.WITHDRAW): Move(_O.WITHDRAWN, DESK),
        (_O.ARRIVED, _R.PHOTO): Move(_O.ARRIVED, FIELD),
        (_O.ARRIVED, _R.FEEDBACK): Move(_O.ARRIVED, FIELD),
        (_O.DONE, _R.PHOTO): Move(_O.DONE, FIELD),
    },
)

ANSWERED = frozenset({OrderState.DONE, OrderState.UNABLE, OrderState.WITHDRAWN})
"""An order in one of these waits for nothing more."""

OPEN_SIGNALS = frozenset({SignalState.WAITING, SignalState.WATCHED, SignalState.JUDGED, SignalState.VERIFIED})

ASPECT_OF: dict[str, str] = {
    SignalStep.WATCH: "watch",
    SignalStep.TAKE_OVER: "watch",
    SignalStep.JUDGE: "judge",
    SignalStep.DISMISS: "judge",
    SignalStep.MERGE: "judge",
    SignalStep.VERIFY: "verify",
    SignalStep.REPORT: "report",
    SignalStep.OPEN: "handle",
    IncidentStep.RESPOND: "set_up",
    IncidentStep.APPOINT: "set_up",
    IncidentStep.ORDER: "call",
    IncidentStep.ASSESS: "study",
    IncidentStep.CONTROL: "handle",
    IncidentStep.RELAPSE: "handle",
    IncidentStep.REQUEST_CLOSE: "manage",
    IncidentStep.REFUSE_CLOSE: "manage",
    IncidentStep.APPROVE_CLOSE: "manage",
    IncidentStep.REOPEN: "manage",
    OrderStep.RECEIVE: "manage",
    OrderStep.ARRIVE: "handle",
    OrderStep.FINISH: "handle",
    OrderStep.DECLINE: "handle",
    OrderStep.WITHDRAW: "manage",
    OrderStep.PHOTO: "handle",
    OrderStep.FEEDBACK: "handle",
}
"""Which of the source's eleven sides a step belongs to."""
