"""What the pages of rules read."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext as _

from anlan.monitoring.models import Rehearsal, RuleProposal, ThresholdRule
from anlan.monitoring.rehearsal.changes import rule_changed
from anlan.monitoring.rehearsal.flow import OPEN
from anlan.monitoring.rehearsal.services import covers

BARS = 1000


def rules_of(user: Any) -> QuerySet[ThresholdRule]:
    """Every rule, with how many changes of it are open; a device's own only where the device is in reach."""
    from anlan.monitoring.models import Device

    waiting = Count("proposals", filter=Q(proposals__state__in=OPEN))
    mine = Q(device=None) | Q(device__in=Device.objects.visible_to(user))
    rows = ThresholdRule.objects.visible_to(user).filter(mine).select_related("device", "area")
    return rows.annotate(waiting=waiting).order_by("device_id", "device_kind", "key", "area_id", "pk")


def proposals_of(user: Any) -> QuerySet[RuleProposal]:
    rows = RuleProposal.objects.visible_to(user).select_related(
        "rule__device__area", "rule__area", "proposed_by", "decided_by", "signed_on"
    )
    return rows.order_by("-pk")


def may_open(user: Any, proposal: RuleProposal) -> bool:
    """Whoever's area holds the rule's scope sees what its change would do."""
    return covers(user, proposal.rule or rule_changed(proposal))


def scope_text(rule: ThresholdRule) -> str:
    if rule.device:
        return _("设备:%s") % rule.device
    kind = str(rule.get_device_kind_display())
    return _("%(area)s的%(kind)s") % {"area": rule.area, "kind": kind} if rule.area else _("全部%s") % kind


@dataclass(frozen=True, kw_only=True)
class Bar:
    """Two columns of the chart of a rehearsal, in a box of 1000 × 100."""

    x: float
    x_after: float
    width: float
    before: float
    after: float
    words: str


def bars_of(rehearsal: Rehearsal, words: Any) -> list[Bar]:
    """`words` tells of a moment in ms when it was."""
    rows = (rehearsal.result or {}).get("bars", [])
    most = max((max(row["before"], row["after"]) for row in rows), default=0) or 1
    step = BARS / max(1, len(rows))
    return [
        Bar(
            x=round(i * step + 0.12 * step, 2),
            x_after=round(i * step + 0.5 * step, 2),
            width=round(0.36 * step, 2),
            before=round(100 * row["before"] / most, 2),
            after=round(100 * row["after"] / most, 2),
            words=_("%(when)s 起:改前 %(before)d 条,改后 %(after)d 条")
            % {"when": words(row["start"]), "before": row["before"], "after": row["after"]},
        )
        for i, row in enumerate(rows)
    ]
