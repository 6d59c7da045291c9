"""Days that are not what their weekday says: holidays, and weekends on which people work."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from anlan.kit.entities import entity
from anlan.kit.models import LawRule
from anlan.kit.rows import RowManager


@entity(
    columns=("day", "kind", "name", "source", "verified"),
    search=("name", "source"),
    filters=("kind", "verified"),
    key=("day",),
    example={"day": "2026-01-01", "kind": "holiday", "name": "元旦", "source": "填写放假通知的文号", "verified": "own"},
    icon="calendar_month",
)
class CalendarDay(models.Model):
    """A holiday or a working weekend. Ships empty: the dates are announced each year and are entered or imported."""

    class Kind(models.TextChoices):
        HOLIDAY = "holiday", _("节假日")
        WORKDAY = "workday", _("调休上班")

    day = models.DateField(_("日期"), unique=True, error_messages={"unique": _("这一天已在节假日表中。")})
    kind = models.CharField(_("类型"), max_length=10, choices=Kind.choices)
    name = models.CharField(_("名称"), max_length=60, blank=True)
    source = models.CharField(_("来源"), max_length=300, help_text=_("放假安排的文号,或本单位的决定"))
    verified = models.CharField(
        _("核实情况"), max_length=10, choices=LawRule.Verified.choices, default=LawRule.Verified.OWN
    )
    changed_at = models.DateTimeField(auto_now=True)

    objects = RowManager()

    class Meta:
        verbose_name = verbose_name_plural = _("节假日表")
        ordering = ["-day"]

    def __str__(self) -> str:
        return f"{self.day} {self.name or self.get_kind_display()}"
