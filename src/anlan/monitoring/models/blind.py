"""Where the bureau does not see: sensors that tell nothing, and ground that none covers."""

from typing import Self

from django.contrib.gis.db import models
from django.utils.translation import gettext_lazy as _

from anlan.accounts.rows import OwnedRow, PlacedRow
from anlan.monitoring.models.device import Device, OfDevice, Series

BLIND_COLOURS = {"silent": "red", "invalid": "orange", "flat": "yellow", "drift": "yellow", "camera": "red"}


class BlindSpot(PlacedRow):
    """A sensor or camera that stands there and tells nothing that can be trusted; renewed by a job."""

    class Kind(models.TextChoices):
        SILENT = "silent", _("失联")
        INVALID = "invalid", _("无效值过多")
        FLAT = "flat", _("数值不变")
        DRIFT = "drift", _("漂移")
        CAMERA = "camera", _("摄像机离线")

    kind = models.CharField(_("盲区类型"), max_length=10, choices=Kind.choices)
    device = models.ForeignKey(
        Device, on_delete=models.CASCADE, null=True, related_name="blind_spots", verbose_name=_("监测设备")
    )
    thing = models.CharField(_("对象"), max_length=60, help_text=_("对象类型和编号"))
    since = models.DateTimeField(_("自何时起"), null=True)
    detail = models.CharField(_("判定依据"), max_length=200, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = _("监测盲点")
        ordering = ["kind", "since"]
        constraints = [models.UniqueConstraint(fields=["kind", "thing"], name="blind_spot_once")]


class BlindArea(OwnedRow):
    """Ground of an area that no working sensor of a kind covers, by the declared radius of that kind."""

    kind = models.CharField(_("设备类别"), max_length=20, choices=Device.Kind.choices)
    name = models.CharField(_("名称"), max_length=120)
    boundary = models.MultiPolygonField(_("未覆盖范围"), srid=4490)
    radius = models.PositiveIntegerField(_("覆盖半径(米)"))
    working = models.PositiveIntegerField(_("在线设备数"))
    uncovered = models.FloatField(_("未覆盖比例(%)"))
    uncovered_km2 = models.FloatField(_("未覆盖面积(平方公里)"))
    computed_at = models.DateTimeField(_("计算时间"))

    class Meta:
        verbose_name = verbose_name_plural = _("未覆盖区域")
        ordering = ["-uncovered"]
        constraints = [models.UniqueConstraint(fields=["area", "kind"], name="blind_area_once")]

    def __str__(self) -> str:
        return self.name


class OfSeriesDay(OfDevice["SeriesDay"]):
    """Seen by whoever sees the series' device."""

    def visible_to(self, user: object) -> Self:
        return self.filter(series__in=Series.objects.visible_to(user))


class SeriesDay(models.Model):
    """One series' day in Beijing, in short: what tells a sensor that is stuck, mute or drifting from one that is well.

    `number` counts measurements, `bad` those that were no number or out of range. `changed` is when, in ms, the value
    last was another than before; empty where it never was that day.
    """

    series = models.ForeignKey(Series, on_delete=models.CASCADE, related_name="+", verbose_name=_("监测指标"))
    day = models.DateField(_("日期"))
    number = models.PositiveIntegerField(_("有效读数"))
    bad = models.PositiveIntegerField(_("无效或超量程"))
    low = models.FloatField(_("最小值"), null=True)
    high = models.FloatField(_("最大值"), null=True)
    median = models.FloatField(_("中位数"), null=True)
    last = models.FloatField(_("末值"), null=True)
    first = models.BigIntegerField(_("首个读数时间"), null=True)
    changed = models.BigIntegerField(_("最近变化时间"), null=True)

    objects = models.Manager.from_queryset(OfSeriesDay)()

    class Meta:
        verbose_name = verbose_name_plural = _("指标日摘要")
        ordering = ["-day"]
        constraints = [models.UniqueConstraint(fields=["series", "day"], name="series_day_once")]
        indexes = [models.Index(fields=["day"], name="series_day_of")]

    def __str__(self) -> str:
        return f"{self.series} · {self.day}"
