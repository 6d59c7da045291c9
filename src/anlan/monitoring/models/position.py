"""Where moving devices were last."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from anlan.monitoring.models.device import Device, OfDevice


class Position(models.Model):
    """The newest fix of a device that moves; its point is the device's own `location`. `time` is epoch ms.

    `heard` is the time of the newest report, with a fix or without one.
    """

    device = models.OneToOneField(
        Device, on_delete=models.CASCADE, primary_key=True, related_name="position", verbose_name=_("监测设备")
    )
    time = models.BigIntegerField(_("定位时间"))
    heard = models.BigIntegerField(_("最近报告时间"))
    speed = models.FloatField(_("速度(千米/小时)"), null=True)
    direction = models.FloatField(_("方向(度)"), null=True)

    objects = models.Manager.from_queryset(OfDevice["Position"])()

    class Meta:
        verbose_name = verbose_name_plural = _("移动设备位置")
