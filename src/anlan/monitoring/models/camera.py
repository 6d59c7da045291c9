"""Cameras, the platforms and recorders that they speak through, and how their state changed."""

import ipaddress
from typing import Any, Self

from django.contrib.gis.db import models
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.utils.translation import gettext_lazy as _

from anlan.accounts.rows import PlacedRow
from anlan.kit.entities import entity
from anlan.kit.layers import Layer
from anlan.kit.rows import M, RowQuerySet

CAMERA_COLOURS = {"online": "green", "offline": "red", "never": "neutral"}
URGENCY = models.Case(
    models.When(status="offline", then=models.Value(0)),
    models.When(status="online", then=models.Value(1)),
    default=models.Value(2),
    output_field=models.SmallIntegerField(),
)
"""The order of lists: offline ones first."""
check_code = RegexValidator(r"^[0-9]{20}\Z", _("编码须为20位数字(GB/T 28181)。"))


class VideoState(models.TextChoices):
    NEVER = "never", _("从未上线")
    ONLINE = "online", _("在线")
    OFFLINE = "offline", _("离线")


class RtpMode(models.TextChoices):
    """How a picture comes over: who of camera and media server waits, and who connects (GB/T 28181-2016, annex D)."""

    UDP = "udp", "UDP"
    TCP_PASSIVE = "tcp-passive", _("TCP(设备连接流媒体)")
    TCP_ACTIVE = "tcp-active", _("TCP(流媒体连接设备)")


def check_networks(text: str) -> None:
    """Addresses or networks, divided by commas."""
    for word in text.split(","):
        try:
            ipaddress.ip_network(word.strip(), strict=False)
        except ValueError:
            raise ValidationError(_("“%(word)s”不是 IP 地址或网段。") % {"word": word.strip()}) from None


@entity(
    columns=("name", "code", "kind", "area", "status", "last_seen_at", "catalog_total"),
    search=("name", "code", "address"),
    filters=("kind", "area", "status"),
    key=("code",),
    readonly=(
        "status", "last_seen_at", "registered_until", "transport", "host", "port", "agent", "keys", "catalog_at",
        "catalog_total", "catalog_received",
    ),
    icon="hub",
)  # fmt: skip
class VideoPlatform(PlacedRow):
    """What registers by GB/T 28181: a lower platform, a recorder, or a camera that speaks for itself.

    `keys` holds HA1 by algorithm, in place of the password; empty: it may not register. `networks` empty: from anywhere.
    """

    class Kind(models.TextChoices):
        PLATFORM = "platform", _("下级平台")
        RECORDER = "recorder", _("录像机")
        CAMERA = "camera", _("独立摄像头")

    class Datum(models.TextChoices):
        CGCS2000 = "cgcs2000", "CGCS2000 / WGS 84"
        GCJ02 = "gcj02", "GCJ-02"

    code = models.CharField(_("国标编码"), max_length=20, unique=True, validators=[check_code])
    kind = models.CharField(_("类别"), max_length=10, choices=Kind.choices, default=Kind.RECORDER)
    networks = models.CharField(
        _("允许接入的网段"), max_length=200, blank=True, validators=[check_networks], help_text=_("逗号分隔;留空不限")
    )
    datum = models.CharField(_("上报坐标系"), max_length=10, choices=Datum.choices, default=Datum.CGCS2000)
    guard_first = models.BooleanField(
        _("报警前须先布防"), default=False, help_text=_("部分设备收到布防命令后才上报报警")
    )
    rtp = models.CharField(
        _("媒体传输"), max_length=12, choices=RtpMode.choices, default=RtpMode.UDP,
        help_text=_("丢包、花屏的网络宜用 TCP"),
    )  # fmt: skip
    keys = models.JSONField(_("接入密钥"), default=dict, blank=True, editable=False)
    status = models.CharField(_("状态"), max_length=10, choices=VideoState.choices, default=VideoState.NEVER)
    last_seen_at = models.DateTimeField(_("最近上线"), null=True, blank=True)
    registered_until = models.DateTimeField(_("注册有效至"), null=True, blank=True)
    transport = models.CharField(_("传输方式"), max_length=3, blank=True)
    host = models.CharField(_("来源地址"), max_length=45, blank=True)
    port = models.PositiveIntegerField(_("来源端口"), default=0)
    agent = models.CharField(_("设备软件"), max_length=120, blank=True)
    catalog_at = models.DateTimeField(_("目录更新时间"), null=True, blank=True)
    catalog_total = models.PositiveIntegerField(_("目录总数"), default=0)
    catalog_received = models.PositiveIntegerField(_("目录已收"), default=0)

    class Meta:
        verbose_name = verbose_name_plural = _("视频平台")
        ordering = ["id"]

    def admits(self, host: str) -> bool:
        """True where this address may register as it."""
        if not self.networks:
            return True
        at = ipaddress.ip_address(host)
        return any(at in ipaddress.ip_network(word.strip(), strict=False) for word in self.networks.split(","))


@entity(
    columns=("name", "code", "kind", "area", "status", "platform", "last_seen_at"),
    search=("name", "code", "address"),
    filters=("kind", "area", "status", "platform"),
    key=("code",),
    readonly=("status", "status_since", "last_seen_at", "listed"),
    layer=Layer(
        symbol="camera",
        colour_by="status",
        colours=CAMERA_COLOURS,
        properties=("name", "code", "kind", "status", "last_seen_at"),
        url=lambda row: f"/cameras/{row.pk}/",
        order=65,
    ),
)
class Camera(PlacedRow):
    """One camera. `code` is its channel in the platform; `listed` is False once the platform's catalogue drops it."""

    class Kind(models.TextChoices):
        DOME_PTZ = "1", _("球机")
        DOME = "2", _("半球")
        FIXED = "3", _("固定枪机")
        REMOTE = "4", _("遥控枪机")
        OTHER = "0", _("其他")

    code = models.CharField(_("国标编码"), max_length=20, unique=True, validators=[check_code])
    platform = models.ForeignKey(
        VideoPlatform,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="cameras",
        verbose_name=_("所属平台"),
    )
    parent_code = models.CharField(_("上级编码"), max_length=20, blank=True)
    kind = models.CharField(_("通道类型"), max_length=1, choices=Kind.choices, default=Kind.OTHER)
    ptz = models.BooleanField(_("可控云台"), default=False)
    manufacturer = models.CharField(_("厂商"), max_length=60, blank=True)
    model = models.CharField(_("型号"), max_length=60, blank=True)
    status = models.CharField(_("状态"), max_length=10, choices=VideoState.choices, default=VideoState.NEVER)
    status_since = models.DateTimeField(_("状态起始"), null=True, blank=True)
    last_seen_at = models.DateTimeField(_("最近上线"), null=True, blank=True)
    listed = models.BooleanField(_("在平台目录中"), default=True)
    enterprise = models.ForeignKey(
        "registry.Enterprise", on_delete=models.SET_NULL, null=True, blank=True, verbose_name=_("所在企业")
    )

    class Meta:
        verbose_name = verbose_name_plural = _("摄像头")
        ordering = ["id"]
        indexes = [models.Index(URGENCY, "name", "id", name="camera_list")]


class OfCamera(RowQuerySet[M]):
    """Rows that are seen by whoever sees their camera."""

    def visible_to(self, user: Any) -> Self:
        return self.filter(camera__in=Camera.objects.visible_to(user))


class CameraChange(models.Model):
    """One change of a camera's state: appended, never changed."""

    class Reason(models.TextChoices):
        CATALOG = "catalog", _("平台目录")
        NOTICE = "notice", _("平台通知")
        UNLISTED = "unlisted", _("已不在平台目录")
        SILENT = "silent", _("平台失去心跳")
        EXPIRED = "expired", _("平台注册到期")
        LEFT = "left", _("平台注销")
        ONVIF = "onvif", _("ONVIF 连接")

    camera = models.ForeignKey(Camera, on_delete=models.CASCADE, related_name="changes", verbose_name=_("摄像头"))
    at = models.DateTimeField(_("时间"))
    status = models.CharField(_("状态"), max_length=10, choices=VideoState.choices)
    reason = models.CharField(_("原因"), max_length=10, choices=Reason.choices)

    objects = models.Manager.from_queryset(OfCamera["CameraChange"])()

    class Meta:
        verbose_name = verbose_name_plural = _("摄像头状态变化")
        ordering = ["-at", "-id"]
        indexes = [models.Index(fields=["camera", "-at"], name="camera_change_list")]


class CameraAccess(models.Model):
    """How a camera is reached without a platform. `sealed` is its password, encrypted with the instance's key."""

    camera = models.OneToOneField(Camera, on_delete=models.CASCADE, related_name="access", verbose_name=_("摄像头"))
    rtsp_url = models.CharField(_("RTSP 地址"), max_length=300, blank=True)
    onvif_url = models.CharField(_("ONVIF 事件服务地址"), max_length=300, blank=True)
    user = models.CharField(_("用户名"), max_length=60, blank=True)
    sealed = models.TextField(_("口令"), blank=True, editable=False)
    heard_at = models.DateTimeField(_("最近应答"), null=True, blank=True)
    trouble = models.CharField(_("最近故障"), max_length=200, blank=True)

    objects = models.Manager.from_queryset(OfCamera["CameraAccess"])()

    class Meta:
        verbose_name = verbose_name_plural = _("摄像头接入参数")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(rtsp_url="") | models.Q(rtsp_url__regex=r"^rtsps?://[^@/]+(/|$)"),
                name="camera_rtsp_url",
                violation_error_message=_("RTSP 地址须以 rtsp:// 开头,且不含用户名和口令。"),
            ),
            models.CheckConstraint(
                condition=models.Q(onvif_url="") | models.Q(onvif_url__regex=r"^https?://[^@/]+(/|$)"),
                name="camera_onvif_url",
                violation_error_message=_("ONVIF 地址须以 http:// 或 https:// 开头,且不含用户名和口令。"),
            ),
        ]
