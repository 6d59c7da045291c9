"""Forecasts of crossings, how they turned out, and the runs that made them."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from anlan.kit.rows import RowManager
from anlan.monitoring.models.device import Level, OfDevice, Series
from anlan.monitoring.models.rule import ThresholdRule


class OfSeries(OfDevice["Forecast"]):
    """Forecasts are seen by whoever sees their series' device."""

    def visible_to(self, user: object) -> "OfSeries":
        return self.filter(series__in=Series.objects.visible_to(user))


class Forecast(models.Model):
    """One expected crossing of a level's raising value; moments in ms.

    It stands from `made_at` and is revised by each run until it is settled; `until` is the end of the last revision's
    horizon. `path` is that of the first run: [ms, mean, low, high] a step, the interval holding 80 % of what may come.
    A miss was never made: then only `crossed_at` tells when.
    """

    class State(models.TextChoices):
        STANDING = "standing", _("预测中")
        WITHDRAWN = "withdrawn", _("已撤回待评")
        HIT = "hit", _("命中")
        FALSE = "false", _("空报")
        MISS = "miss", _("漏报")

    series = models.ForeignKey(Series, on_delete=models.CASCADE, related_name="forecasts", verbose_name=_("监测指标"))
    rule = models.ForeignKey(
        ThresholdRule, on_delete=models.SET_NULL, null=True, related_name="forecasts", verbose_name=_("报警规则")
    )
    level = models.PositiveSmallIntegerField(_("将到级别"), choices=Level.choices)
    limit = models.FloatField(_("触发值"))
    sign = models.SmallIntegerField(default=1)
    made_at = models.BigIntegerField(_("发出时间"))
    revised_at = models.BigIntegerField(_("修订时间"))
    early_at = models.BigIntegerField(_("最早"), null=True)
    due_at = models.BigIntegerField(_("预计越线时间"), null=True)
    late_at = models.BigIntegerField(_("最晚"), null=True)
    until = models.BigIntegerField(_("预测截止"))
    chance = models.FloatField(_("越线可能"), default=0)
    path = models.JSONField(default=list)
    state = models.CharField(_("结果"), max_length=10, choices=State.choices, default=State.STANDING)
    crossed_at = models.BigIntegerField(_("实际越线时间"), null=True)
    settled_at = models.DateTimeField(_("评定时间"), null=True)

    objects = models.Manager.from_queryset(OfSeries)()

    class Meta:
        verbose_name = verbose_name_plural = _("越线预测")
        ordering = ["-made_at"]
        indexes = [models.Index(fields=["state", "-made_at"], name="forecast_list")]
        constraints = [
            models.UniqueConstraint(
                fields=["series"],
                condition=Q(state="standing"),
                name="one_standing_forecast_a_series",
                violation_error_message=_("同一指标同时只有一个预测。"),
            ),
            models.UniqueConstraint(
                fields=["series", "crossed_at"], condition=Q(state="miss"), name="one_miss_a_crossing"
            ),
            models.CheckConstraint(
                condition=Q(until__gte=F("made_at")),
                name="forecast_ends_after_it_begins",
                violation_error_message=_("预测截止不能早于发出时间。"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.series} · {self.get_level_display()}"

    @property
    def lead(self) -> int | None:
        """How many ms before the crossing it was first told; None unless it was a hit."""
        return self.crossed_at - self.made_at if self.state == self.State.HIT and self.crossed_at else None


class ForecastRun(models.Model):
    """One round over all series with forecasts: how many ended how; those left out are counted by their reason."""

    at = models.DateTimeField(_("运行时间"))
    outcomes = models.JSONField(_("结果"))
    seconds = models.FloatField(_("用时(秒)"))

    objects = RowManager()

    class Meta:
        verbose_name = verbose_name_plural = _("预测运行")
        ordering = ["-id"]
