"""What the auditor of alarms did, and what it found."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from anlan.kit.rows import RowManager
from anlan.monitoring.models.alarm import Alarm


class AuditRun(models.Model):
    """One round of the auditor over all open alarms."""

    at = models.DateTimeField(_("时间"))
    checked = models.PositiveIntegerField(_("检查"), default=0)
    mended = models.PositiveIntegerField(_("修复"), default=0)
    reported = models.PositiveIntegerField(_("报告"), default=0)
    took_ms = models.PositiveIntegerField(_("用时(毫秒)"), default=0)
    pinged = models.BooleanField(_("已报平安"), null=True)
    ping_error = models.CharField(_("报平安失败"), max_length=200, blank=True)

    objects = RowManager()

    class Meta:
        verbose_name = verbose_name_plural = _("报警审计轮次")
        ordering = ["-at"]
        indexes = [models.Index(fields=["-at"], name="audit_run_at")]


class AlarmFinding(models.Model):
    """Something of the loop of alarms that was not as it must be; equal ones are counted on one open row."""

    class Kind(models.TextChoices):
        NO_REPEAT = "no_repeat", _("未确认报警没有下一次提醒")
        NO_CHAIN = "no_chain", _("未确认报警没有下一步上报")
        NO_UNSHELVE = "no_unshelve", _("搁置报警没有恢复时间")
        NOT_STOPPED = "not_stopped", _("已处理报警仍在提醒")
        NOT_RELEASED = "not_released", _("原因已消失而报警仍被隐去")
        NOT_FOLDED = "not_folded", _("应隐去的报警未隐去")
        OVERDUE = "overdue", _("到期事项未执行")
        NO_WINDOW = "no_window", _("维护安排与抑制设备不符")
        NOBODY = "nobody", _("应上报时无人在岗")

    kind = models.CharField(_("问题"), max_length=16, choices=Kind.choices)
    alarm = models.ForeignKey(
        Alarm, on_delete=models.CASCADE, null=True, related_name="findings", verbose_name=_("报警")
    )
    subject = models.CharField(_("对象"), max_length=160, blank=True)
    mended = models.BooleanField(_("已修复"), default=False)
    times = models.PositiveIntegerField(_("次数"), default=1)
    first_at = models.DateTimeField(_("首次发现"))
    last_at = models.DateTimeField(_("最近发现"))
    closed_at = models.DateTimeField(_("关闭时间"), null=True)

    objects = RowManager()

    class Meta:
        verbose_name = verbose_name_plural = _("报警审计问题")
        ordering = ["-last_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "alarm", "subject"],
                condition=Q(closed_at=None),
                nulls_distinct=False,
                name="finding_open_once",
            )
        ]
