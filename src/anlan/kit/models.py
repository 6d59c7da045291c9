"""Rows of the shared machinery: deadlines, notices, law data, events already handled."""

import simple_history
from django.db import models
from django.utils.translation import gettext_lazy as _

from anlan.kit.entities import entity
from anlan.kit.rows import RowManager


class HandledEvent(models.Model):
    """An event that a handler has finished with, so that a repeated job does nothing."""

    event_id = models.UUIDField()
    handler = models.CharField(max_length=200)
    handled_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["event_id", "handler"], name="handled_once")]


class Deadline(models.Model):
    """A moment by which something must have happened on a row."""

    kind = models.CharField(max_length=60)
    subject = models.CharField(max_length=100)
    subject_id = models.BigIntegerField()
    due_at = models.DateTimeField()
    met_at = models.DateTimeField(null=True)
    passed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["kind", "subject", "subject_id"], name="one_deadline_of_a_kind"),
        ]
        indexes = [
            models.Index(fields=["due_at"], condition=models.Q(met_at=None, passed_at=None), name="deadline_open")
        ]


class Notice(models.Model):
    """A message to a person or role, in one outbox whatever the channel.

    `address` is `user:<id>` or `role:<role>@<area code>` for the pages, or any Apprise address. `bundle` is the message
    by which this one was told together with others, counted by `tag` and `place`.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("待发送")
        SENT = "sent", _("已发送")
        FAILED = "failed", _("发送失败")
        READ = "read", _("已读")
        HELD = "held", _("待合并发送")
        WITHDRAWN = "withdrawn", _("已撤回")

    address = models.CharField(_("收件地址"), max_length=300)
    title = models.CharField(_("标题"), max_length=200)
    body = models.TextField(_("内容"), blank=True)
    level = models.CharField(_("级别"), max_length=20, default="info")
    url = models.CharField(_("链接"), max_length=300, blank=True)
    about = models.CharField(_("关联对象"), max_length=100, blank=True)
    about_id = models.BigIntegerField(null=True)
    state = models.CharField(_("状态"), max_length=10, choices=State.choices, default=State.WAITING)
    error = models.TextField(_("失败原因"), blank=True)
    tag = models.CharField(_("计数类别"), max_length=20, blank=True)
    place = models.CharField(_("地点"), max_length=120, blank=True)
    urgent = models.BooleanField(_("不等待合并"), default=False)
    bundle = models.ForeignKey(
        "self", on_delete=models.CASCADE, null=True, related_name="bundled", verbose_name=_("合并于")
    )
    created_at = models.DateTimeField(_("生成时间"), auto_now_add=True)
    sent_at = models.DateTimeField(_("发送时间"), null=True)
    read_at = models.DateTimeField(_("阅读时间"), null=True)

    class Meta:
        verbose_name = verbose_name_plural = _("通知")
        ordering = ["-created_at"]
        indexes = [
            models.Index(fields=["address", "-created_at"], name="notice_inbox"),
            models.Index(fields=["about", "about_id"], name="notice_about"),
            models.Index(fields=["address"], condition=models.Q(state="held"), name="notice_held"),
        ]


class NoticeGate(models.Model):
    """What lately left for an address: the window's begin, messages sent singly in it, the last bundle and the next."""

    address = models.CharField(max_length=300, unique=True)
    since = models.DateTimeField(null=True)
    sent = models.PositiveIntegerField(default=0)
    bundled_at = models.DateTimeField(null=True)
    due_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["due_at"], condition=models.Q(due_at__isnull=False), name="gate_due")]


class NoticeReading(models.Model):
    """One person's reading of a notice that went to a role. `reader_id` is the number of a log-in."""

    notice = models.ForeignKey(Notice, on_delete=models.CASCADE, related_name="readings")
    reader_id = models.BigIntegerField()
    read_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["notice", "reader_id"], name="notice_read_once")]


@entity(
    columns=("code", "name", "value", "unit", "valid_from", "valid_to", "source", "clause", "verified"),
    search=("code", "name", "source", "clause"),
    filters=("verified",),
    key=("code", "valid_from"),
    icon="gavel",
    history=False,
)
class LawRule(models.Model):
    """A threshold, grade or deadline that a law or a local rule sets, with where it says so.

    `shipped` is the print of the row as it came with Anlan; a row that differs from it was changed by a person.
    """

    class Verified(models.TextChoices):
        LAW_TEXT = "law_text", _("已核对法律原文")
        REPO = "repo", _("见于公开代码库")
        PAGE = "page", _("见于公开网页")
        OWN = "own", _("未核实,须本单位确认")

    code = models.CharField(_("代码"), max_length=80)
    name = models.CharField(_("名称"), max_length=200)
    value = models.JSONField(_("值"))
    unit = models.CharField(_("单位"), max_length=40, blank=True)
    valid_from = models.DateField(_("施行日期"))
    valid_to = models.DateField(_("失效日期"), null=True, blank=True)
    source = models.CharField(_("来源"), max_length=300)
    clause = models.CharField(_("条款"), max_length=100, blank=True)
    verified = models.CharField(_("核实情况"), max_length=10, choices=Verified.choices, default=Verified.OWN)
    shipped = models.CharField(max_length=64, blank=True, editable=False)

    objects = RowManager()

    class Meta:
        verbose_name = verbose_name_plural = _("法规参数")
        ordering = ["code", "-valid_from"]
        constraints = [
            models.UniqueConstraint(
                fields=["code", "valid_from"],
                name="law_rule_once",
                violation_error_message=_("同一参数在同一施行日期只能有一条。"),
            ),
            models.CheckConstraint(
                condition=models.Q(valid_to=None) | models.Q(valid_to__gte=models.F("valid_from")),
                name="law_rule_dates",
                violation_error_message=_("失效日期不能早于施行日期。"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.code})"


simple_history.register(LawRule, history_user_id_field=models.BigIntegerField(null=True))
