"""Devices, their series, the frames they last sent, and senders that nobody has registered."""

from typing import Any, Self

from django.contrib.gis.db import models
from django.utils.translation import gettext_lazy as _

from anlan.accounts.rows import PlacedRow
from anlan.kit.entities import entity
from anlan.kit.layers import Layer
from anlan.kit.rows import M, RowQuerySet
from anlan.monitoring.life.flow import Stage
from anlan.monitoring.models.whole import WholeManager

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
    readonly=("status", "level", "last_seen_at", "token_hash", "certificate_hash", "life"),
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
        VEHICLE = "vehicle", _("车辆")
        METER = "meter", _("计量仪表")
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
    silent_minutes = models.PositiveIntegerField(
        _("失联时限(分钟)"), null=True, blank=True, help_text=_("留空则按设备类别的默认值")
    )
    token_hash = models.CharField(_("接入令牌"), max_length=64, blank=True, editable=False, db_index=True)
    certificate_hash = models.CharField(_("客户端证书指纹"), max_length=64, blank=True, editable=False, db_index=True)
    life = models.CharField(_("阶段"), max_length=12, choices=Stage.choices, default=Stage.REGISTERED, editable=False)
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
            ),
            models.UniqueConstraint(
                fields=["certificate_hash"],
                condition=~models.Q(certificate_hash=""),
                name="device_certificate_once",
                violation_error_message=_("该证书已绑定另一台设备。"),
            ),
            models.CheckConstraint(
                condition=~models.Q(life=Stage.RETIRED) | models.Q(token_hash="", certificate_hash=""),
                name="retired_device_has_no_credentials",
                violation_error_message=_("已退役的设备不能有接入凭证。"),
            ),
        ]


class OfDevice(RowQuerySet[M]):
    """Rows that are seen by whoever sees their device."""

    def visible_to(self, user: Any) -> Self:
        return self.filter(device__in=Device.objects.visible_to(user))


@entity(
    columns=("device", "key", "name", "unit", "last_value", "last_time", "level"),
    search=("key", "name", "device__name", "device__code"),
    filters=("level",),
    key=("device", "key"),
    readonly=("last_value", "last_time", "level"),
    importable=False,
    history=False,
    icon="timeline",
)
class Series(models.Model):
    """One quantity of a device, in one unit. `last_time` is epoch ms; it and `last_value` may be a second old."""

    device = models.ForeignKey(Device, on_delete=models.CASCADE, related_name="series", verbose_name=_("监测设备"))
    key = models.CharField(_("指标代码"), max_length=60)
    name = models.CharField(_("指标名称"), max_length=60, blank=True)
    unit = models.CharField(_("单位"), max_length=20, blank=True)
    last_value = models.FloatField(_("最新值"), null=True)
    last_time = models.BigIntegerField(_("最新时间"), null=True)
    level = models.PositiveSmallIntegerField(_("当前级别"), choices=Level.choices, default=Level.NONE)

    objects = models.Manager.from_queryset(OfDevice["Series"])()

    class Meta:
        verbose_name = verbose_name_plural = _("监测指标")
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["device", "key"], name="series_once")]

    def __str__(self) -> str:
        return self.name or self.key


class DeviceFrame(models.Model):
    """One of the last frames of a device, as it came and as it was read; at most one a second is kept."""

    device = models.ForeignKey(Device, on_delete=models.CASCADE, related_name="frames", verbose_name=_("监测设备"))
    received_at = models.DateTimeField(_("接收时间"))
    source = models.CharField(_("来源"), max_length=20)
    function = models.CharField(_("功能码"), max_length=40, blank=True)
    raw = models.BinaryField(_("原始报文"))
    decoded = models.JSONField(_("解码结果"))

    objects = models.Manager.from_queryset(OfDevice["DeviceFrame"])()

    class Meta:
        verbose_name = verbose_name_plural = _("设备报文")
        ordering = ["-id"]


class UnknownDevice(models.Model):
    """A sender that nobody has registered. The table is bounded: those not heard for longest make room."""

    protocol = models.CharField(_("通信协议"), max_length=20)
    code = models.CharField(_("设备编码"), max_length=64)
    first_seen_at = models.DateTimeField(_("首次出现"))
    last_seen_at = models.DateTimeField(_("最近出现"))
    frames = models.BigIntegerField(_("报文数"), default=0)
    readings = models.BigIntegerField(_("读数数"), default=0)
    last_raw = models.BinaryField(_("最近报文"), null=True)

    objects = WholeManager()

    class Meta:
        verbose_name = verbose_name_plural = _("未登记设备")
        ordering = ["-last_seen_at"]
        constraints = [models.UniqueConstraint(fields=["protocol", "code"], name="unknown_device_once")]

    def __str__(self) -> str:
        return f"{self.protocol} · {self.code}"
