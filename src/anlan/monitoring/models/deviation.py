"""How far devices keep to their protocol, counted."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from anlan.monitoring.models.device import Device, OfDevice


class DeviationCount(models.Model):
    """How often a device departed from its protocol on a day (Beijing's), by the name of the deviation.

    "error:checksum" and the like are failed frames on a connection over which this device had spoken last.
    """

    device = models.ForeignKey(Device, on_delete=models.CASCADE, related_name="deviations", verbose_name=_("监测设备"))
    name = models.CharField(_("不合规之处"), max_length=40)
    day = models.DateField(_("日期"))
    count = models.BigIntegerField(_("次数"), default=0)
    last_at = models.DateTimeField(_("最近一次"))

    objects = models.Manager.from_queryset(OfDevice["DeviationCount"])()

    class Meta:
        verbose_name = verbose_name_plural = _("报文不合规计数")
        ordering = ["-day", "device", "name"]
        constraints = [models.UniqueConstraint(fields=["device", "name", "day"], name="deviation_count_once")]
