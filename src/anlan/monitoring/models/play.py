"""What people ask of cameras and platforms: a live picture, or a command."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from anlan.kit.rows import RowManager
from anlan.monitoring.models.camera import Camera, OfCamera, RtpMode, VideoPlatform
from anlan.monitoring.video_flow import PlayState

OPEN = Q(state__in=[PlayState.ASKED, PlayState.INVITED, PlayState.PLAYING])
UNDER_WAY = ~Q(state__in=[PlayState.ENDED, PlayState.FAILED])


class CameraStream(models.Model):
    """One camera's picture at the media server, however many people watch it. `name` is its name there.

    `dialog` is what a BYE needs, kept so that a camera is told to stop even after our own process has died.
    """

    class Way(models.TextChoices):
        GB28181 = "gb28181", "GB/T 28181"
        RTSP = "rtsp", "RTSP"

    camera = models.ForeignKey(Camera, on_delete=models.CASCADE, related_name="streams", verbose_name=_("摄像头"))
    way = models.CharField(_("取流方式"), max_length=10, choices=Way.choices)
    state = models.CharField(_("状态"), max_length=10, choices=PlayState.choices, default=PlayState.ASKED)
    name = models.CharField(_("流标识"), max_length=40)
    ssrc = models.CharField(_("SSRC"), max_length=10, blank=True)
    rtp = models.CharField(_("媒体传输"), max_length=12, choices=RtpMode.choices, default=RtpMode.UDP)
    rtp_host = models.CharField(_("收流地址"), max_length=100, blank=True)
    rtp_port = models.PositiveIntegerField(_("收流端口"), default=0)
    urls = models.JSONField(_("播放地址"), default=dict)
    trouble = models.CharField(_("失败原因"), max_length=200, blank=True)
    dialog = models.JSONField(_("信令会话"), default=dict, blank=True)
    asked_at = models.DateTimeField(_("请求时间"))
    ended_at = models.DateTimeField(_("结束时间"), null=True)

    objects = models.Manager.from_queryset(OfCamera["CameraStream"])()

    class Meta:
        verbose_name = verbose_name_plural = _("视频流")
        ordering = ["-id"]
        indexes = [models.Index(fields=["state"], name="stream_open", condition=UNDER_WAY)]
        constraints = [
            models.UniqueConstraint(
                fields=["camera"],
                condition=OPEN,
                name="stream_of_camera_once",
                violation_error_message=_("同一摄像头同时只取一路流。"),
            ),
            models.UniqueConstraint(
                fields=["ssrc"],
                condition=UNDER_WAY & ~Q(ssrc=""),
                name="stream_ssrc_once",
                violation_error_message=_("SSRC 不能同时用于两路流。"),
            ),
        ]


class PlaySession(models.Model):
    """One person's watching of one stream. `seen_at`: the page was open then."""

    camera = models.ForeignKey(Camera, on_delete=models.CASCADE, related_name="plays", verbose_name=_("摄像头"))
    stream = models.ForeignKey(
        CameraStream, on_delete=models.CASCADE, related_name="sessions", verbose_name=_("视频流")
    )
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("观看人")
    )
    asked_at = models.DateTimeField(_("请求时间"))
    seen_at = models.DateTimeField(_("页面最近在线"))
    ended_at = models.DateTimeField(_("结束时间"), null=True)

    objects = models.Manager.from_queryset(OfCamera["PlaySession"])()

    class Meta:
        verbose_name = verbose_name_plural = _("视频观看")
        ordering = ["-id"]
        indexes = [models.Index(fields=["stream"], name="play_open", condition=Q(ended_at=None))]

    @property
    def state(self) -> PlayState:
        """The stream's, until the person has stopped watching."""
        state = PlayState(self.stream.state)
        return PlayState.ENDED if self.ended_at and state != PlayState.FAILED else state


class PlatformCommand(models.Model):
    """A command to a platform, sent by the process that holds its connection."""

    class Kind(models.TextChoices):
        CATALOG = "catalog", _("更新目录")
        DEVICE_INFO = "info", _("查询设备信息")
        DEVICE_STATUS = "status", _("查询设备状态")
        GUARD = "guard", _("布防")
        UNGUARD = "unguard", _("撤防")

    class State(models.TextChoices):
        ASKED = "asked", _("待发送")
        SENT = "sent", _("已发送")
        ANSWERED = "answered", _("已答复")
        FAILED = "failed", _("无答复")

    platform = models.ForeignKey(
        VideoPlatform, on_delete=models.CASCADE, related_name="commands", verbose_name=_("视频平台")
    )
    kind = models.CharField(_("命令"), max_length=10, choices=Kind.choices)
    state = models.CharField(_("状态"), max_length=10, choices=State.choices, default=State.ASKED)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("下达人")
    )
    asked_at = models.DateTimeField(_("下达时间"))
    sent_at = models.DateTimeField(_("发送时间"), null=True)
    answered_at = models.DateTimeField(_("答复时间"), null=True)
    answer = models.JSONField(_("答复"), default=dict)

    objects = RowManager()

    class Meta:
        verbose_name = verbose_name_plural = _("平台命令")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["state"], name="platform_command_open", condition=Q(state__in=["asked", "sent"]))
        ]
