"""The hazard's closed loop 发现 → 交办 → 整改 → 复查 → 销号, as one table."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from anlan.accounts.courses import Course, Move
from anlan.accounts.roles import Role

FINDERS = frozenset(
    {
        Role.INSPECTOR,
        Role.DUTY_OFFICER,
        Role.COMMANDER,
        Role.STREET,
        Role.COMMUNITY,
        Role.DEPARTMENT,
        Role.ENTERPRISE,
    }
)
ORDERERS = frozenset({Role.INSPECTOR, Role.DUTY_OFFICER, Role.COMMANDER, Role.STREET, Role.DEPARTMENT})
RECTIFIERS = frozenset({Role.ENTERPRISE, Role.COMMUNITY, Role.STREET, Role.DEPARTMENT, Role.INSPECTOR})
"""The responsible side, or an official who writes down what it has done."""
CHECKERS = frozenset({Role.INSPECTOR, Role.STREET, Role.DEPARTMENT})
LEADERS = frozenset({Role.LEADER, Role.COMMANDER})


class HazardState(models.TextChoices):
    FOUND = "found", _("待交办")
    ORDERED = "ordered", _("整改中")
    RECTIFIED = "rectified", _("待复查")
    CHECKED = "checked", _("待摘牌")
    CLOSED = "closed", _("已销号")
    WITHDRAWN = "withdrawn", _("已撤销")


class HazardStep(models.TextChoices):
    REPORT = "report", _("上报")
    ORDER = "order", _("交办")
    REASSIGN = "reassign", _("改派")
    ASK_MORE = "ask_more", _("申请延期")
    GRANT_MORE = "grant_more", _("同意延期")
    REFUSE_MORE = "refuse_more", _("不同意延期")
    RECTIFY = "rectify", _("报告整改")
    PASS = "pass", _("复查合格")
    CHECK = "check", _("复查合格报摘牌")
    SEND_BACK = "send_back", _("退回整改")
    LIST = "list", _("挂牌督办")
    RELEASE = "release", _("摘牌销号")
    WITHDRAW = "withdraw", _("撤销")


_S, _T = HazardState, HazardStep

HAZARD: Course[HazardState, HazardStep] = Course(
    noun=_("隐患"),
    states=HazardState,
    steps=HazardStep,
    moves={
        (_S.FOUND, _T.ORDER): Move(_S.ORDERED, ORDERERS),
        (_S.FOUND, _T.RECTIFY): Move(_S.RECTIFIED, RECTIFIERS),
        (_S.FOUND, _T.WITHDRAW): Move(_S.WITHDRAWN, ORDERERS),
        (_S.FOUND, _T.LIST): Move(_S.FOUND, LEADERS),
        (_S.ORDERED, _T.REASSIGN): Move(_S.ORDERED, ORDERERS),
        (_S.ORDERED, _T.ASK_MORE): Move(_S.ORDERED, RECTIFIERS),
        (_S.ORDERED, _T.GRANT_MORE): Move(_S.ORDERED, ORDERERS),
        (_S.ORDERED, _T.REFUSE_MORE): Move(_S.ORDERED, ORDERERS),
        (_S.ORDERED, _T.RECTIFY): Move(_S.RECTIFIED, RECTIFIERS),
        (_S.ORDERED, _T.WITHDRAW): Move(_S.WITHDRAWN, ORDERERS),
        (_S.ORDERED, _T.LIST): Move(_S.ORDERED, LEADERS),
        (_S.RECTIFIED, _T.PASS): Move(_S.CLOSED, CHECKERS),
        (_S.RECTIFIED, _T.CHECK): Move(_S.CHECKED, CHECKERS),
        (_S.RECTIFIED, _T.SEND_BACK): Move(_S.ORDERED, CHECKERS),
        (_S.RECTIFIED, _T.LIST): Move(_S.RECTIFIED, LEADERS),
        (_S.CHECKED, _T.RELEASE): Move(_S.CLOSED, LEADERS),
        (_S.CHECKED, _T.SEND_BACK): Move(_S.ORDERED, LEADERS),
    },
)
"""A hazard that a leader has listed passes the re-check into `checked`, and only a leader's word closes it."""

ENDED = frozenset({HazardState.CLOSED, HazardState.WITHDRAWN})
