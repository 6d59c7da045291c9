"""Kinds of hazards 隐患类别: a table of the bureau's own, for it to change."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from anlan.kit.entities import entity
from anlan.kit.models import LawRule
from anlan.kit.rows import RowManager


@entity(
    columns=("code", "name", "order", "active", "source", "verified"),
    search=("code", "name"),
    filters=("active", "verified"),
    key=("code",),
    icon="rule_folder",
    example={"code": "fire", "name": "消防安全", "order": 1},
)
class HazardCategory(models.Model):
    """`source` and `verified` say where the name comes from; those that are shipped are a proposal."""

    code = models.SlugField(_("代码"), max_length=40, unique=True)
    name = models.CharField(_("名称"), max_length=60)
    order = models.PositiveSmallIntegerField(_("排序"), default=100)
    active = models.BooleanField(_("启用"), default=True)
    source = models.CharField(_("来源"), max_length=300, blank=True)
    verified = models.CharField(
        _("核实情况"), max_length=10, choices=LawRule.Verified.choices, default=LawRule.Verified.OWN
    )

    objects = RowManager()

    class Meta:
        verbose_name = verbose_name_plural = _("隐患类别")
        ordering = ["order", "code"]

    def __str__(self) -> str:
        return self.name
