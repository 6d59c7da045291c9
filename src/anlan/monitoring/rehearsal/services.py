"""What people do with a rule that shall change: propose, rehearse, open the result, sign, reject, withdraw."""

from datetime import timedelta
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from anlan.accounts.roles import Role
from anlan.accounts.rows import reach
from anlan.kit.constraints import sentence_of
from anlan.kit.flow import IllegalStep
from anlan.kit.law import NoSuchRule, law_value
from anlan.kit.notices import notice_send
from anlan.monitoring.models import Rehearsal, RehearsalSight, RuleProposal, ThresholdRule
from anlan.monitoring.moments import now_ms
from anlan.monitoring.rehearsal.changes import changes_between, rule_base, rule_changed, rule_print
from anlan.monitoring.rehearsal.flow import FLOW, ProposalState, ProposalStep
from anlan.monitoring.rehearsal.run import rehearsal_perform

PROPOSERS = (Role.DUTY_OFFICER, Role.COMMANDER, Role.ADMINISTRATOR)
SIGNERS = (Role.COMMANDER, Role.LEADER, Role.ADMINISTRATOR)
DAYS = (7, 30, 365)
HOURS_VALID = 72


def covers(user: Any, rule: ThresholdRule) -> bool:
    """Whether the rule's whole scope lies within this person's area; what is for everywhere needs the district."""
    if user.is_superuser:
        return True
    mine = reach(user)
    area = rule.device.area if rule.device else rule.area
    return bool(mine) and (area.path.startswith(mine) if area else mine.count(".") == 1)


def may_propose(user: Any, rule: ThresholdRule | None = None) -> bool:
    return bool(user.is_superuser or user.role in PROPOSERS) and (rule is None or covers(user, rule))


def may_sign(user: Any, proposal: RuleProposal) -> bool:
    """The role with the right, of somebody else than who proposed it."""
    allowed = bool(user.is_superuser or user.role in SIGNERS)
    return allowed and proposal.proposed_by_id != user.pk and covers(user, rule_changed(proposal))


def _refuse_unless(allowed: bool, why: str) -> None:
    if not allowed:
        raise PermissionDenied(why)


@transaction.atomic
def proposal_make(*, rule: ThresholdRule | None, wanted: ThresholdRule, why: str, by: Any) -> RuleProposal:
    """Writes a change down beside the live rule. Raises `ValidationError` where nothing changes or it has no reason."""
    _refuse_unless(may_propose(by, rule) and covers(by, wanted), _("您的角色或辖区不能提出这条规则的改动。"))
    changes = changes_between(rule, wanted)
    if not changes:
        raise ValidationError(_("没有改动任何内容。"))
    if not why.strip():
        raise ValidationError(_("请写明改动理由。"))
    return RuleProposal.objects.create(
        rule=rule, changes=changes, base=rule_base(rule), why=why.strip()[:500], proposed_by=by
    )


def _locked(proposal: RuleProposal) -> RuleProposal:
    rows = RuleProposal.objects.select_for_update(of=("self",)).select_related("rule__area", "rule__device__area")
    return rows.get(pk=proposal.pk)


@transaction.atomic
def rehearsal_ask(*, proposal: RuleProposal, days: int, by: Any, end: int | None = None) -> Rehearsal:
    """Queues a replay of the last `days` days. What was written on a rule that has since changed is laid on the new one."""
    from anlan.monitoring.jobs import rehearsal_run

    _refuse_unless(may_propose(by) or may_sign(by, proposal), _("您的角色不能预演规则。"))
    locked = _locked(proposal)
    FLOW.after(ProposalState(locked.state), ProposalStep.REHEARSE)
    if days not in DAYS:
        raise ValidationError(_("只能预演 7、30 或 365 天。"))
    locked.base = rule_base(locked.rule)
    rule_changed(locked).full_clean(validate_unique=False)
    locked.save(update_fields=["base"])
    try:
        with transaction.atomic():
            asked = Rehearsal.objects.create(proposal=locked, days=days, end=end or now_ms(), asked_by=by)
    except IntegrityError as error:
        raise IllegalStep(sentence_of(error, Rehearsal)) from error
    rehearsal_run.defer(rehearsal_id=asked.pk)
    return asked


def rehearsal_do(*, rehearsal_id: int) -> None:
    """The job: performs it and moves the proposal on. What goes wrong stands on the row; it can be asked for again."""
    row = Rehearsal.objects.select_related("proposal__rule__area", "proposal__rule__device").get(pk=rehearsal_id)
    if row.state not in {Rehearsal.State.WAITING, Rehearsal.State.RUNNING}:
        return
    Rehearsal.objects.filter(pk=row.pk).update(state=Rehearsal.State.RUNNING)
    row.rule_print = rule_print(row.proposal)
    try:
        row.result = rehearsal_perform(row)
    except Exception as error:
        Rehearsal.objects.filter(pk=row.pk).update(state=Rehearsal.State.FAILED, trouble=str(error)[:300])
        raise
    _finish(row)


@transaction.atomic
def _finish(row: Rehearsal) -> None:
    proposal = _locked(row.proposal)
    row.refresh_from_db(fields=["done", "total"])
    row.state, row.finished_at, row.done = Rehearsal.State.DONE, timezone.now(), row.total
    row.save()
    if proposal.state in {ProposalState.DRAFT, ProposalState.REHEARSED}:
        proposal.state = FLOW.after(ProposalState(proposal.state), ProposalStep.REHEARSE)
        proposal.save(update_fields=["state"])
        _call_for_signature(proposal)


def _call_for_signature(proposal: RuleProposal) -> None:
    """Tells the commanders of the scope that a change waits for them."""
    rule = rule_changed(proposal)
    area = rule.area or (rule.device.area if rule.device else proposal.proposed_by.area)
    if area is not None:
        notice_send(
            address=f"role:{Role.COMMANDER}@{area.code}",
            title=_("规则改动待签署:%s") % rule.name,
            body=_("%(who)s提出:%(why)s") % {"who": proposal.proposed_by, "why": proposal.why},
            url=f"/rules/proposals/{proposal.pk}/",
            about=proposal,
        )


def rehearsal_see(*, rehearsal: Rehearsal, by: Any) -> None:
    """Notes that this person has opened the result."""
    if rehearsal.state == Rehearsal.State.DONE:
        RehearsalSight.objects.get_or_create(rehearsal=rehearsal, person=by)


def last_rehearsal(proposal: RuleProposal) -> Rehearsal | None:
    return proposal.rehearsals.filter(state=Rehearsal.State.DONE).order_by("-id").first()


def aged(proposal: RuleProposal, rehearsal: Rehearsal | None) -> str:
    """Why it must be rehearsed again before it can be signed; empty where it need not."""
    if rehearsal is None:
        return _("还没有预演结果。")
    if proposal.base != rule_base(proposal.rule):
        return _("提出之后这条规则已被改动,须重新预演。")
    if rehearsal.rule_print != rule_print(proposal):
        return _("预演之后改动内容或节假日表有变,须重新预演。")
    if rehearsal.finished_at and rehearsal.finished_at < timezone.now() - timedelta(hours=_hours_valid()):
        return _("预演已超过 %d 小时,须重新预演。") % _hours_valid()
    return ""


def _hours_valid() -> int:
    try:
        return int(law_value("rehearsal_valid_hours"))
    except NoSuchRule:
        return HOURS_VALID


def unseen(proposal: RuleProposal, rehearsal: Rehearsal, signer: Any) -> str:
    """Who has still to open the result; empty where both have."""
    seen = set(rehearsal.sights.values_list("person_id", flat=True))
    if proposal.proposed_by_id not in seen:
        return _("提出人还没有打开预演结果。")
    return "" if signer.pk in seen else _("您还没有打开预演结果。")


@transaction.atomic
def proposal_sign(*, proposal: RuleProposal, by: Any, note: str = "") -> ThresholdRule:
    """A second person signs, and the rule goes live in this transaction. Raises `IllegalStep` with a sentence."""
    locked = _locked(proposal)
    if locked.proposed_by_id == by.pk:
        raise PermissionDenied(_("提出人不能签署自己的改动。"))
    _refuse_unless(may_sign(by, locked), _("您的角色或辖区不能签署这项改动。"))
    after = FLOW.after(ProposalState(locked.state), ProposalStep.SIGN)
    if locked.rule_id:
        locked.rule = ThresholdRule.objects.select_for_update().get(pk=locked.rule_id)
    rehearsal = last_rehearsal(locked)
    trouble = aged(locked, rehearsal) or (rehearsal and unseen(locked, rehearsal, by))
    if trouble:
        raise IllegalStep(trouble)
    rule = _go_live(locked, by)
    locked.rule, locked.state, locked.signed_on = rule, after, rehearsal
    _decided(locked, by, note)
    return rule


def _go_live(proposal: RuleProposal, by: Any) -> ThresholdRule:
    rule = rule_changed(proposal)
    rule.full_clean()
    rule._history_user = by  # type: ignore[attr-defined]
    rule._change_reason = _("改动 %(number)d:%(proposer)s提出,%(signer)s签署") % {  # type: ignore[attr-defined]
        "number": proposal.pk,
        "proposer": proposal.proposed_by,
        "signer": by,
    }
    try:
        with transaction.atomic():
            rule.save()
    except IntegrityError as error:
        raise IllegalStep(sentence_of(error, ThresholdRule)) from error
    return rule


def _decided(proposal: RuleProposal, by: Any, note: str) -> None:
    proposal.decided_by, proposal.decided_at, proposal.decision = by, timezone.now(), note.strip()[:500]
    proposal.save()


@transaction.atomic
def proposal_reject(*, proposal: RuleProposal, by: Any, reason: str) -> None:
    """A second person turns it down, with a reason."""
    locked = _locked(proposal)
    _refuse_unless(may_sign(by, locked), _("您的角色或辖区不能驳回这项改动。"))
    if not reason.strip():
        raise ValidationError(_("请写明驳回理由。"))
    locked.state = FLOW.after(ProposalState(locked.state), ProposalStep.REJECT)
    _decided(locked, by, reason)


@transaction.atomic
def proposal_withdraw(*, proposal: RuleProposal, by: Any) -> None:
    """Who proposed it takes it back."""
    locked = _locked(proposal)
    _refuse_unless(by.pk == locked.proposed_by_id or by.is_superuser, _("只有提出人可以撤回。"))
    locked.state = FLOW.after(ProposalState(locked.state), ProposalStep.WITHDRAW)
    _decided(locked, by, "")
