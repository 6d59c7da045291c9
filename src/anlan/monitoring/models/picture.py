"""Pictures that devices send along with their readings."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from anlan.monitoring.models.device import Device, OfDevice


class DevicePicture(models.Model):
    """One of the last pictures of a device. `media` is empty where the bytes are of no known kind."""

    device = models.ForeignKey(Device, on_delete=models.CASCADE, related_name="pictures", verbose_name=_("监测设备"))
    taken_at = models.DateTimeField(_("拍摄时间"))
    received_at = models.DateTimeField(_("接收时间"))
    media = models.CharField(_("格式"), max_length=40, blank=True)
    data = models.BinaryField(_("图片"))

    objects = models.Manager.from_queryset(OfDevice["DevicePicture"])()

    class Meta:
        verbose_name = verbose_name_plural = _("设备图片")
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["device", "taken_at"], name="device_picture_once")]
