"""Devices, their series, what judges them, and alarms."""

from django.conf import settings
from django.contrib.gis.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from anlan.accounts.rows import OwnedRow, PlacedRow
from anlan.kit.entities import entity
from anlan.kit.layers import Layer

LEVEL_COLOURS = {"0": "green", "1": "blue", "2": "yellow", "3": "orange", "4": "red"}


class Level(models.IntegerChoices):
    """Four levels, as the law's warning colours."""

    NONE = 0, _("正常")
    BLUE = 1, _("蓝色")
    YELLOW = 2, _("黄色")
    ORANGE = 3, _("橙色")
    RED = 4, _("红色")


@entity(
    columns=("name", "code", "protocol", "kind", "area", "status", "level", "last_seen_at"),
    search=("name", "code", "address"),
    filters=("protocol", "kind", "area", "status"),
    key=("protocol", "code"),
    readonly=("status", "level", "last_seen_at", "token_hash"),
    layer=Layer(
        symbol="device",
        colour_by="level",
        colours=LEVEL_COLOURS,
        properties=("name", "kind", "status", "level", "last_seen_at"),
        shown=True,
        live="device",
        order=70,
    ),
)
class Device(PlacedRow):
    """A sensor station, panel or meter. `code` is the identity it sends in its own protocol."""

    class Kind(models.TextChoices):
        RAIN = "rain", _("雨量站")
        LEVEL = "level", _("水位站")
        GAS = "gas", _("气体监测")
        WATER_QUALITY = "water_quality", _("水质监测")
        FIRE_PANEL = "fire_panel", _("消防主机")
        OTHER = "other", _("其他传感器")

    class Status(models.TextChoices):
        NEVER = "never", _("从未上线")
        ONLINE = "online", _("在线")
        SILENT = "silent", _("失联")

    code = models.CharField(_("设备编码"), max_length=64)
    protocol = models.CharField(_("通信协议"), max_length=20)
    kind = models.CharField(_("设备类别"), max_length=20, choices=Kind.choices)
    status = models.CharField(_("状态"), max_length=10, choices=Status.choices, default=Status.NEVER)
    level = models.PositiveSmallIntegerField(_("当前级别"), choices=Level.choices, default=Level.NONE)
    last_seen_at = models.DateTimeField(_("最近上线"), null=True, blank=True)
    token_hash = models.CharField(_("接入令牌"), max_length=64, blank=True, editable=False)
    enterprise = models.ForeignKey(
        "registry.Enterprise", on_delete=models.SET_NULL, null=True, blank=True, verbose_name=_("所在企业")
    )
    facility = models.ForeignKey(
        "registry.Facility", on_delete=models.SET_NULL, null=True, blank=True, verbose_name=_("所在设施")
    )

    class Meta:
        verbose_name = verbose_name_plural = _("监测设备")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["protocol", "code"],
                name="device_once",
                violation_error_message=_("该协议下已有同编码的设备。"),
            )
        ]


class Alarm(OwnedRow):
    """One cause that needs a person: active or cleared × acknowledged or not.

    `kind` follows `rules.states.Kind`. At most one active alarm exists for a series and kind.
    """

    class Kind(models.IntegerChoices):
        LEVEL = 0, _("超限")
        RATE = 1, _("突变")
        NO_DATA = 2, _("无数据")

    device = models.ForeignKey(Device, on_delete=models.PROTECT, related_name="alarms", verbose_name=_("监测设备"))
    series = models.ForeignKey(
        "monitoring.Series", on_delete=models.PROTECT, related_name="alarms", verbose_name=_("监测指标")
    )
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

    def __str__(self) -> str:
        return f"{self.device} · {self.series}"


@entity(
    columns=("device", "key", "name", "unit", "last_value", "last_time", "level"),
    search=("key", "name", "device__name", "device__code"),
    filters=("level",),
    key=("device", "key"),
    readonly=("last_value", "last_time", "level"),
    importable=False,
    history=False,
)
class Series(models.Model):
    """One quantity of a device, in one unit. `last_time` is epoch ms; `state` the kernel's memory of the series."""

    device = models.ForeignKey(Device, on_delete=models.CASCADE, related_name="series", verbose_name=_("监测设备"))
    key = models.CharField(_("指标代码"), max_length=60)
    name = models.CharField(_("指标名称"), max_length=60, blank=True)
    unit = models.CharField(_("单位"), max_length=20, blank=True)
    last_value = models.FloatField(_("最新值"), null=True)
    last_time = models.BigIntegerField(_("最新时间"), null=True)
    level = models.PositiveSmallIntegerField(_("当前级别"), choices=Level.choices, default=Level.NONE)
    state = models.BinaryField(null=True, editable=False)

    class Meta:
        verbose_name = verbose_name_plural = _("监测指标")
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["device", "key"], name="series_once")]

    def __str__(self) -> str:
        return self.name or self.key
