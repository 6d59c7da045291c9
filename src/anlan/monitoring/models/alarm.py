"""Alarms and their timeline."""

from django.conf import settings
from django.contrib.gis.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from anlan.accounts.rows import OwnedRow
from anlan.monitoring.alarm_flow import AlarmState, AlarmStepName
from anlan.monitoring.models.device import Device, Level, Series


class Alarm(OwnedRow):
    """One cause that needs a person: active or cleared × acknowledged or not.

    `kind` follows `rules.states.Kind`. At most one active alarm exists for a series and kind.
    """

    class Kind(models.IntegerChoices):
        LEVEL = 0, _("超限")
        RATE = 1, _("突变")
        NO_DATA = 2, _("无数据")
        ACCUMULATION = 3, _("累计超限")
        FLAT = 4, _("数值不变")
        FORECAST = 5, _("预计超限")
        DRIFT = 6, _("漂移")
        DIFFERENCE = 7, _("差值超限")

    device = models.ForeignKey(Device, on_delete=models.PROTECT, related_name="alarms", verbose_name=_("监测设备"))
    series = models.ForeignKey(Series, on_delete=models.PROTECT, related_name="alarms", verbose_name=_("监测指标"))
    kind = models.PositiveSmallIntegerField(_("报警类型"), choices=Kind.choices)
    level = models.PositiveSmallIntegerField(_("级别"), choices=Level.choices)
    highest_level = models.PositiveSmallIntegerField(_("最高级别"), choices=Level.choices)
    value = models.FloatField(_("触发值"), null=True)
    raised_at = models.DateTimeField(_("触发时间"))
    arrived_at = models.DateTimeField(_("到达时间"))
    cleared_at = models.DateTimeField(_("解除时间"), null=True)
    acknowledged_at = models.DateTimeField(_("确认时间"), null=True)
    acknowledged_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("确认人"),
    )
    location = models.PointField(_("位置"), srid=4490, null=True)

    class Meta:
        verbose_name = verbose_name_plural = _("报警")
        ordering = ["-raised_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["series", "kind"], condition=Q(cleared_at=None), name="one_active_alarm_a_cause"
            )
        ]
        indexes = [models.Index(fields=["cleared_at", "-arrived_at"], name="alarm_list")]

    def __str__(self) -> str:
        return f"{self.device} · {self.series}"

    @property
    def state(self) -> AlarmState:
        """Active or cleared × acknowledged or not."""
        return AlarmState.of(cleared=self.cleared_at is not None, acknowledged=self.acknowledged_at is not None)


class AlarmStep(models.Model):
    """One line of an alarm's timeline: appended, never changed (the database refuses)."""

    alarm = models.ForeignKey(Alarm, on_delete=models.PROTECT, related_name="steps", verbose_name=_("报警"))
    step = models.CharField(_("事项"), max_length=12, choices=AlarmStepName.choices)
    at = models.DateTimeField(_("发生时间"))
    recorded_at = models.DateTimeField(_("记录时间"), auto_now_add=True)
    level = models.PositiveSmallIntegerField(_("级别"), choices=Level.choices, default=Level.NONE)
    value = models.FloatField(_("数值"), null=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("经办人")
    )
    note = models.CharField(_("说明"), max_length=500, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = _("报警时间线")
        ordering = ["id"]
