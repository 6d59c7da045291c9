"""The loop of a proposed rule: rehearsed, then signed by a second person, or turned down."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from anlan.kit.flow import Flow


class ProposalState(TextChoices):
    DRAFT = "draft", _("待预演")
    REHEARSED = "rehearsed", _("已预演待签")
    LIVE = "live", _("已签署生效")
    REJECTED = "rejected", _("已驳回")
    WITHDRAWN = "withdrawn", _("已撤回")


class ProposalStep(TextChoices):
    REHEARSE = "rehearse", _("预演")
    AGE = "age", _("预演作废")
    SIGN = "sign", _("签署")
    REJECT = "reject", _("驳回")
    WITHDRAW = "withdraw", _("撤回")


NEXT = {
    (ProposalState.DRAFT, ProposalStep.REHEARSE): ProposalState.REHEARSED,
    (ProposalState.DRAFT, ProposalStep.REJECT): ProposalState.REJECTED,
    (ProposalState.DRAFT, ProposalStep.WITHDRAW): ProposalState.WITHDRAWN,
    (ProposalState.REHEARSED, ProposalStep.REHEARSE): ProposalState.REHEARSED,
    (ProposalState.REHEARSED, ProposalStep.AGE): ProposalState.DRAFT,
    (ProposalState.REHEARSED, ProposalStep.SIGN): ProposalState.LIVE,
    (ProposalState.REHEARSED, ProposalStep.REJECT): ProposalState.REJECTED,
    (ProposalState.REHEARSED, ProposalStep.WITHDRAW): ProposalState.WITHDRAWN,
}

FLOW: Flow[ProposalState, ProposalStep] = Flow(NEXT)
OPEN = (ProposalState.DRAFT, ProposalState.REHEARSED)
