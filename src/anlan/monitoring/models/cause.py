"""The cause tree: which alarm explains which others, what hangs on what, and what is being suppressed now."""

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from anlan.kit.entities import entity
from anlan.kit.models import LawRule
from anlan.kit.rows import RowManager
from anlan.monitoring.models.alarm import Alarm
from anlan.monitoring.models.device import Device, Level, OfDevice


class Means(models.TextChoices):
    POWER = "power", _("供电")
    NETWORK = "network", _("通信")


def kinds_known(text: str) -> None:
    """Refuses what is no list of kinds of devices."""
    if strange := [kind for kind in text.split(",") if kind not in Device.Kind.values]:
        raise ValidationError(_("没有设备类别“%(kind)s”。"), params={"kind": "、".join(strange)})


@entity(
    columns=("parent", "means", "child"),
    search=("parent__name", "parent__code", "child__name", "child__code"),
    filters=("means",),
    key=("parent", "means", "child"),
    icon="account_tree",
)
class DeviceDependency(models.Model):
    """`child` works only while `parent` feeds or connects it."""

    parent = models.ForeignKey(Device, on_delete=models.CASCADE, related_name="feeds", verbose_name=_("上游设备"))
    means = models.CharField(_("依赖方式"), max_length=8, choices=Means.choices)
    child = models.ForeignKey(Device, on_delete=models.CASCADE, related_name="fed_by", verbose_name=_("下游设备"))

    objects = RowManager()

    class Meta:
        verbose_name = verbose_name_plural = _("设备依赖")
        ordering = ["parent_id", "child_id"]
        constraints = [
            models.UniqueConstraint(
                fields=["parent", "means", "child"],
                name="dependency_once",
                violation_error_message=_("该依赖已登记。"),
            ),
            models.CheckConstraint(
                condition=~Q(parent=F("child")),
                name="dependency_of_another",
                violation_error_message=_("设备不能依赖自己。"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.parent} → {self.child}"


@entity(
    columns=("name", "device", "device_kind", "key", "kind", "scope", "level_to", "verified", "signed_by", "active"),
    search=("name", "key", "device__name", "source"),
    filters=("scope", "device_kind", "active"),
    key=("device", "device_kind", "key", "kind", "scope", "explains"),
    readonly=("proposed_by", "signed_by", "signed_at"),
    icon="family_history",
)
class CauseRule(models.Model):
    """While an alarm of this device and key is active, those that it explains are hidden under it and counted.

    `silence` hides alarms of missing or unchanging data at any level. `level_to` is the highest level at which alarms
    about the world (over a limit, too fast …) are hidden too; orange and red only where the row says so.
    """

    class Scope(models.TextChoices):
        DEVICE = "device", _("同一设备的其他指标")
        FACILITY = "facility", _("同一设施的其他设备")
        ENTERPRISE = "enterprise", _("同一企业的其他设备")
        POWERED = "power", _("由该设备供电的设备")
        CONNECTED = "network", _("经该设备通信的设备")
        AREA = "area", _("同一区域的其他设备")
        NEAR = "near", _("半径内的其他设备")

    name = models.CharField(_("名称"), max_length=80)
    device = models.ForeignKey(
        Device, on_delete=models.CASCADE, null=True, blank=True, related_name="causes", verbose_name=_("原因设备")
    )
    device_kind = models.CharField(_("原因设备类别"), max_length=20, choices=Device.Kind.choices, blank=True)
    key = models.CharField(
        _("原因指标"), max_length=60, blank=True, help_text=_("留空为任何指标;“*:”加末段表示该类指标")
    )
    kind = models.PositiveSmallIntegerField(_("原因报警类型"), choices=Alarm.Kind.choices, null=True, blank=True)
    scope = models.CharField(_("隐去范围"), max_length=10, choices=Scope.choices)
    radius = models.PositiveIntegerField(_("半径(米)"), null=True, blank=True)
    explains = models.CharField(
        _("所解释的设备类别"), max_length=200, blank=True, validators=[kinds_known],
        help_text=_("类别代码,以逗号分隔;留空为任何类别"),
    )  # fmt: skip
    silence = models.BooleanField(_("隐去无数据、数值不变"), default=True)
    level_to = models.PositiveSmallIntegerField(
        _("隐去其他报警至"),
        choices=Level.choices,
        default=Level.YELLOW,
        help_text=_("高于此级别的报警照常发出;橙色、红色须慎选"),
    )
    within_minutes = models.PositiveIntegerField(_("并入此前(分钟)"), default=10)
    source = models.CharField(_("来源"), max_length=300, default="安澜默认值,须本单位确认")
    verified = models.CharField(
        _("核实情况"), max_length=10, choices=LawRule.Verified.choices, default=LawRule.Verified.OWN
    )
    active = models.BooleanField(_("启用"), default=True)
    proposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("提出人"),
    )
    signed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("签发人"),
    )
    signed_at = models.DateTimeField(_("签发时间"), null=True, blank=True)

    objects = RowManager()

    class Meta:
        verbose_name = verbose_name_plural = _("原因树规则")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["device", "device_kind", "key", "kind", "scope", "explains"],
                nulls_distinct=False,
                name="cause_rule_once",
                violation_error_message=_("同一原因对同一范围只能有一条规则。"),
            ),
            models.CheckConstraint(
                condition=~(Q(device=None) & Q(device_kind="") & Q(key="")),
                name="cause_rule_names_a_cause",
                violation_error_message=_("须至少指明原因设备、设备类别或指标之一。"),
            ),
            models.CheckConstraint(
                condition=~Q(scope="near") | Q(radius__gt=0),
                name="cause_rule_near_has_radius",
                violation_error_message=_("按半径隐去须填写半径。"),
            ),
            models.CheckConstraint(
                condition=Q(signed_by=None) | Q(proposed_by=None) | ~Q(signed_by=F("proposed_by")),
                name="cause_rule_signed_by_another",
                violation_error_message=_("签发人不能是提出人本人。"),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def kinds(self) -> list[str]:
        """Kinds of the devices that it explains; empty for any."""
        return self.explains.split(",") if self.explains else []

    @property
    def kinds_words(self) -> str:
        return "、".join(str(Device.Kind(kind).label) for kind in self.kinds)


class Suppression(models.Model):
    """A device whose alarms are hidden now, and under what. Made and removed with its cause, never changed."""

    device = models.ForeignKey(Device, on_delete=models.CASCADE, related_name="suppressions")
    alarm = models.ForeignKey(Alarm, on_delete=models.CASCADE, null=True, related_name="suppressions")
    window = models.ForeignKey("MaintenanceWindow", on_delete=models.CASCADE, null=True, related_name="suppressions")
    rule = models.ForeignKey(CauseRule, on_delete=models.CASCADE, null=True, related_name="suppressions")
    silence = models.BooleanField(default=True)
    level_to = models.PositiveSmallIntegerField(choices=Level.choices)
    since = models.DateTimeField()

    objects = models.Manager.from_queryset(OfDevice["Suppression"])()

    class Meta:
        verbose_name = verbose_name_plural = _("抑制中的设备")
        constraints = [
            models.CheckConstraint(condition=Q(alarm=None) ^ Q(window=None), name="suppression_has_one_cause")
        ]


class SuppressionStamp(models.Model):
    """One row whose version the database renews with every change of what is suppressed or why."""

    version = models.BigIntegerField(default=0)
