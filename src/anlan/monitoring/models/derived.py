"""Series that are computed from others: a difference, a ratio, a drift against the neighbours."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from anlan.kit.entities import entity
from anlan.kit.rows import RowQuerySet
from anlan.monitoring.models.device import Device, Series

PROTOCOL = "derived"


class OfFirst(RowQuerySet["DerivedSeries"]):
    """Seen by whoever sees the first series' device."""

    def visible_to(self, user: Any) -> "OfFirst":
        return self.filter(first__in=Series.objects.visible_to(user))


@entity(
    columns=("name", "kind", "first", "second", "key", "unit", "active"),
    search=("name", "key"),
    filters=("kind", "active"),
    key=("name",),
    importable=False,
    icon="functions",
)
class DerivedSeries(models.Model):
    """Its values belong to a device of its own, beside that of `first`, so that rules and pages treat them as any other.

    Only measured series are taken in, never computed ones: so nothing can run in a ring.
    """

    class Kind(models.TextChoices):
        DIFFERENCE = "difference", _("差值(第一减第二)")
        RATIO = "ratio", _("比值(第一除以第二)")
        DRIFT = "drift", _("与邻近站中位数之差")

    name = models.CharField(_("名称"), max_length=60, unique=True)
    kind = models.CharField(_("算法"), max_length=12, choices=Kind.choices)
    first = models.ForeignKey(Series, on_delete=models.PROTECT, related_name="+", verbose_name=_("第一指标"))
    second = models.ForeignKey(
        Series, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("第二指标")
    )
    radius_km = models.FloatField(
        _("邻近半径(公里)"), default=3, help_text=_("只用于邻近站:同类设备的同一指标,至少要两个")
    )
    key = models.CharField(_("指标代码"), max_length=60)
    unit = models.CharField(_("单位"), max_length=20, blank=True)
    max_age_minutes = models.PositiveIntegerField(
        _("最大时差(分钟)"), default=15, help_text=_("各指标到齐才计算;读数早于这么久的指标不再等,也不算")
    )
    active = models.BooleanField(_("启用"), default=True)
    device = models.OneToOneField(
        Device, on_delete=models.PROTECT, null=True, editable=False, related_name="derived", verbose_name=_("监测设备")
    )

    objects = models.Manager.from_queryset(OfFirst)()

    class Meta:
        verbose_name = verbose_name_plural = _("计算指标")
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind="drift", second=None) | ~Q(kind="drift") & Q(second__isnull=False),
                name="derived_has_its_second",
                violation_error_message=_("差值和比值须有第二指标,与邻近站之差没有第二指标。"),
            ),
            models.CheckConstraint(
                condition=Q(second=None) | ~Q(second=F("first")),
                name="derived_of_two_different",
                violation_error_message=_("第一指标和第二指标不能是同一个。"),
            ),
            models.CheckConstraint(
                condition=Q(radius_km__gt=0, max_age_minutes__gt=0),
                name="derived_reaches_somewhere",
                violation_error_message=_("邻近半径和最大时差须大于零。"),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @transaction.atomic
    def save(self, *args: Any, **kwargs: Any) -> None:
        """Makes the device that carries the values, and keeps its name and place."""
        source = self.first.device
        values = {
            "name": self.name,
            "kind": source.kind,
            "area": source.area,
            "organisation": source.organisation,
            "location": source.location,
            "address": source.address,
        }
        if self.device is None:
            super().save(*args, **kwargs)
            self.device = Device.objects.create(protocol=PROTOCOL, code=f"derived-{self.pk}", **values)
            super().save(update_fields=["device"])
            return
        for name, value in values.items():
            setattr(self.device, name, value)
        self.device.save(update_fields=list(values))
        super().save(*args, **kwargs)

    def clean(self) -> None:
        """Units that do not fit and computed inputs are refused."""
        inputs = [one for one in (self.first_id and self.first, self.second_id and self.second) if one]
        if any(one.device.protocol == PROTOCOL for one in inputs):
            raise ValidationError(_("计算指标不能再用来计算。"))
        if self.kind == self.Kind.DIFFERENCE and len({one.unit for one in inputs}) > 1:
            raise ValidationError(_("相减的两个指标单位须相同。"))
