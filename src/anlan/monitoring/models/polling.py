"""Devices that do not speak by themselves: how they are asked, and which of their values are series."""

from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from anlan.kit.entities import entity
from anlan.monitoring.models.device import Device, OfDevice

ADDRESS = r"^(modbus|cjt188)-dtu://[!-~]{1,64}$|^(modbus|modbus-rtu|cjt188)://[A-Za-z0-9.\-]+(:\d{1,5})?$|^opc\.tcp://[A-Za-z0-9.\-]+(:\d{1,5})?(/[^\s]*)?$"


@entity(
    columns=("device", "address", "unit", "period", "active", "last_ok_at", "last_error"),
    search=("address", "device__name", "device__code"),
    filters=("active", "mode"),
    key=("device",),
    readonly=("last_poll_at", "last_ok_at", "last_error", "failures", "polls", "errors"),
    example={"device": "cold-store-1", "address": "modbus://192.168.10.20:502", "unit": 1, "period": 30, "timeout": 5},
    icon="sync",
)
class PollPlan(models.Model):
    """How one device is asked. Devices with the same address share one connection. Times in seconds."""

    class Mode(models.TextChoices):
        POLL = "poll", _("定时询问")
        SUBSCRIBE = "subscribe", _("订阅变化")

    device = models.OneToOneField(
        Device, on_delete=models.CASCADE, related_name="poll_plan", verbose_name=_("监测设备")
    )
    address = models.CharField(
        _("地址"),
        max_length=200,
        validators=[RegexValidator(ADDRESS, _("须形如 modbus://主机:端口、modbus-rtu://、cjt188:// 或 opc.tcp://。"))],
        help_text=_(
            "modbus://、modbus-rtu://(RTU 帧经 TCP)、cjt188://(透明传输)、opc.tcp://;设备拨入时为 modbus-dtu:// 或 cjt188-dtu:// 加注册码"
        ),
    )
    unit = models.PositiveSmallIntegerField(_("从站号"), default=1, validators=[MaxValueValidator(255)])
    mode = models.CharField(_("方式"), max_length=10, choices=Mode.choices, default=Mode.POLL)
    period = models.PositiveIntegerField(
        _("周期(秒)"), default=60, validators=[MinValueValidator(1), MaxValueValidator(86_400)]
    )
    timeout = models.PositiveSmallIntegerField(
        _("等待应答(秒)"), default=5, validators=[MinValueValidator(1), MaxValueValidator(60)]
    )
    active = models.BooleanField(_("启用"), default=True)
    last_poll_at = models.DateTimeField(_("最近询问"), null=True, blank=True)
    last_ok_at = models.DateTimeField(_("最近成功"), null=True, blank=True)
    last_error = models.CharField(_("最近错误"), max_length=200, blank=True)
    failures = models.PositiveIntegerField(_("连续失败"), default=0)
    polls = models.BigIntegerField(_("询问次数"), default=0)
    errors = models.BigIntegerField(_("失败次数"), default=0)

    objects = models.Manager.from_queryset(OfDevice["PollPlan"])()

    class Meta:
        verbose_name = verbose_name_plural = _("轮询计划")
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(period__gte=1, period__lte=86_400, timeout__gte=1, timeout__lte=60, unit__lte=255),
                name="poll_plan_in_bounds",
                violation_error_message=_("周期须为1至86400秒,等待应答须为1至60秒,从站号须为0至255。"),
            )
        ]

    def __str__(self) -> str:
        return f"{self.device} · {self.address}"


@entity(
    columns=("device", "key", "table", "address", "type", "node", "unit", "active"),
    search=("key", "node", "device__name", "device__code"),
    filters=("active", "table", "type"),
    key=("device", "key"),
    example={
        "device": "cold-store-1", "key": "temperature", "table": "holding", "address": 0, "type": "int16",
        "scale": 0.1, "unit": "℃",
    },
    icon="pin",
)  # fmt: skip
class PolledPoint(models.Model):
    """One value of a polled device that is a series: `value = raw × scale + offset`; `missing` is raw for "none"."""

    class Table(models.TextChoices):
        HOLDING = "holding", _("保持寄存器(03)")
        INPUT = "input", _("输入寄存器(04)")
        COIL = "coil", _("线圈(01)")
        DISCRETE = "discrete", _("离散输入(02)")

    class Type(models.TextChoices):
        INT16 = "int16", _("16位整数")
        UINT16 = "uint16", _("16位无符号整数")
        INT32 = "int32", _("32位整数")
        UINT32 = "uint32", _("32位无符号整数")
        FLOAT32 = "float32", _("32位浮点数")
        FLOAT64 = "float64", _("64位浮点数")

    class WordOrder(models.TextChoices):
        BIG = "big", _("高位字在前")
        LITTLE = "little", _("低位字在前")

    device = models.ForeignKey(
        Device, on_delete=models.CASCADE, related_name="polled_points", verbose_name=_("监测设备")
    )
    key = models.CharField(_("指标代码"), max_length=60)
    unit = models.CharField(_("单位"), max_length=20, blank=True)
    table = models.CharField(_("寄存器类别"), max_length=10, choices=Table.choices, default=Table.HOLDING)
    address = models.PositiveIntegerField(
        _("寄存器地址"), null=True, blank=True, validators=[MaxValueValidator(65_535)], help_text=_("从0起")
    )
    type = models.CharField(_("数据类型"), max_length=10, choices=Type.choices, default=Type.INT16)
    word_order = models.CharField(_("字序"), max_length=6, choices=WordOrder.choices, default=WordOrder.BIG)
    node = models.CharField(_("节点"), max_length=200, blank=True, help_text=_("OPC UA 节点,如 ns=2;i=1001"))
    scale = models.FloatField(_("系数"), default=1.0)
    offset = models.FloatField(_("偏移"), default=0.0)
    missing = models.FloatField(_("表示无值的原始值"), null=True, blank=True)
    active = models.BooleanField(_("启用"), default=True)

    objects = models.Manager.from_queryset(OfDevice["PolledPoint"])()

    class Meta:
        verbose_name = verbose_name_plural = _("轮询点")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["device", "key"],
                name="polled_point_once",
                violation_error_message=_("该设备已有同代码的轮询点。"),
            ),
            models.CheckConstraint(
                condition=Q(address__isnull=False, node="", address__lte=65_535) | (Q(address=None) & ~Q(node="")),
                name="polled_point_is_register_or_node",
                violation_error_message=_("轮询点须填寄存器地址(0至65535)或节点,二者之一。"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.device} · {self.key}"
