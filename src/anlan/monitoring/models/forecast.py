"""Forecasts of crossings, how they turned out, the runs that made them, and what their intervals held."""

from typing import Self

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from anlan.kit.rows import M, RowManager
from anlan.monitoring.models.device import Level, OfDevice, Series
from anlan.monitoring.models.rule import ThresholdRule


class OfSeries(OfDevice[M]):
    """Rows that are seen by whoever sees their series' device."""

    def visible_to(self, user: object) -> Self:
        return self.filter(series__in=Series.objects.visible_to(user))


class Outcome(models.TextChoices):
    """How a run ended for one series: a forecast, none in sight, or why there could be none."""

    TOLD = "told", _("新预测")
    REVISED = "revised", _("修订")
    WITHDRAWN = "withdrawn", _("撤回")
    QUIET = "quiet", _("不会越线")
    BEYOND = "beyond", _("已越线")
    SHORT = "short", _("历史不足")
    STALE = "stale", _("久无读数")
    GAPS = "gaps", _("断续")
    IRREGULAR = "irregular", _("间隔不匀")
    FLAT = "flat", _("几乎不变")
    JUMP = "jump", _("只凭突跳")
    CROWDED = "crowded", _("时间重叠")
    WILD = "wild", _("算不收敛")
    LEFT_OUT = "left_out", _("超出数量未预测")


FORECAST = (Outcome.TOLD, Outcome.REVISED, Outcome.WITHDRAWN, Outcome.QUIET, Outcome.BEYOND)
"""Outcomes of series that could be forecast; all others are refusals."""


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

    objects = models.Manager.from_queryset(OfSeries["Forecast"])()

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


def _as_is() -> list[float]:
    return [1.0, 1.0, 1.0]


class SeriesForecast(models.Model):
    """What the last run made of one series, and how wide its intervals must be.

    `scale` widens or narrows the interval by thirds of the horizon, `checked` says how many intervals it has learnt
    from. `path` is the one under watch: [ms, mean, low, high] a step; empty where none is. Moments in ms.
    """

    series = models.OneToOneField(Series, on_delete=models.CASCADE, related_name="+", verbose_name=_("监测指标"))
    rule = models.ForeignKey(ThresholdRule, on_delete=models.CASCADE, related_name="+", verbose_name=_("报警规则"))
    outcome = models.CharField(_("预测情况"), max_length=12, choices=Outcome.choices)
    since = models.BigIntegerField(_("自何时起"))
    at = models.BigIntegerField(_("运行时间"))
    scale = models.JSONField(_("区间宽度系数"), default=_as_is)
    checked = models.PositiveIntegerField(_("已检验次数"), default=0)
    path = models.JSONField(default=list)

    objects = models.Manager.from_queryset(OfSeries["SeriesForecast"])()

    class Meta:
        verbose_name = verbose_name_plural = _("指标预测情况")
        ordering = ["series_id"]
        indexes = [models.Index(fields=["outcome", "series"], name="series_forecast_list")]

    def __str__(self) -> str:
        return f"{self.series} · {self.get_outcome_display()}"

    def say(self, outcome: str, now: int) -> str:
        """Notes how this run ended, and gives it back."""
        self.since = self.since if outcome == self.outcome else now
        self.outcome, self.at = outcome, now
        return outcome

    def watch(self, path: list[list[float]]) -> None:
        """Takes a path to be checked, unless one is under watch already."""
        self.path = self.path or path


class ForecastCover(models.Model):
    """What share of readings a series' 80 % intervals held on one day: `held` is the sum over `checked` intervals."""

    series = models.ForeignKey(Series, on_delete=models.CASCADE, related_name="+", verbose_name=_("监测指标"))
    day = models.DateField(_("日期"))
    held = models.FloatField(_("落在区间内"), default=0)
    checked = models.PositiveIntegerField(_("已检验次数"), default=0)

    objects = models.Manager.from_queryset(OfSeries["ForecastCover"])()

    class Meta:
        verbose_name = verbose_name_plural = _("预测区间检验")
        ordering = ["-day"]
        constraints = [
            models.UniqueConstraint(fields=["series", "day"], name="cover_once_a_day"),
            models.CheckConstraint(condition=Q(held__lte=F("checked")), name="cover_holds_no_more_than_all"),
        ]

    def __str__(self) -> str:
        return f"{self.series} · {self.day}"
