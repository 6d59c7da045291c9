"""The timeline 事件经过. A trigger refuses every change and removal of an entry; an error is struck by a later one."""

from typing import Self

from django.conf import settings
from django.contrib.gis.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from anlan.command.kinds import Aspect, EntryKind
from anlan.command.models.reports import CourseQuerySet


class EntryQuerySet(CourseQuerySet):
    def of_incident(self, incident: models.Model) -> Self:
        """An incident's own entries and those of the signals behind it, in order of time."""
        return self.filter(
            Q(incident=incident) | Q(signal__incident=incident) | Q(signal__duplicate_of__incident=incident)
        )

    def of_signal(self, signal: models.Model) -> Self:
        return self.filter(Q(signal=signal) | Q(signal__duplicate_of=signal))


class Entry(models.Model):
    """One thing that happened. `actor` is empty where the system itself speaks.

    `step` is the code of the transition taken, empty for news and notes. `key` is the form's own number, so that a
    form sent twice does its work once. Text is in the language of the record, Chinese.
    """

    at = models.DateTimeField(_("时间"))
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("人员"),
    )
    kind = models.CharField(_("类别"), max_length=10, choices=EntryKind.choices)
    step = models.CharField(_("步骤"), max_length=20, blank=True)
    aspect = models.CharField(_("环节"), max_length=10, choices=Aspect.choices, blank=True)
    text = models.TextField(_("内容"))
    data = models.JSONField(_("数据"), default=dict, blank=True)
    signal = models.ForeignKey(
        "command.Signal", on_delete=models.PROTECT, null=True, blank=True, related_name="entries"
    )
    incident = models.ForeignKey(
        "command.Incident", on_delete=models.PROTECT, null=True, blank=True, related_name="entries"
    )
    order = models.ForeignKey("command.Order", on_delete=models.PROTECT, null=True, blank=True, related_name="entries")
    report = models.ForeignKey(
        "command.Report", on_delete=models.PROTECT, null=True, blank=True, related_name="entries"
    )
    strikes = models.OneToOneField(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="struck_by",
        verbose_name=_("更正的记录"),
    )
    key = models.UUIDField(null=True, blank=True, unique=True, editable=False)

    objects = models.Manager.from_queryset(EntryQuerySet)()

    class Meta:
        verbose_name = verbose_name_plural = _("事件经过")
        ordering = ["at", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(signal__isnull=False) | Q(incident__isnull=False),
                name="entry_is_about_something",
                violation_error_message=_("记录必须对应警情或事件。"),
            ),
            models.CheckConstraint(
                condition=~Q(kind=EntryKind.STRIKE) | Q(strikes__isnull=False),
                name="strike_names_an_entry",
                violation_error_message=_("更正必须指明被更正的记录。"),
            ),
        ]

    def __str__(self) -> str:
        return self.text
