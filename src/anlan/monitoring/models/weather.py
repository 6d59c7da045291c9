"""Warnings of other offices, received as CAP 1.2, and where they come from."""

from typing import Self

from django.contrib.gis.db import models
from django.core.validators import MinValueValidator, URLValidator
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from anlan.kit.entities import entity
from anlan.kit.layers import Layer
from anlan.kit.rows import RowManager, RowQuerySet

SEVERITY_COLOURS = {"Extreme": "red", "Severe": "orange", "Moderate": "yellow", "Minor": "blue", "Unknown": "neutral"}


@entity(
    columns=("name", "url", "period", "active", "last_ok_at", "last_error"),
    search=("name", "url"),
    filters=("active",),
    key=("name",),
    readonly=("token_hash", "last_ok_at", "last_error", "failures", "due_at", "seen"),
    example={"name": "市气象局预警", "url": "https://weather.example.cn/cap/feed.xml", "period": 60},
    icon="rss_feed",
)
class WarningFeed(models.Model):
    """An office that warns. With an address it is asked; with a token it may send by itself. `period` in seconds."""

    name = models.CharField(_("名称"), max_length=60, unique=True)
    url = models.CharField(
        _("拉取地址"),
        max_length=300,
        blank=True,
        validators=[URLValidator(["http", "https"])],
        help_text=_("CAP、Atom 或 RSS;留空则只接受推送"),
    )
    period = models.PositiveIntegerField(_("周期(秒)"), default=60, validators=[MinValueValidator(10)])
    active = models.BooleanField(_("启用"), default=True)
    token_hash = models.CharField(_("推送令牌"), max_length=64, blank=True, editable=False, db_index=True)
    due_at = models.DateTimeField(_("下次拉取"), null=True, blank=True)
    last_ok_at = models.DateTimeField(_("最近成功"), null=True, blank=True)
    last_error = models.CharField(_("最近错误"), max_length=200, blank=True)
    failures = models.PositiveIntegerField(_("连续失败"), default=0)
    seen = models.JSONField(default=list, editable=False)

    objects = RowManager()

    class Meta:
        verbose_name = verbose_name_plural = _("预警信息来源")
        ordering = ["id"]

    def __str__(self) -> str:
        return self.name


class WarningQuerySet(RowQuerySet["WeatherWarning"]):
    """Warnings are for everybody who is logged in."""

    def in_force(self) -> Self:
        """Actual ones that nobody has replaced, cancelled or let run out."""
        actual = self.filter(standing="current", status="Actual")
        return actual.filter(Q(expires=None) | Q(expires__gt=Now()))


@entity(
    columns=("headline", "event", "severity", "sender_name", "sent", "expires", "status", "standing"),
    search=("headline", "event", "sender", "identifier"),
    filters=("severity", "status", "msg_type", "standing"),
    key=("sender", "identifier", "sent"),
    readonly=("standing",),
    importable=False,
    changeable=False,
    history=False,
    layer=Layer(
        symbol="warning",
        geometry="geometry",
        label="headline",
        colour_by="severity",
        colours=SEVERITY_COLOURS,
        properties=("headline", "event", "severity", "sender_name", "sent", "expires", "area_text"),
        rows=lambda user: WeatherWarning.objects.visible_to(user).in_force(),
        url=lambda row: f"/warnings/{row.pk}/",
        shown=True,
        live="warning",
        order=20,
    ),
    icon="thunderstorm",
)
class WeatherWarning(models.Model):
    """One message of an office. Three words identify it; `replaced_by` is the message that updates or cancels it.

    Exercises and tests are kept and never count as in force.
    """

    class Standing(models.TextChoices):
        CURRENT = "current", _("有效")
        REPLACED = "replaced", _("已更新")
        CANCELLED = "cancelled", _("已解除")
        NOTICE = "notice", _("仅告知")

    class Severity(models.TextChoices):
        EXTREME = "Extreme", _("特别严重")
        SEVERE = "Severe", _("严重")
        MODERATE = "Moderate", _("较重")
        MINOR = "Minor", _("一般")
        UNKNOWN = "Unknown", _("未知")

    class Status(models.TextChoices):
        ACTUAL = "Actual", _("实际")
        EXERCISE = "Exercise", _("演练")
        SYSTEM = "System", _("系统")
        TEST = "Test", _("测试")
        DRAFT = "Draft", _("草稿")

    class MsgType(models.TextChoices):
        ALERT = "Alert", _("发布")
        UPDATE = "Update", _("更新")
        CANCEL = "Cancel", _("解除")
        ACK = "Ack", _("回执")
        ERROR = "Error", _("更正错误")

    feed = models.ForeignKey(WarningFeed, on_delete=models.PROTECT, related_name="warnings", verbose_name=_("来源"))
    identifier = models.CharField(_("标识"), max_length=200)
    sender = models.CharField(_("发送者"), max_length=200)
    sent = models.DateTimeField(_("发送时间"))
    status = models.CharField(_("性质"), max_length=10, choices=Status.choices)
    msg_type = models.CharField(_("动作"), max_length=10, choices=MsgType.choices)
    scope = models.CharField(_("范围"), max_length=12)
    references = models.JSONField(_("所指消息"), default=list)
    standing = models.CharField(_("效力"), max_length=10, choices=Standing.choices)
    replaced_by = models.ForeignKey(
        "self", on_delete=models.SET_NULL, null=True, blank=True, related_name="replaces", verbose_name=_("后续消息")
    )
    language = models.CharField(_("语言"), max_length=20, blank=True)
    event = models.CharField(_("事件"), max_length=120, blank=True)
    category = models.CharField(_("类别"), max_length=60, blank=True)
    urgency = models.CharField(_("紧迫度"), max_length=12, blank=True)
    severity = models.CharField(_("严重程度"), max_length=10, choices=Severity.choices, default=Severity.UNKNOWN)
    certainty = models.CharField(_("确定性"), max_length=12, blank=True)
    onset = models.DateTimeField(_("开始时间"), null=True, blank=True)
    expires = models.DateTimeField(_("失效时间"), null=True, blank=True)
    sender_name = models.CharField(_("发布单位"), max_length=200, blank=True)
    headline = models.CharField(_("标题"), max_length=300, blank=True)
    description = models.TextField(_("内容"), blank=True)
    instruction = models.TextField(_("防御指引"), blank=True)
    area_text = models.CharField(_("影响区域"), max_length=500, blank=True)
    geocodes = models.JSONField(_("区域代码"), default=list)
    geometry = models.MultiPolygonField(_("影响范围"), srid=4490, null=True, blank=True)
    infos = models.JSONField(_("各语种内容"), default=list)
    raw = models.BinaryField(_("原文"))
    received_at = models.DateTimeField(_("接收时间"))

    objects = models.Manager.from_queryset(WarningQuerySet)()

    class Meta:
        verbose_name = verbose_name_plural = _("外部预警")
        ordering = ["-sent", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["sender", "identifier", "sent"], name="weather_warning_once"),
        ]

    @property
    def holds(self) -> bool:
        """Whether it is in force now; the same as `in_force` says of rows."""
        current = self.standing == self.Standing.CURRENT and self.status == self.Status.ACTUAL
        return current and (self.expires is None or self.expires > timezone.now())

    def __str__(self) -> str:
        return self.headline or self.event or self.identifier
