"""Rows that belong to an area and an organisation, and who sees them."""

from typing import Any, Self

from django.contrib.gis.db import models
from django.utils.translation import gettext_lazy as _

from anlan.kit.rows import M, RowQuerySet


def reach(user: Any) -> str:
    """Path of the area within which a person sees rows; empty where they see none."""
    return str(user.area.path) if getattr(user, "area_id", None) else ""


class OwnedQuerySet(RowQuerySet[M]):
    """A person sees the rows of their own area and below; an enterprise's person only their enterprise's rows."""

    def visible_to(self, user: Any) -> Self:
        rows = super().visible_to(user)
        if user.is_superuser:
            return rows
        if user.is_authenticated and user.role == "enterprise":
            return rows.filter(organisation_id=user.organisation_id) if user.organisation_id else rows.none()
        path = reach(user)
        return rows.filter(area__path__startswith=path) if path else rows.none()


OwnedManager = models.Manager.from_queryset(OwnedQuerySet)


class OwnedRow(models.Model):
    """Base of every row of the district."""

    area = models.ForeignKey("accounts.Area", on_delete=models.PROTECT, related_name="+", verbose_name=_("所属区域"))
    organisation = models.ForeignKey(
        "accounts.Organisation",
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("所属单位"),
        null=True,
        blank=True,
    )

    objects = OwnedManager()

    class Meta:
        abstract = True


class PlacedRow(OwnedRow):
    """An owned row with a name and a point on the map (EPSG:4490, longitude first)."""

    name = models.CharField(_("名称"), max_length=120)
    address = models.CharField(_("地址"), max_length=200, blank=True)
    location = models.PointField(_("位置"), srid=4490, null=True, blank=True)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.name
