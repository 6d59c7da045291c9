"""The stages of a device and the steps between them. A reading is judged in every stage but the last."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from anlan.kit.flow import Flow


class Stage(TextChoices):
    REGISTERED = "registered", _("已登记")
    ISSUED = "issued", _("已发凭证")
    IN_SERVICE = "in_service", _("已验收在用")
    RETIRED = "retired", _("已退役")


class LifeStep(TextChoices):
    ISSUE = "issue", _("签发凭证")
    COMMISSION = "commission", _("验收")
    RETIRE = "retire", _("退役")
    REINSTATE = "reinstate", _("恢复登记")


NEXT = {
    (Stage.REGISTERED, LifeStep.ISSUE): Stage.ISSUED,
    (Stage.REGISTERED, LifeStep.COMMISSION): Stage.IN_SERVICE,
    (Stage.REGISTERED, LifeStep.RETIRE): Stage.RETIRED,
    (Stage.ISSUED, LifeStep.ISSUE): Stage.ISSUED,
    (Stage.ISSUED, LifeStep.COMMISSION): Stage.IN_SERVICE,
    (Stage.ISSUED, LifeStep.RETIRE): Stage.RETIRED,
    (Stage.IN_SERVICE, LifeStep.ISSUE): Stage.IN_SERVICE,
    (Stage.IN_SERVICE, LifeStep.COMMISSION): Stage.IN_SERVICE,
    (Stage.IN_SERVICE, LifeStep.RETIRE): Stage.RETIRED,
    (Stage.RETIRED, LifeStep.REINSTATE): Stage.REGISTERED,
}

FLOW: Flow[Stage, LifeStep] = Flow(NEXT)
"""A device whose protocol knows no credentials is commissioned without any; one in service may be checked again."""
