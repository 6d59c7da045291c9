"""Commands to devices, and the frames in which they went out and were answered."""

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from anlan.monitoring.commanding.flow import OPEN, CommandState
from anlan.monitoring.models.device import Device, OfDevice


class DeviceCommand(models.Model):
    """What a person asked of a device. It waits until the device is online, and no longer than its deadline.

    `key` names one of the protocol's commands, `values` are its parameters as text; a secret one is starred once
    the command has ended. `said` is what the device answered, in words, or why the command ended without.
    """

    device = models.ForeignKey(Device, on_delete=models.CASCADE, related_name="commands", verbose_name=_("监测设备"))
    key = models.CharField(_("命令"), max_length=20)
    title = models.CharField(_("命令名称"), max_length=60)
    values = models.JSONField(_("参数"), default=dict)
    state = models.CharField(_("状态"), max_length=10, choices=CommandState.choices, default=CommandState.QUEUED)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+", verbose_name=_("下发人")
    )
    asked_at = models.DateTimeField(_("下发时间"))
    deadline = models.DateTimeField(_("有效期至"))
    sent_at = models.DateTimeField(_("最近发送"), null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(_("发送次数"), default=0)
    finished_at = models.DateTimeField(_("结束时间"), null=True, blank=True)
    said = models.CharField(_("结果"), max_length=300, blank=True)

    objects = models.Manager.from_queryset(OfDevice["DeviceCommand"])()

    class Meta:
        verbose_name = verbose_name_plural = _("设备命令")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["id"], condition=Q(state__in=OPEN), name="device_command_open"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=OPEN, finished_at=None) | (~Q(state__in=OPEN) & Q(finished_at__isnull=False)),
                name="device_command_ends_once",
                violation_error_message=_("结束的命令须有结束时间,未结束的不能有。"),
            ),
            models.CheckConstraint(
                condition=Q(deadline__gt=models.F("asked_at")),
                name="device_command_has_time",
                violation_error_message=_("有效期须晚于下发时间。"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.title} · {self.device_id}"

    @property
    def area(self) -> Any:
        return self.device.area

    @property
    def is_open(self) -> bool:
        return self.state in OPEN


class CommandFrame(models.Model):
    """One frame of a command: sent to the device (`down`) or come from it. Empty bytes: it holds a password."""

    command = models.ForeignKey(
        DeviceCommand, on_delete=models.CASCADE, related_name="frames", verbose_name=_("设备命令")
    )  # fmt: skip
    at = models.DateTimeField(_("时间"))
    down = models.BooleanField(_("下行"))
    raw = models.BinaryField(_("原始报文"))

    class Meta:
        verbose_name = verbose_name_plural = _("命令报文")
        ordering = ["id"]
