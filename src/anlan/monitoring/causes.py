"""Rules of the cause tree: proposed by one person, seen and signed by another, taken back by either."""

from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from anlan.accounts.roles import Role
from anlan.kit.constraints import sentence_of
from anlan.monitoring.cause_selectors import standing_causes
from anlan.monitoring.folding import loose_release
from anlan.monitoring.models import CauseRule, Suppression
from anlan.monitoring.suppression import causes_begin, suppression_book

PROPOSERS = (Role.ADMINISTRATOR,)
SIGNERS = (Role.ADMINISTRATOR, Role.COMMANDER)


def may_propose(user: Any) -> bool:
    return bool(user.is_superuser or user.role in PROPOSERS)


def may_sign(user: Any, rule: CauseRule) -> bool:
    """Somebody else than who proposed it, while it is not in force."""
    return bool(user.is_superuser or user.role in SIGNERS) and not rule.active and user.pk != rule.proposed_by_id


def cause_propose(*, rule: CauseRule, by: Any) -> CauseRule:
    """Keeps a rule that hides nothing before it is signed. Raises `ValidationError` with the sentence of a refusal."""
    if not may_propose(by):
        raise PermissionDenied(_("您的角色不能提出原因树规则。"))
    rule.active, rule.proposed_by = False, by
    try:
        with transaction.atomic():
            rule.save()
    except IntegrityError as error:
        raise ValidationError(sentence_of(error, CauseRule)) from None
    return rule


@transaction.atomic
def cause_sign(*, rule: CauseRule, by: Any) -> CauseRule:
    """Puts it in force; causes that stand already begin to hide what they explain."""
    locked = CauseRule.objects.select_for_update().get(pk=rule.pk)
    if not may_sign(by, locked):
        raise PermissionDenied(_("规则须由提出人以外的管理员或指挥长签发,且尚未启用。"))
    locked.active, locked.signed_by, locked.signed_at = True, by, timezone.now()
    locked.save()
    standing = standing_causes(locked)
    for alarm in standing:
        Suppression.objects.filter(alarm=alarm).delete()
    causes_begin(standing, {alarm.device_id: alarm.device.kind for alarm in standing}, suppression_book())
    return locked


@transaction.atomic
def cause_end(*, rule: CauseRule, by: Any) -> list[int]:
    """Takes it out of force; what it alone hides comes out. Gives the ids of those alarms."""
    if not may_propose(by):
        raise PermissionDenied(_("您的角色不能停用原因树规则。"))
    locked = CauseRule.objects.select_for_update().get(pk=rule.pk)
    locked.active, locked.signed_by, locked.signed_at = False, None, None
    locked.save()
    Suppression.objects.filter(rule=locked).delete()
    return loose_release(now=timezone.now())
