"""The rules that judge readings, as rows."""

from itertools import combinations

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from anlan.kit.entities import entity
from anlan.kit.models import LawRule
from anlan.kit.rows import RowManager
from anlan.monitoring.models.device import Device, Level
from anlan.monitoring.models.rule_kernel import BANDS, NAMES, kernel_rule
from anlan.rules.declaration import Rule, RuleError

RULE_FAULTS = {
    "range": _("有效量程的下限不能高于上限。"),
    "band": _("区间须有下界和上界,且下界低于上界;只有“区间内”“区间外”触发才填下界。"),
    "samples": _("连续次数须在 1 至 1000000 之间。"),
    "clear_samples": _("解除次数须在 1 至 1000000 之间。"),
    "within": _("“最近几次之中”须不少于次数、不多于 60。"),
    "duration": _("持续时长过长。"),
    "clear_duration": _("解除时长过长。"),
    "rate_per": _("突变时长过长。"),
    "windows": _("累计时段最多四个,各不相同,触发值和解除值成对填写。"),
    "flat_tolerance": _("不变容差不能为负数。"),
    "flat_after": _("不变时限过长。"),
    "flat_level": _("设了不变时限就要选级别。"),
    "schedule": _("生效星期须为 1(周一)至 7(周日),时刻须在一天之内。"),
    "spans": _("生效时段最多八个,写法须与说明一致。"),
    "season": _("生效季节须写成“月-日”,如 04-15 至 10-15,且两端都填。"),
    "direction": _("方向有误。"),
    "rate_limit": _("突变限值不能为负数。"),
    "rate_level": _("设了突变限值就要选级别。"),
    "no_data_after": _("无数据时限不能为负数。"),
    "no_data_level": _("设了无数据时限就要选级别。"),
    "finite": _("触发值和解除值须是有限的数。"),
    "hysteresis": _("解除值不能比触发值更严重。"),
    "order": _("级别越高,触发值须越严重,且不能比低级别更晚解除。"),
}


def _in_order() -> Q:
    """A higher level lies further out, whichever levels are given. SQL lets what is empty pass."""
    above, below = Q(direction="above"), Q(direction="below")
    band = Q(direction__in=BANDS)
    for low, high in combinations(NAMES, 2):
        above &= Q(**{f"{low}_raise__lt": F(f"{high}_raise")})
        below &= Q(**{f"{low}_raise__gt": F(f"{high}_raise")})
    return above | below | band


def _in_pairs() -> Q:
    pairs = Q()
    for name in NAMES:
        both = Q(**{f"{name}_raise__isnull": False, f"{name}_clear__isnull": False})
        pairs &= both | Q(**{f"{name}_raise": None, f"{name}_clear": None})
    return pairs


def _with_bands() -> Q:
    """Low ends stand beside high ends where the direction is a band, and nowhere else."""
    banded, single = Q(direction__in=BANDS), ~Q(direction__in=BANDS)
    for name in NAMES:
        ends = [Q(**{f"{name}_{word}_low__isnull": empty}) for word in ("raise", "clear") for empty in (True, False)]
        banded &= Q(**{f"{name}_raise__isnull": True}) & ends[0] & ends[2] | ends[1] & ends[3]
        single &= ends[0] & ends[2]
    return banded | single


@entity(
    columns=("name", "device_kind", "area", "device", "key", "direction", "unit", "source", "verified", "active"),
    search=("name", "key", "device__name", "device__code", "source"),
    filters=("device_kind", "area", "verified", "active"),
    key=("device_kind", "area", "device", "key"),
    changeable=False,
    icon="tune",
)
class ThresholdRule(models.Model):
    """What judges one series of one device, or that series of every device of a kind, everywhere or in an area.

    The device's own rule wins over that of the nearest area, which wins over that of the kind. A live rule is changed
    by a rehearsed and signed proposal only; what a file brings in is marked as such in its history.

    A key "*:fire" is for every series whose key ends so, such as that of each detector behind a fire panel.
    """

    class Direction(models.TextChoices):
        ABOVE = "above", _("高于触发")
        BELOW = "below", _("低于触发")
        INSIDE = "inside", _("区间内触发")
        OUTSIDE = "outside", _("区间外触发")

    name = models.CharField(_("规则名称"), max_length=80)
    device_kind = models.CharField(_("适用设备类别"), max_length=20, choices=Device.Kind.choices, blank=True)
    device = models.ForeignKey(
        Device, on_delete=models.CASCADE, null=True, blank=True, related_name="rules", verbose_name=_("适用设备")
    )
    area = models.ForeignKey(
        "accounts.Area",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("适用区域"),
        help_text=_("留空则全区适用;与设备类别一起填,只管该区域及其下级区域内的设备"),
    )
    key = models.CharField(_("指标代码"), max_length=60)
    unit = models.CharField(_("单位"), max_length=20, blank=True)
    direction = models.CharField(_("方向"), max_length=8, choices=Direction.choices, default=Direction.ABOVE)
    blue_raise = models.FloatField(_("蓝色触发"), null=True, blank=True)
    blue_clear = models.FloatField(_("蓝色解除"), null=True, blank=True)
    yellow_raise = models.FloatField(_("黄色触发"), null=True, blank=True)
    yellow_clear = models.FloatField(_("黄色解除"), null=True, blank=True)
    orange_raise = models.FloatField(_("橙色触发"), null=True, blank=True)
    orange_clear = models.FloatField(_("橙色解除"), null=True, blank=True)
    red_raise = models.FloatField(_("红色触发"), null=True, blank=True)
    red_clear = models.FloatField(_("红色解除"), null=True, blank=True)
    blue_raise_low = models.FloatField(_("蓝色触发下界"), null=True, blank=True)
    blue_clear_low = models.FloatField(_("蓝色解除下界"), null=True, blank=True)
    yellow_raise_low = models.FloatField(_("黄色触发下界"), null=True, blank=True)
    yellow_clear_low = models.FloatField(_("黄色解除下界"), null=True, blank=True)
    orange_raise_low = models.FloatField(_("橙色触发下界"), null=True, blank=True)
    orange_clear_low = models.FloatField(_("橙色解除下界"), null=True, blank=True)
    red_raise_low = models.FloatField(_("红色触发下界"), null=True, blank=True)
    red_clear_low = models.FloatField(_("红色解除下界"), null=True, blank=True)
    samples = models.PositiveIntegerField(_("连续次数"), default=1)
    within = models.PositiveSmallIntegerField(
        _("最近几次之中"), default=0, help_text=_("0 为须连续;如次数 3、最近 5 次,即五次中有三次越限才触发"), blank=True
    )
    duration_seconds = models.PositiveIntegerField(_("持续时长(秒)"), default=0, help_text=_("0 为不要求持续"))
    clear_samples = models.PositiveIntegerField(_("解除次数"), default=1)
    clear_seconds = models.PositiveIntegerField(_("解除时长(秒)"), default=0)
    low = models.FloatField(_("量程下限"), null=True, blank=True)
    high = models.FloatField(_("量程上限"), null=True, blank=True)
    rate_limit = models.FloatField(_("突变限值"), null=True, blank=True)
    rate_level = models.PositiveSmallIntegerField(_("突变级别"), choices=Level.choices, default=Level.BLUE)
    rate_seconds = models.PositiveIntegerField(
        _("突变按时长折算(秒)"), default=0, help_text=_("0 为按相邻两次读数之差;600 为按每十分钟的变化")
    )
    windows = models.JSONField(_("累计时段"), default=list, blank=True)
    counter = models.BooleanField(_("读数是累计表底"), default=False, help_text=_("累计时按增量相加,回落视为清零"))
    flat_minutes = models.PositiveIntegerField(_("不变时限(分钟)"), default=0, help_text=_("0 为不检查"))
    flat_tolerance = models.FloatField(_("不变容差"), default=0)
    flat_level = models.PositiveSmallIntegerField(_("不变级别"), choices=Level.choices, default=Level.BLUE)
    spans = models.JSONField(_("生效时段"), default=list, blank=True)
    season_from = models.CharField(_("季节起(月-日)"), max_length=5, blank=True)
    season_to = models.CharField(_("季节止(月-日)"), max_length=5, blank=True)
    no_data_minutes = models.PositiveIntegerField(_("无数据时限(分钟)"), default=0)
    no_data_level = models.PositiveSmallIntegerField(_("无数据级别"), choices=Level.choices, default=Level.BLUE)
    source = models.CharField(_("来源"), max_length=300)
    verified = models.CharField(
        _("核实情况"), max_length=10, choices=LawRule.Verified.choices, default=LawRule.Verified.OWN
    )
    dynamic = models.BooleanField(_("按自身历史收紧"), default=False, help_text=_("只会比固定阈值更灵敏,不会放宽"))
    forecast_minutes = models.PositiveIntegerField(
        _("预测时长(分钟)"), default=0, help_text=_("0 为不预测;预计在此时长内越线即发预测报警")
    )
    active = models.BooleanField(_("启用"), default=True)

    objects = RowManager()

    class Meta:
        verbose_name = verbose_name_plural = _("报警规则")
        ordering = ["device_kind", "area_id", "device_id", "key"]
        constraints = [
            models.CheckConstraint(
                condition=Q(device=None) ^ Q(device_kind=""),
                name="rule_has_one_scope",
                violation_error_message=_("适用设备和适用设备类别须填且只填一项。"),
            ),
            models.CheckConstraint(
                condition=Q(device=None) | Q(area=None),
                name="rule_area_is_of_a_kind",
                violation_error_message=_("适用区域只能与适用设备类别一起填写。"),
            ),
            models.UniqueConstraint(
                fields=["device_kind", "area", "device", "key"],
                nulls_distinct=False,
                name="rule_once",
                violation_error_message=_("同一范围的同一指标只能有一条规则。"),
            ),
            models.CheckConstraint(
                condition=_in_pairs(),
                name="rule_thresholds_in_pairs",
                violation_error_message=_("触发值和解除值须成对填写。"),
            ),
            models.CheckConstraint(
                condition=_with_bands(),
                name="rule_bands_have_both_ends",
                violation_error_message=RULE_FAULTS["band"],
            ),
            models.CheckConstraint(
                condition=Q(season_from="") & Q(season_to="") | ~Q(season_from="") & ~Q(season_to=""),
                name="rule_season_has_both_ends",
                violation_error_message=RULE_FAULTS["season"],
            ),
            models.CheckConstraint(
                condition=_in_order(),
                name="rule_levels_in_order",
                violation_error_message=RULE_FAULTS["order"],
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        if fault := self.fault():
            raise ValidationError(fault)

    def fault(self) -> str:
        """Why the kernel would refuse this rule, in a sentence; empty where it would not."""
        try:
            self.as_rule()
        except RuleError as error:
            level = str(Level(error.level).label) if error.level else ""
            words = str(RULE_FAULTS.get(error.code) or error)
            return f"{level}:{words}" if level else words
        return ""

    def as_rule(self) -> Rule:
        """The kernel's form, without the holidays table. Raises `RuleError` where it contradicts itself."""
        return kernel_rule(self)

    @property
    def by_kind_of_day(self) -> bool:
        """Whether a span asks for workdays, weekends or holidays."""
        return any(set(str(span.get("days", ""))) & set("weh") for span in self.spans or [])


class RuleStamp(models.Model):
    """One row whose version the database renews with every change of a rule, by whatever way it was made."""

    version = models.BigIntegerField(default=0)
