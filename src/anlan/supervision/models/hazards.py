"""A hazard 隐患, from its finding to a closing that a second person's re-check allows."""

from datetime import datetime
from typing import Any, Self

from django.conf import settings
from django.contrib.gis.db import models
from django.db.models import Case, F, Q, Value, When
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from anlan.accounts.rows import OwnedQuerySet, OwnedRow
from anlan.kit.entities import entity
from anlan.supervision.flow import ENDED, HazardState
from anlan.supervision.kinds import FoundBy, HazardLevel, Urgency
from anlan.supervision.models.categories import HazardCategory

BRIEF = 40


class HazardQuerySet(OwnedQuerySet["Hazard"]):
    def standing(self) -> Self:
        """Those that nobody has closed or withdrawn."""
        return self.exclude(state__in=ENDED)

    def overdue(self, now: datetime | None = None) -> Self:
        """Those whose rectification is late at this moment."""
        return self.filter(state=HazardState.ORDERED, due_at__lt=now or timezone.now())

    def with_urgency(self, now: datetime | None = None) -> Self:
        """`urgency`: late before everything, then the level."""
        late = Q(state=HazardState.ORDERED, due_at__lt=now or timezone.now())
        field: Any = models.CharField(_("紧迫程度"), choices=Urgency.choices)
        return self.annotate(urgency=Case(When(late, then=Value("overdue")), default=F("level"), output_field=field))


def person(words: Any) -> Any:
    """A link to somebody who took a step; empty while nobody has."""
    return models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=words,
    )


def moment(words: Any) -> Any:
    return models.DateTimeField(words, null=True, blank=True)


@entity(
    columns=("number", "description", "level", "category", "source", "area", "state", "due_at", "found_at"),
    search=("number", "description", "address"),
    filters=("state", "level", "category", "source", "area", "found_at"),
    sensitive=("contact_phone",),
    key=("number",),
    icon="dangerous",
    importable=False,
    changeable=False,
    history=False,
)
class Hazard(OwnedRow):
    """`organisation` is the side that must rectify it, whose people see it. `due_at` is the rectification's deadline.

    `overdue_at` stays once the deadline has passed unmet; `returns` counts rectifications that were sent back.
    """

    number = models.CharField(_("隐患编号"), max_length=20, unique=True)
    description = models.CharField(_("隐患描述"), max_length=500)
    level = models.CharField(_("隐患级别"), max_length=8, choices=HazardLevel.choices, default=HazardLevel.GENERAL)
    category = models.ForeignKey(HazardCategory, on_delete=models.PROTECT, related_name="+", verbose_name=_("隐患类别"))
    source = models.CharField(_("发现方式"), max_length=12, choices=FoundBy.choices)
    sighting = models.OneToOneField(
        "monitoring.Sighting",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="hazard",
        verbose_name=_("视频事件"),
    )
    address = models.CharField(_("地点"), max_length=200, blank=True)
    location = models.PointField(_("位置"), srid=4490, null=True, blank=True)
    enterprise = models.ForeignKey(
        "registry.Enterprise",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="hazards",
        verbose_name=_("所在企业"),
    )
    place = models.ForeignKey(
        "registry.Place",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="hazards",
        verbose_name=_("所在场所"),
    )
    facility = models.ForeignKey(
        "registry.Facility",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="hazards",
        verbose_name=_("所在设施"),
    )
    contact_name = models.CharField(_("整改责任人"), max_length=40, blank=True)
    contact_phone = models.CharField(_("责任人电话"), max_length=30, blank=True)
    state = models.CharField(_("状态"), max_length=10, choices=HazardState.choices, default=HazardState.FOUND)
    found_at = models.DateTimeField(_("发现时间"))
    found_by = person(_("发现人"))
    ordered_at = moment(_("交办时间"))
    ordered_by = person(_("交办人"))
    requirement = models.TextField(_("整改要求"), blank=True)
    due_at = moment(_("整改时限"))
    overdue_at = moment(_("逾期起始"))
    extension_until = moment(_("申请延至"))
    extension_reason = models.TextField(_("延期理由"), blank=True)
    extension_asked_by = person(_("延期申请人"))
    extension_decided_by = person(_("延期审批人"))
    extension_granted = models.BooleanField(_("同意延期"), null=True, blank=True)
    rectified_at = moment(_("整改时间"))
    rectified_by = person(_("整改报告人"))
    rectifier = models.CharField(_("整改人"), max_length=40, blank=True)
    rectification = models.TextField(_("整改情况"), blank=True)
    on_site = models.BooleanField(_("现场整改"), default=False)
    returns = models.PositiveSmallIntegerField(_("退回次数"), default=0)
    checked_at = moment(_("复查时间"))
    checked_by = person(_("复查人"))
    listed_at = moment(_("挂牌时间"))
    listed_by = person(_("挂牌督办人"))
    released_by = person(_("摘牌人"))
    closed_at = moment(_("销号时间"))
    reason = models.TextField(_("撤销理由"), blank=True)

    objects = models.Manager.from_queryset(HazardQuerySet)()  # type: ignore[misc]

    class Meta:
        verbose_name = verbose_name_plural = _("隐患")
        ordering = ["-found_at", "-id"]
        indexes = [
            models.Index(fields=["state", "due_at"], name="hazard_queue"),
            models.Index(fields=["-found_at", "-id"], name="hazard_list"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=~Q(state=HazardState.WITHDRAWN) | ~Q(reason=""),
                name="hazard_withdrawn_with_reason",
                violation_error_message=_("撤销隐患必须写明理由。"),
            ),
            models.CheckConstraint(
                condition=~Q(state=HazardState.ORDERED) | Q(due_at__isnull=False),
                name="hazard_ordered_with_deadline",
                violation_error_message=_("交办隐患必须有整改时限。"),
            ),
            models.CheckConstraint(
                condition=Q(state__in=[HazardState.FOUND, HazardState.WITHDRAWN])
                | Q(enterprise__isnull=False)
                | Q(organisation__isnull=False)
                | ~Q(contact_name="")
                | ~Q(rectifier=""),
                name="hazard_somebody_is_responsible",
                violation_error_message=_("请写明由谁整改：企业、单位或责任人。"),
            ),
            models.CheckConstraint(
                condition=Q(state__in=[HazardState.FOUND, HazardState.ORDERED, HazardState.WITHDRAWN])
                | (Q(rectified_at__isnull=False, rectified_by__isnull=False) & ~Q(rectification="")),
                name="hazard_rectified_with_words",
                violation_error_message=_("报告整改必须写明整改情况。"),
            ),
            models.CheckConstraint(
                condition=Q(checked_by=None) | ~Q(checked_by=F("rectified_by")),
                name="hazard_checked_by_another",
                violation_error_message=_("复查须由整改人、整改报告人以外的另一人进行。"),
            ),
            models.CheckConstraint(
                condition=Q(state=HazardState.CLOSED, closed_at__isnull=False, checked_by__isnull=False)
                | (~Q(state=HazardState.CLOSED) & Q(closed_at=None)),
                name="hazard_closed_means_checked",
                violation_error_message=_("只有复查合格的隐患才能销号。"),
            ),
            models.CheckConstraint(
                condition=Q(listed_by=None) | Q(level=HazardLevel.MAJOR),
                name="hazard_listed_is_major",
                violation_error_message=_("只有重大隐患才能挂牌督办。"),
            ),
            models.CheckConstraint(
                condition=~Q(state=HazardState.CLOSED) | Q(listed_by=None) | Q(released_by__isnull=False),
                name="hazard_listed_is_released",
                violation_error_message=_("挂牌督办的隐患须经领导摘牌才能销号。"),
            ),
            models.CheckConstraint(
                condition=Q(extension_decided_by=None) | ~Q(extension_decided_by=F("extension_asked_by")),
                name="hazard_extension_by_another",
                violation_error_message=_("延期须由申请人以外的另一人审批。"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.brief}"

    def get_absolute_url(self) -> str:
        return f"/hazards/{self.pk}/"

    @property
    def brief(self) -> str:
        """The description in one short line."""
        return self.description if len(self.description) <= BRIEF else f"{self.description[: BRIEF - 1]}…"

    @property
    def late(self) -> bool:
        """The rectification is late at this moment."""
        return bool(self.state == HazardState.ORDERED and self.due_at and self.due_at < timezone.now())

    @property
    def extension_waits(self) -> bool:
        return self.extension_asked_by_id is not None and self.extension_granted is None
