"""Commissioning checks: what was found, and who signed for it."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from anlan.monitoring.models.device import Device, OfDevice


class Commissioning(models.Model):
    """The check-list as it stood when a person signed: `checks` are {"code", "state", "words"} rows."""

    device = models.ForeignKey(
        Device, on_delete=models.CASCADE, related_name="commissionings", verbose_name=_("监测设备")
    )
    at = models.DateTimeField(_("验收时间"), auto_now_add=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("验收人")
    )
    checks = models.JSONField(_("检查结果"))
    failed = models.PositiveSmallIntegerField(_("不合格项"), default=0)
    note = models.CharField(_("说明"), max_length=500, blank=True)

    objects = models.Manager.from_queryset(OfDevice["Commissioning"])()

    class Meta:
        verbose_name = verbose_name_plural = _("设备验收")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(failed=0) | ~Q(note=""),
                name="commissioning_with_faults_says_why",
                violation_error_message=_("带着不合格项验收须写明理由。"),
            )
        ]

    def __str__(self) -> str:
        return f"{self.device} · {self.at:%Y-%m-%d}"
