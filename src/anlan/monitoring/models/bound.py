"""Dynamic bounds: what is usual for a series at this hour, from its own history."""

from dataclasses import replace

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from anlan.kit.rows import RowManager
from anlan.monitoring.models.device import Series
from anlan.monitoring.models.rule import ThresholdRule
from anlan.rules.declaration import Rule, RuleError, Threshold


class DynamicBound(models.Model):
    """The usual range of a series by hour of the day and kind of day, and the bound that is in force this hour.

    `profile` is {"workday", "weekend" or "holiday": [[low, high, median, readings] or null for each hour]}. `raise_at` and `clear_at` are
    what the blue level is tightened to; both empty where the history says nothing tighter than the rule itself.
    """

    series = models.OneToOneField(Series, on_delete=models.CASCADE, related_name="bound", verbose_name=_("监测指标"))
    rule = models.ForeignKey(ThresholdRule, on_delete=models.CASCADE, related_name="+", verbose_name=_("报警规则"))
    profile = models.JSONField(_("各时段常值"))
    raise_at = models.FloatField(_("动态触发值"), null=True)
    clear_at = models.FloatField(_("动态解除值"), null=True)
    hour = models.PositiveSmallIntegerField(_("时段"), default=0)
    readings = models.PositiveIntegerField(_("所据读数"), default=0)
    computed_at = models.DateTimeField(_("计算时间"))

    objects = RowManager()

    class Meta:
        verbose_name = verbose_name_plural = _("动态阈值")
        constraints = [
            models.CheckConstraint(
                condition=Q(raise_at=None, clear_at=None) | Q(raise_at__isnull=False, clear_at__isnull=False),
                name="bound_in_pairs",
                violation_error_message=_("动态触发值和解除值须成对。"),
            )
        ]

    def __str__(self) -> str:
        return str(self.series)

    def tighten(self, rule: Rule) -> Rule | None:
        """The rule with its blue level at the bound; None where that is not tighter than every level of the rule."""
        if self.raise_at is None or self.clear_at is None or rule.direction not in ("above", "below"):
            return None
        given = [one for _level, one in rule.thresholds() if isinstance(one, Threshold)]
        if any(rule.sign * self.raise_at >= rule.sign * one.raise_at for one in given):
            return None
        try:
            return replace(rule, blue=Threshold(raise_at=self.raise_at, clear_at=self.clear_at))
        except RuleError:
            return None
