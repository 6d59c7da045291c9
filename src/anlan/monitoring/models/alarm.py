"""Alarms and their timeline."""

from datetime import datetime
from typing import Self

from django.conf import settings
from django.contrib.gis.db import models
from django.db.models import Q
from django.db.models.expressions import RawSQL
from django.utils.translation import gettext_lazy as _

from anlan.accounts.rows import OwnedQuerySet, OwnedRow
from anlan.monitoring.alarm_flow import AlarmState, AlarmStepName
from anlan.monitoring.models.device import Device, Level, Series

HIDDEN = Q(hidden_at__isnull=False, released_at=None)
_BELOW = """with recursive below as (
    select id from monitoring_alarm where hidden_under_id = %s
    union
    select a.id from monitoring_alarm a join below b on a.hidden_under_id = b.id)
select id from below where id <> %s"""


class AlarmRows(OwnedQuerySet["Alarm"]):
    """Alarms by what they ask of a person."""

    def open(self) -> Self:
        """Active ones, hidden or shelved or neither."""
        return self.filter(cleared_at=None)

    def shown(self) -> Self:
        """All but those that lie hidden under their cause or a maintenance window."""
        return self.exclude(HIDDEN)

    def hidden(self) -> Self:
        return self.filter(HIDDEN)

    def below(self, pk: int) -> Self:
        """All that an alarm hides or has hidden, with what lies under those."""
        return self.filter(pk__in=RawSQL(_BELOW, [pk, pk]))

    def standing(self) -> Self:
        """Active, not hidden, not shelved: the main list."""
        return self.open().shown().filter(shelved_until=None)

    def waiting(self) -> Self:
        """Those that somebody must be told of until a person has seen them."""
        return self.standing().filter(acknowledged_at=None)


class Alarm(OwnedRow):
    """One cause that needs a person.

    `kind` follows `rules.states.Kind`. At most one active alarm exists for a series and kind. `announced_at` is the
    moment from which people know of it: one raised under an active cause stays unannounced until it is released.
    With `shelf_whole` new alarms of the series, no worse than this one, are laid beside it on the shelf unannounced.
    `chain_place` counts the steps of the escalation chain that were taken.
    """

    class Kind(models.IntegerChoices):
        LEVEL = 0, _("超限")
        RATE = 1, _("突变")
        NO_DATA = 2, _("无数据")
        ACCUMULATION = 3, _("累计超限")
        FLAT = 4, _("数值不变")
        FORECAST = 5, _("预计超限")
        DRIFT = 6, _("漂移")
        DIFFERENCE = 7, _("差值超限")

    FAULTS = (Kind.NO_DATA, Kind.FLAT, Kind.DRIFT)
    """Kinds that tell of the sensor and not of the world."""
    SILENCE = (Kind.NO_DATA, Kind.FLAT)
    """Kinds that a lost power or network brings about by itself."""

    device = models.ForeignKey(Device, on_delete=models.PROTECT, related_name="alarms", verbose_name=_("监测设备"))
    series = models.ForeignKey(Series, on_delete=models.PROTECT, related_name="alarms", verbose_name=_("监测指标"))
    kind = models.PositiveSmallIntegerField(_("报警类型"), choices=Kind.choices)
    level = models.PositiveSmallIntegerField(_("级别"), choices=Level.choices)
    highest_level = models.PositiveSmallIntegerField(_("最高级别"), choices=Level.choices)
    value = models.FloatField(_("触发值"), null=True)
    raised_at = models.DateTimeField(_("触发时间"))
    arrived_at = models.DateTimeField(_("到达时间"))
    cleared_at = models.DateTimeField(_("解除时间"), null=True)
    acknowledged_at = models.DateTimeField(_("确认时间"), null=True)
    acknowledged_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("确认人")
    )
    announced_at = models.DateTimeField(_("发出时间"), null=True)
    assigned_to = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("经办人")
    )
    shelved_until = models.DateTimeField(_("搁置至"), null=True)
    shelved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("搁置人")
    )
    shelf_whole = models.BooleanField(_("连同该指标的其他报警"), default=False)
    hidden_at = models.DateTimeField(_("隐去时间"), null=True)
    released_at = models.DateTimeField(_("放出时间"), null=True)
    hidden_under = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, related_name="hides", verbose_name=_("隐于报警")
    )
    hidden_window = models.ForeignKey(
        "MaintenanceWindow", on_delete=models.PROTECT, null=True, related_name="hides", verbose_name=_("隐于维护")
    )
    chain_place = models.PositiveSmallIntegerField(_("已上报级数"), default=0)
    location = models.PointField(_("位置"), srid=4490, null=True)

    objects = models.Manager.from_queryset(AlarmRows)()  # type: ignore[misc]

    class Meta:
        verbose_name = verbose_name_plural = _("报警")
        ordering = ["-raised_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["series", "kind"], condition=Q(cleared_at=None), name="one_active_alarm_a_cause"
            ),
            models.CheckConstraint(
                condition=Q(shelved_until=None) | Q(cleared_at=None),
                name="alarm_shelved_while_active",
                violation_error_message=_("只有未解除的报警可以搁置。"),
            ),
            models.CheckConstraint(
                condition=Q(hidden_at=None) | Q(hidden_under__isnull=False) | Q(hidden_window__isnull=False),
                name="alarm_hidden_under_something",
                violation_error_message=_("隐去的报警须写明隐于何处。"),
            ),
            models.CheckConstraint(
                condition=Q(hidden_at=None)
                | Q(released_at__isnull=False)
                | Q(acknowledged_at=None, shelved_until=None),
                name="alarm_hidden_is_not_handled",
                violation_error_message=_("隐去的报警须先放出才能确认或搁置。"),
            ),
        ]
        indexes = [
            models.Index(fields=["cleared_at", "-arrived_at"], name="alarm_list"),
            models.Index(fields=["announced_at"], name="alarm_announced"),
            models.Index(fields=["-raised_at", "-id"], condition=Q(cleared_at__isnull=False), name="alarm_cleared"),
            models.Index(fields=["device", "raised_at"], name="alarm_of_device"),
        ]

    def __str__(self) -> str:
        return f"{self.device} · {self.series}"

    @property
    def is_hidden(self) -> bool:
        return self.hidden_at is not None and self.released_at is None

    @property
    def state(self) -> AlarmState:
        return AlarmState.of(
            cleared=self.cleared_at is not None,
            acknowledged=self.acknowledged_at is not None,
            shelved=self.shelved_until is not None,
            hidden=self.is_hidden,
        )

    @property
    def is_waiting(self) -> bool:
        """True where somebody must be told of it until a person has seen it."""
        return self.state == AlarmState.ACTIVE and self.announced_at is not None

    def keeps_on_shelf(self, level: int, now: datetime) -> bool:
        """Whether a new alarm of its series and of this level is laid beside it on the shelf."""
        return self.shelf_whole and self.shelved_until is not None and self.shelved_until > now and level <= self.level


class AlarmStep(models.Model):
    """One line of an alarm's timeline: appended, never changed (the database refuses)."""

    alarm = models.ForeignKey(Alarm, on_delete=models.PROTECT, related_name="steps", verbose_name=_("报警"))
    step = models.CharField(_("事项"), max_length=12, choices=AlarmStepName.choices)
    at = models.DateTimeField(_("发生时间"))
    recorded_at = models.DateTimeField(_("记录时间"), auto_now_add=True)
    level = models.PositiveSmallIntegerField(_("级别"), choices=Level.choices, default=Level.NONE)
    value = models.FloatField(_("数值"), null=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("经办人")
    )
    note = models.CharField(_("说明"), max_length=500, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = _("报警时间线")
        ordering = ["id"]
        indexes = [models.Index(fields=["step", "at"], name="alarm_step_times")]
