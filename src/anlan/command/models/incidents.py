"""An incident 突发事件, from its opening to a closing that a second person approves."""

from django.conf import settings
from django.contrib.gis.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from anlan.accounts.rows import OwnedRow
from anlan.command.flows import IncidentState
from anlan.command.kinds import EventClass, EventType, Grade
from anlan.kit.entities import entity


@entity(
    columns=("number", "title", "grade", "event_type", "area", "state", "commander", "opened_at"),
    search=("number", "title", "address"),
    filters=("state", "grade", "event_class", "event_type", "area"),
    importable=False,
    changeable=False,
    history=False,
    icon="emergency",
)
class Incident(OwnedRow):
    """`grade` follows the casualties (1 gravest, 4 ordinary); `loss` is CNY. `number` counts within its year."""

    number = models.CharField(_("事件编号"), max_length=20, unique=True)
    title = models.CharField(_("事件名称"), max_length=120)
    event_class = models.CharField(_("事件类别"), max_length=10, choices=EventClass.choices)
    event_type = models.CharField(_("事件类型"), max_length=20, choices=EventType.choices)
    grade = models.PositiveSmallIntegerField(_("事件等级"), choices=Grade.choices, default=Grade.ORDINARY)
    deaths = models.PositiveIntegerField(_("死亡人数"), default=0)
    missing = models.PositiveIntegerField(_("失联人数"), default=0)
    serious_injuries = models.PositiveIntegerField(_("重伤人数"), default=0)
    minor_injuries = models.PositiveIntegerField(_("轻伤人数"), default=0)
    loss = models.PositiveBigIntegerField(_("直接经济损失"), default=0, help_text=_("元"))
    address = models.CharField(_("地点"), max_length=200, blank=True)
    location = models.PointField(_("位置"), srid=4490, null=True, blank=True)
    state = models.CharField(_("状态"), max_length=12, choices=IncidentState.choices, default=IncidentState.OPENED)
    commander = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("指挥长"),
    )
    opened_at = models.DateTimeField(_("立项时间"))
    opened_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("立项人")
    )
    controlled_at = models.DateTimeField(_("受控时间"), null=True, blank=True)
    reopened_at = models.DateTimeField(_("重启时间"), null=True, blank=True)
    close_requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("结案申请人"),
    )
    close_approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("结案批准人"),
    )
    closed_at = models.DateTimeField(_("结案时间"), null=True, blank=True)
    related = models.ManyToManyField("self", blank=True, verbose_name=_("关联事件"))

    class Meta:
        verbose_name = verbose_name_plural = _("突发事件")
        ordering = ["-opened_at"]
        indexes = [models.Index(fields=["state", "-opened_at"], name="incident_open")]
        constraints = [
            models.CheckConstraint(
                condition=Q(close_approved_by=None) | ~Q(close_approved_by=F("close_requested_by")),
                name="incident_closed_by_second_person",
                violation_error_message=_("结案须由申请人以外的另一人批准。"),
            ),
            models.CheckConstraint(
                condition=Q(
                    state=IncidentState.CLOSED,
                    closed_at__isnull=False,
                    close_requested_by__isnull=False,
                    close_approved_by__isnull=False,
                )
                | (~Q(state=IncidentState.CLOSED) & Q(closed_at=None, close_approved_by=None)),
                name="incident_closed_means_approved",
                violation_error_message=_("只有经申请并批准的事件才能结案。"),
            ),
            models.CheckConstraint(
                condition=~Q(state=IncidentState.CLOSING) | Q(close_requested_by__isnull=False),
                name="incident_closing_means_requested",
                violation_error_message=_("待批结案的事件必须有申请人。"),
            ),
        ]

    def __str__(self) -> str:
        return self.title
