"""A report 首报/续报/终报 as it left the house: the file, its hash, who and when."""

from typing import Any, Self

from django.conf import settings
from django.contrib.gis.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from anlan.accounts.roles import Role
from anlan.command.kinds import ReportKind
from anlan.kit.rows import RowQuerySet

NOBODY = frozenset({Role.ENTERPRISE, Role.TEAM_LEADER, Role.COMMUNITY, Role.INSPECTOR})
"""Roles that read no report and no timeline of the command centre, whatever their area."""


class CourseQuerySet(RowQuerySet[Any]):
    """Rows that hang on a signal or an incident: seen by who sees the area of either."""

    def visible_to(self, user: Any) -> Self:
        rows = super().visible_to(user)
        if user.is_superuser:
            return rows
        if user.role in NOBODY or not user.area_id:
            return rows.none()
        path = user.area.path
        return rows.filter(
            Q(incident__area__path__startswith=path) | Q(incident=None, signal__area__path__startswith=path)
        )


class Report(models.Model):
    """`number` counts the reports of one incident; a corrected report keeps its number and gets the next `version`.

    A first report may be filed on the signal before there is an incident, and joins the incident when it is opened.
    """

    kind = models.CharField(_("报告类型"), max_length=10, choices=ReportKind.choices)
    number = models.PositiveIntegerField(_("序号"))
    version = models.PositiveIntegerField(_("版本"), default=1)
    signal = models.ForeignKey(
        "command.Signal",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="reports",
        verbose_name=_("警情"),
    )
    incident = models.ForeignKey(
        "command.Incident",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="reports",
        verbose_name=_("事件"),
    )
    title = models.CharField(_("标题"), max_length=200)
    situation = models.TextField(_("基本情况"))
    measures = models.TextField(_("已采取措施"), blank=True)
    next_steps = models.TextField(_("下一步工作"), blank=True)
    sha256 = models.CharField(_("文件校验值"), max_length=64)
    size = models.PositiveIntegerField(_("字节数"))
    submitted_at = models.DateTimeField(_("提交时间"))
    submitted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("提交人")
    )

    objects = models.Manager.from_queryset(CourseQuerySet)()

    class Meta:
        verbose_name = verbose_name_plural = _("信息报告")
        ordering = ["number", "version"]
        constraints = [
            models.UniqueConstraint(
                fields=["incident", "number", "version"],
                name="report_number_once",
                violation_error_message=_("该序号和版本的报告已存在。"),
            ),
            models.UniqueConstraint(
                fields=["signal", "version"],
                condition=Q(kind=ReportKind.FIRST),
                name="one_first_report_a_signal",
                violation_error_message=_("该警情已提交首报。"),
            ),
            models.CheckConstraint(
                condition=Q(signal__isnull=False) | Q(incident__isnull=False),
                name="report_is_about_something",
                violation_error_message=_("报告必须对应警情或事件。"),
            ),
        ]

    def __str__(self) -> str:
        return self.title
