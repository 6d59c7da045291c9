"""Who is on duty, and to whom an alarm goes that nobody acknowledges."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from anlan.accounts.rows import OwnedRow
from anlan.kit.entities import entity
from anlan.kit.models import LawRule
from anlan.kit.rows import RowManager
from anlan.monitoring.models.device import Level


class DutyRole(models.TextChoices):
    DUTY_OFFICER = "duty_officer", _("值班员")
    SHIFT_LEADER = "shift_leader", _("带班领导")
    BUREAU_LEADER = "bureau_leader", _("局领导")


@entity(
    columns=("person", "role", "area", "starts_at", "ends_at"),
    search=("person__display_name", "person__username"),
    filters=("role", "area"),
    key=("person", "role", "starts_at"),
    icon="event_available",
)
class DutyShift(OwnedRow):
    """A person on duty for an area and all below it, from–to."""

    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="duty_shifts", verbose_name=_("人员")
    )
    role = models.CharField(_("岗位"), max_length=16, choices=DutyRole.choices)
    starts_at = models.DateTimeField(_("上岗时间"))
    ends_at = models.DateTimeField(_("离岗时间"))

    class Meta:
        verbose_name = verbose_name_plural = _("值班表")
        ordering = ["starts_at", "role"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")),
                name="duty_shift_not_reversed",
                violation_error_message=_("离岗时间须晚于上岗时间。"),
            ),
            models.UniqueConstraint(
                fields=["person", "role", "starts_at"],
                name="duty_shift_once",
                violation_error_message=_("该人员同一时间的这一班已登记。"),
            ),
        ]
        indexes = [models.Index(fields=["role", "starts_at", "ends_at"], name="duty_shift_now")]

    def __str__(self) -> str:
        return f"{self.person} · {self.get_role_display()}"


@entity(
    columns=("area", "level", "after_minutes", "role", "source", "verified"),
    filters=("level", "area"),
    key=("area", "level", "role"),
    icon="escalator",
)
class EscalationStep(models.Model):
    """After so many minutes without acknowledgement an alarm of this level and area goes to whoever holds this duty.

    An area's own steps replace those of the area above it; where no row is, the law row `alarm_escalation` holds.
    """

    area = models.ForeignKey("accounts.Area", on_delete=models.CASCADE, related_name="+", verbose_name=_("适用区域"))
    level = models.PositiveSmallIntegerField(_("级别"), choices=Level.choices)
    after_minutes = models.PositiveIntegerField(_("未确认(分钟)"))
    role = models.CharField(_("上报岗位"), max_length=16, choices=DutyRole.choices)
    source = models.CharField(_("来源"), max_length=300, blank=True)
    verified = models.CharField(
        _("核实情况"), max_length=10, choices=LawRule.Verified.choices, default=LawRule.Verified.OWN
    )

    objects = RowManager()

    class Meta:
        verbose_name = verbose_name_plural = _("报警上报步骤")
        ordering = ["area_id", "-level", "after_minutes"]
        constraints = [
            models.UniqueConstraint(
                fields=["area", "level", "role"],
                name="escalation_step_once",
                violation_error_message=_("同一区域同一级别的同一岗位只能有一步。"),
            )
        ]

    def __str__(self) -> str:
        return f"{self.area} · {self.get_level_display()} · {self.after_minutes}"
