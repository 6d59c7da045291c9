"""A signal 警情: word that something may have happened, until it is an incident, dismissed or merged."""

from django.conf import settings
from django.contrib.gis.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from anlan.accounts.rows import OwnedRow
from anlan.command.flows import SignalState
from anlan.command.kinds import EventClass, EventType, Source, Verification
from anlan.kit.entities import entity
from anlan.monitoring.models import Level


@entity(
    columns=("arrived_at", "title", "level", "source", "area", "state", "assigned_to"),
    search=("title", "address", "description"),
    filters=("state", "source", "level", "event_type", "area"),
    sensitive=("reporter_phone",),
    importable=False,
    changeable=False,
    history=False,
    icon="notifications_active",
)
class Signal(OwnedRow):
    """From a monitoring alarm or a confirmed sighting (one signal each) or from a person. `level`: 1 blue to 4 red.

    `first_report_due_at` is fixed at arrival by the law row of that day; `first_report_breached_at` stays when set.
    """

    title = models.CharField(_("警情"), max_length=120)
    source = models.CharField(_("来源"), max_length=12, choices=Source.choices)
    alarm = models.OneToOneField(
        "monitoring.Alarm",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="signal",
        verbose_name=_("监测报警"),
    )
    sighting = models.OneToOneField(
        "monitoring.Sighting",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="signal",
        verbose_name=_("视频事件"),
    )
    level = models.PositiveSmallIntegerField(_("级别"), choices=Level.choices, default=Level.BLUE)
    event_class = models.CharField(_("事件类别"), max_length=10, choices=EventClass.choices)
    event_type = models.CharField(_("事件类型"), max_length=20, choices=EventType.choices)
    description = models.TextField(_("情况描述"), blank=True)
    address = models.CharField(_("地点"), max_length=200, blank=True)
    location = models.PointField(_("位置"), srid=4490, null=True, blank=True)
    reporter_name = models.CharField(_("报告人"), max_length=40, blank=True)
    reporter_phone = models.CharField(_("报告人电话"), max_length=30, blank=True)
    arrived_at = models.DateTimeField(_("到达时间"))
    state = models.CharField(_("状态"), max_length=12, choices=SignalState.choices, default=SignalState.WAITING)
    assigned_to = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("盯办人"),
    )
    verified_by_way = models.CharField(_("核实方式"), max_length=10, choices=Verification.choices, blank=True)
    verification = models.TextField(_("核实情况"), blank=True)
    dismiss_reason = models.TextField(_("排除理由"), blank=True)
    duplicate_of = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="duplicates",
        verbose_name=_("合并至"),
    )
    incident = models.ForeignKey(
        "command.Incident",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="signals",
        verbose_name=_("事件"),
    )
    first_report_due_at = models.DateTimeField(_("首报时限"))
    first_report_at = models.DateTimeField(_("首报时间"), null=True, blank=True)
    first_report_breached_at = models.DateTimeField(_("首报超时"), null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = _("警情")
        ordering = ["-arrived_at"]
        indexes = [models.Index(fields=["state", "arrived_at"], name="signal_queue")]
        constraints = [
            models.CheckConstraint(
                condition=~Q(state=SignalState.DISMISSED) | ~Q(dismiss_reason=""),
                name="signal_dismissed_with_reason",
                violation_error_message=_("排除警情必须写明理由。"),
            ),
            models.CheckConstraint(
                condition=Q(state=SignalState.MERGED, duplicate_of__isnull=False)
                | (~Q(state=SignalState.MERGED) & Q(duplicate_of=None)),
                name="signal_merged_into_another",
                violation_error_message=_("合并的警情必须指明并入哪一条。"),
            ),
            models.CheckConstraint(
                condition=Q(duplicate_of=None) | ~Q(duplicate_of=F("id")),
                name="signal_not_its_own_duplicate",
                violation_error_message=_("警情不能并入自身。"),
            ),
            models.CheckConstraint(
                condition=Q(state=SignalState.OPENED, incident__isnull=False)
                | (~Q(state=SignalState.OPENED) & Q(incident=None)),
                name="signal_opened_has_incident",
                violation_error_message=_("已转事件的警情必须对应一个事件。"),
            ),
            models.CheckConstraint(
                condition=~Q(state__in=[SignalState.VERIFIED, SignalState.OPENED]) | ~Q(verification=""),
                name="signal_verified_with_note",
                violation_error_message=_("核实警情必须写明向谁核实、情况如何。"),
            ),
        ]

    def __str__(self) -> str:
        return self.title
