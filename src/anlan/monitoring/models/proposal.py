"""Proposed changes of rules, their rehearsals, and who has opened the results."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from anlan.kit.rows import RowManager
from anlan.monitoring.models.rule import ThresholdRule
from anlan.monitoring.rehearsal.flow import ProposalState


class RuleProposal(models.Model):
    """A change that waits beside the live rule: `changes` holds field → value, `base` the print of the rule as it
    was when the change was written down (empty for a new rule).
    """

    rule = models.ForeignKey(
        ThresholdRule, on_delete=models.PROTECT, null=True, related_name="proposals", verbose_name=_("报警规则")
    )
    changes = models.JSONField(_("改动"))
    base = models.CharField(max_length=64, blank=True)
    why = models.CharField(_("理由"), max_length=500)
    state = models.CharField(_("状态"), max_length=12, choices=ProposalState.choices, default=ProposalState.DRAFT)
    proposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("提出人")
    )
    proposed_at = models.DateTimeField(_("提出时间"), auto_now_add=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("决定人")
    )
    decided_at = models.DateTimeField(_("决定时间"), null=True)
    decision = models.CharField(_("决定说明"), max_length=500, blank=True)
    signed_on = models.ForeignKey(
        "monitoring.Rehearsal", on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("签署所据预演")
    )

    objects = RowManager()

    class Meta:
        verbose_name = verbose_name_plural = _("规则改动")
        ordering = ["-proposed_at"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(state=ProposalState.LIVE) | ~Q(decided_by=F("proposed_by")),
                name="proposal_signed_by_a_second_person",
                violation_error_message=_("提出人不能签署自己的改动。"),
            ),
            models.CheckConstraint(
                condition=~Q(state=ProposalState.LIVE)
                | Q(decided_by__isnull=False, decided_at__isnull=False, signed_on__isnull=False),
                name="proposal_live_is_signed",
                violation_error_message=_("生效的改动须有签署人和所据预演。"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.rule or self.changes.get('name', '')} #{self.pk}"


class Rehearsal(models.Model):
    """A replay of stored history before and after a change; `rule_print` and `data_print` say of what."""

    class State(models.TextChoices):
        WAITING = "waiting", _("排队中")
        RUNNING = "running", _("预演中")
        DONE = "done", _("已完成")
        FAILED = "failed", _("未完成")

    proposal = models.ForeignKey(RuleProposal, on_delete=models.CASCADE, related_name="rehearsals")
    days = models.PositiveSmallIntegerField(_("历史天数"))
    end = models.BigIntegerField(_("截止时刻"))
    state = models.CharField(_("状态"), max_length=10, choices=State.choices, default=State.WAITING)
    done = models.PositiveIntegerField(_("已预演指标"), default=0)
    total = models.PositiveIntegerField(_("指标总数"), default=0)
    trouble = models.CharField(_("未完成原因"), max_length=300, blank=True)
    result = models.JSONField(_("结果"), null=True)
    rule_print = models.CharField(_("规则摘要"), max_length=64, blank=True)
    data_print = models.CharField(_("数据摘要"), max_length=64, blank=True)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(_("完成时间"), null=True)

    objects = RowManager()

    class Meta:
        verbose_name = verbose_name_plural = _("规则预演")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["proposal"],
                condition=Q(state__in=["waiting", "running"]),
                name="one_rehearsal_at_a_time",
                violation_error_message=_("这项改动正在预演,请等它完成。"),
            ),
            models.CheckConstraint(
                condition=~Q(state="done") | Q(result__isnull=False, finished_at__isnull=False),
                name="rehearsal_done_has_a_result",
                violation_error_message=_("完成的预演须有结果。"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.proposal} · {self.days}"

    @property
    def percent(self) -> int:
        return 100 * self.done // self.total if self.total else 0


class RehearsalSight(models.Model):
    """This person has opened this result."""

    rehearsal = models.ForeignKey(Rehearsal, on_delete=models.CASCADE, related_name="sights")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["rehearsal", "person"], name="rehearsal_seen_once")]
