"""Maintenance windows: planned silence of a device, a facility or an area."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from anlan.accounts.rows import OwnedRow
from anlan.kit.entities import entity
from anlan.monitoring.models.device import Device, Level

WINDOW_FAULTS = {
    "window_device_overlap": _("该设备在这段时间已有维护安排。"),
    "window_facility_overlap": _("该设施在这段时间已有维护安排。"),
    "window_area_overlap": _("该区域在这段时间已有维护安排。"),
}
"""Sentences of the exclusion constraints, which stand in the migration."""


@entity(
    columns=("reason", "device", "facility", "area", "starts_at", "ends_at", "made_by", "cancelled_at"),
    search=("reason", "device__name", "facility__name"),
    filters=("area",),
    changeable=False,
    importable=False,
    history=False,
    icon="build",
)
class MaintenanceWindow(OwnedRow):
    """From–to, in which alarms up to `level_to` are hidden and counted; those still active come out at the end.

    It covers the device, else the facility, else the whole area. Weekly ones are a row a week with one `batch`.
    """

    device = models.ForeignKey(Device, on_delete=models.CASCADE, null=True, verbose_name=_("监测设备"))
    facility = models.ForeignKey("registry.Facility", on_delete=models.CASCADE, null=True, verbose_name=_("设施"))
    starts_at = models.DateTimeField(_("开始时间"))
    ends_at = models.DateTimeField(_("结束时间"))
    reason = models.CharField(_("事由"), max_length=200)
    level_to = models.PositiveSmallIntegerField(_("隐去报警至"), choices=Level.choices, default=Level.RED)
    batch = models.UUIDField(_("重复批次"), null=True, editable=False)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("安排人")
    )
    made_at = models.DateTimeField(_("安排时间"), default=timezone.now)
    cancelled_at = models.DateTimeField(_("取消时间"), null=True)
    cancelled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("取消人")
    )

    class Meta:
        verbose_name = verbose_name_plural = _("维护安排")
        ordering = ["-starts_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")),
                name="window_not_reversed",
                violation_error_message=_("结束时间须晚于开始时间。"),
            ),
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("made_at")),
                name="window_not_past",
                violation_error_message=_("维护时间已经过去。"),
            ),
            models.CheckConstraint(
                condition=Q(device=None) | Q(facility=None),
                name="window_has_one_scope",
                violation_error_message=_("设备和设施只能选一项。"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.place} · {self.reason}"

    @property
    def place(self) -> str:
        return str(self.device or self.facility or self.area)

    def is_current(self) -> bool:
        return self.cancelled_at is None and self.starts_at <= timezone.now() < self.ends_at
