"""What cameras and algorithms claim to have seen, and what a person made of it."""

from django.conf import settings
from django.contrib.gis.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from anlan.accounts.rows import OwnedRow
from anlan.kit.entities import entity
from anlan.kit.rows import RowManager
from anlan.monitoring.models.camera import Camera
from anlan.monitoring.models.device import Level
from anlan.monitoring.video_flow import SightingState


class Becomes(models.TextChoices):
    SIGNAL = "signal", _("转警情")
    HAZARD = "hazard", _("转隐患")


@entity(
    columns=("code", "name", "level", "becomes", "fold_seconds", "event_type", "active"),
    search=("code", "name"),
    filters=("becomes", "active"),
    key=("code",),
    example={"code": "no_helmet", "name": "未戴安全帽", "level": 1, "becomes": "hazard", "fold_seconds": 600},
    icon="category",
)
class SightingKind(models.Model):
    """One kind of sighting. Within `fold_seconds` of the last, the same claim of the same camera is counted, not asked again."""

    code = models.SlugField(_("代码"), max_length=40, unique=True)
    name = models.CharField(_("名称"), max_length=60)
    level = models.PositiveSmallIntegerField(_("级别"), choices=Level.choices, default=Level.YELLOW)
    becomes = models.CharField(_("属实后默认"), max_length=10, choices=Becomes.choices, default=Becomes.SIGNAL)
    fold_seconds = models.PositiveIntegerField(_("合并时窗(秒)"), default=300)
    event_type = models.CharField(_("警情类型代码"), max_length=20, blank=True, help_text=_("如 fire;留空为其他"))
    active = models.BooleanField(_("启用"), default=True)

    objects = RowManager()

    class Meta:
        verbose_name = verbose_name_plural = _("视频事件类型")
        ordering = ["-level", "code"]

    def __str__(self) -> str:
        return self.name


@entity(
    columns=("name", "code", "area", "active", "last_seen_at"),
    search=("name", "code"),
    filters=("area", "active"),
    key=("code",),
    readonly=("token_hash", "last_seen_at"),
    icon="smart_toy",
)
class SightingSource(OwnedRow):
    """A box or platform with algorithms, which may speak for the cameras of its area. Of its token the digest is kept."""

    name = models.CharField(_("名称"), max_length=60)
    code = models.SlugField(_("代码"), max_length=40, unique=True)
    active = models.BooleanField(_("启用"), default=True)
    token_hash = models.CharField(_("接入令牌"), max_length=64, blank=True, editable=False, db_index=True)
    last_seen_at = models.DateTimeField(_("最近上报"), null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = _("智能识别来源")
        ordering = ["id"]

    def __str__(self) -> str:
        return self.name


@entity(
    columns=("at", "camera", "kind", "origin", "algorithm", "confidence", "count", "state", "decided_by"),
    search=("camera__name", "camera__code", "algorithm", "event_id"),
    filters=("state", "kind", "area", "origin"),
    importable=False,
    changeable=False,
    history=False,
    icon="visibility",
)
class Sighting(OwnedRow):
    """One claim and those folded into it. `box` is [left, top, width, height] in parts of the picture, or null.

    `picture` is the SHA-256 under which the picture is kept, empty where there never was one.
    """

    class Origin(models.TextChoices):
        ALGORITHM = "ai", _("智能识别")
        GB28181 = "gb28181", _("国标报警")
        ONVIF = "onvif", _("ONVIF 事件")

    camera = models.ForeignKey(Camera, on_delete=models.PROTECT, related_name="sightings", verbose_name=_("摄像头"))
    kind = models.ForeignKey(SightingKind, on_delete=models.PROTECT, related_name="+", verbose_name=_("类型"))
    origin = models.CharField(_("来源"), max_length=10, choices=Origin.choices)
    source = models.ForeignKey(
        SightingSource, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("识别来源")
    )
    event_id = models.CharField(_("事件标识"), max_length=80)
    algorithm = models.CharField(_("算法"), max_length=60)
    version = models.CharField(_("算法版本"), max_length=30, blank=True)
    confidence = models.FloatField(_("置信度"), null=True)
    box = models.JSONField(_("目标框"), null=True)
    description = models.CharField(_("说明"), max_length=300, blank=True)
    at = models.DateTimeField(_("发生时间"))
    last_at = models.DateTimeField(_("最近一次"))
    arrived_at = models.DateTimeField(_("到达时间"))
    count = models.PositiveIntegerField(_("次数"), default=1)
    picture = models.CharField(_("图片校验值"), max_length=64, blank=True)
    picture_type = models.CharField(_("图片格式"), max_length=10, blank=True)
    picture_deleted_at = models.DateTimeField(_("图片删除时间"), null=True)
    state = models.CharField(_("状态"), max_length=10, choices=SightingState.choices, default=SightingState.NEW)
    becomes = models.CharField(_("去向"), max_length=10, choices=Becomes.choices, blank=True)
    reason = models.CharField(_("不实理由"), max_length=200, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("核实人")
    )
    decided_at = models.DateTimeField(_("核实时间"), null=True)
    location = models.PointField(_("位置"), srid=4490, null=True)

    class Meta:
        verbose_name = verbose_name_plural = _("视频事件")
        ordering = ["-at", "-id"]
        indexes = [
            models.Index(fields=["arrived_at", "id"], name="sighting_queue", condition=Q(state=SightingState.NEW)),
            models.Index(fields=["camera", "kind", "algorithm", "-last_at"], name="sighting_fold"),
            models.Index(fields=["-at", "-id"], name="sighting_list"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=~Q(state=SightingState.REJECTED) | ~Q(reason=""),
                name="sighting_rejected_with_reason",
                violation_error_message=_("判为不实必须写明理由。"),
            ),
            models.CheckConstraint(
                condition=~Q(state=SightingState.CONFIRMED) | ~Q(becomes=""),
                name="sighting_confirmed_goes_somewhere",
                violation_error_message=_("确认属实必须选择转警情或转隐患。"),
            ),
            models.CheckConstraint(
                condition=Q(state=SightingState.NEW, decided_at=None)
                | (~Q(state=SightingState.NEW) & Q(decided_at__isnull=False, decided_by__isnull=False)),
                name="sighting_decided_by_a_person",
                violation_error_message=_("核实结论必须有核实人和时间。"),
            ),
            models.CheckConstraint(
                condition=Q(confidence=None) | Q(confidence__gte=0, confidence__lte=1),
                name="sighting_confidence",
                violation_error_message=_("置信度须在 0 至 1 之间。"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.camera} · {self.kind}"


class SightingClaim(models.Model):
    """One message of a sender, by its own id: sent again it is known, folded it is counted where it went."""

    sender = models.CharField(_("上报方"), max_length=40)
    event_id = models.CharField(_("事件标识"), max_length=80)
    sighting = models.ForeignKey(Sighting, on_delete=models.CASCADE, related_name="claims", verbose_name=_("视频事件"))
    at = models.DateTimeField(_("发生时间"))
    arrived_at = models.DateTimeField(_("到达时间"))
    confidence = models.FloatField(_("置信度"), null=True)

    objects = RowManager()

    class Meta:
        verbose_name = verbose_name_plural = _("视频事件上报")
        constraints = [models.UniqueConstraint(fields=["sender", "event_id"], name="sighting_claim_once")]
        indexes = [models.Index(fields=["arrived_at"], name="sighting_claim_age")]
