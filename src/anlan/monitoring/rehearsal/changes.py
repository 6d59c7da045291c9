"""A rule with its proposed changes laid over it, and both sides in words."""

from __future__ import annotations

import copy
import hashlib
import json
from typing import Any

from django.db import models
from django.utils.translation import gettext as _

from anlan.kit.backoffice.forms import stamp_of
from anlan.kit.display import label_of
from anlan.kit.entities import entity_of
from anlan.monitoring.holidays import calendar_in_force
from anlan.monitoring.models import RuleProposal, ThresholdRule
from anlan.monitoring.rehearsal.flow import ProposalState
from anlan.monitoring.rule_words import spans_text, windows_text


def rule_fields() -> list[models.Field[Any, Any]]:
    """The fields that a person may propose to change."""
    return [field for field in ThresholdRule._meta.concrete_fields if field.editable and not field.primary_key]


def rule_base(rule: ThresholdRule | None) -> str:
    """A print of the live rule; a proposal written on another one is stale. Empty for none."""
    entity = entity_of(ThresholdRule)
    assert entity is not None
    return stamp_of(entity, rule) if rule is not None else ""


def changes_between(rule: ThresholdRule | None, wanted: ThresholdRule) -> dict[str, Any]:
    """Field → value, as JSON, where the wanted rule differs from the live one, or from a blank one."""
    blank = rule or ThresholdRule()
    return {
        field.name: getattr(wanted, field.attname)
        for field in rule_fields()
        if getattr(wanted, field.attname) != getattr(blank, field.attname)
    }


def rule_changed(proposal: RuleProposal) -> ThresholdRule:
    """The rule as it would be; nothing is saved."""
    rule = copy.copy(proposal.rule) if proposal.rule else ThresholdRule()
    for name, value in proposal.changes.items():
        field: Any = ThresholdRule._meta.get_field(name)
        setattr(rule, field.attname, value if field.is_relation else field.to_python(value))
    return rule


def rule_print(proposal: RuleProposal) -> str:
    """A print of the base, of what shall change on it, and of the holidays table where the rule goes by it."""
    days = [calendar_in_force()] if rule_changed(proposal).by_kind_of_day else []
    text = json.dumps([proposal.base, proposal.changes, *days], sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def rule_before(proposal: RuleProposal) -> ThresholdRule | None:
    """The rule as it is, or as it was when the proposal was decided; None for a rule that the proposal made."""
    if proposal.rule is None or proposal.decided_at is None:
        return proposal.rule
    past: Any = proposal.rule.history.filter(history_date__lte=proposal.decided_at).first()  # type: ignore[attr-defined]
    if past is not None and proposal.state == ProposalState.LIVE:
        past = past.prev_record
    return past.instance if past is not None else None


def change_lines(proposal: RuleProposal) -> list[tuple[str, str, str]]:
    """Label, value before, value after, for each field that changes."""
    after = rule_changed(proposal)
    before = rule_before(proposal)
    return [
        (label_of(ThresholdRule, name), "" if before is None else field_text(before, name), field_text(after, name))
        for name in proposal.changes
    ]


def field_text(rule: ThresholdRule, name: str) -> str:
    """A field's value as people read it."""
    field = ThresholdRule._meta.get_field(name)
    value = getattr(rule, name)
    if value is None or value == "":
        return "—"
    if isinstance(value, bool):
        return _("是") if value else _("否")
    if getattr(field, "flatchoices", None):
        return str(getattr(rule, f"get_{name}_display")())
    if name in ("windows", "spans"):
        return _(";").join(windows_text(value) if name == "windows" else spans_text(value)) or "—"
    return f"{value:g}" if isinstance(value, float) else str(value)
