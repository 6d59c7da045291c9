"""Area, Organisation, User. A log-in belongs to all three."""

from typing import Any, Self

from django.contrib.auth.models import AbstractUser
from django.contrib.auth.models import UserManager as DjangoUserManager
from django.contrib.gis.db import models
from django.utils.translation import gettext_lazy as _

from anlan.accounts.checks import check_credit_code
from anlan.accounts.roles import Role
from anlan.accounts.rows import OwnedManager, OwnedQuerySet
from anlan.kit.entities import entity
from anlan.kit.layers import Layer
from anlan.kit.rows import RowQuerySet


class AreaQuerySet(RowQuerySet["Area"]):
    def visible_to(self, user: Any) -> Self:
        rows = super().visible_to(user)
        if user.is_superuser:
            return rows
        return rows.filter(path__startswith=user.area.path) if user.area_id else rows.none()


@entity(
    columns=("name", "code", "level", "parent", "valid_from", "valid_to"),
    search=("name", "code"),
    filters=("level",),
    key=("code",),
    readonly=("path",),
    layer=Layer(
        symbol="area",
        geometry="boundary",
        colour_by="level",
        properties=("name", "code", "level"),
        shown=True,
        order=1,
    ),
)
class Area(models.Model):
    """A district, sub-district, community or grid. `path` holds the codes from the district down, dot-ended."""

    class Level(models.TextChoices):
        DISTRICT = "district", _("区")
        STREET = "street", _("街道")
        COMMUNITY = "community", _("社区")
        GRID = "grid", _("网格")

    code = models.CharField(_("区划代码"), max_length=20, unique=True)
    name = models.CharField(_("名称"), max_length=60)
    level = models.CharField(_("层级"), max_length=10, choices=Level.choices)
    parent = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, verbose_name=_("上级区域"))
    path = models.CharField(_("路径"), max_length=120, editable=False)
    boundary = models.MultiPolygonField(_("边界"), srid=4490, null=True, blank=True)
    valid_from = models.DateField(_("启用日期"), null=True, blank=True)
    valid_to = models.DateField(_("停用日期"), null=True, blank=True)

    objects = models.Manager.from_queryset(AreaQuerySet)()

    class Meta:
        verbose_name = verbose_name_plural = _("行政区域")
        ordering = ["path"]
        indexes = [models.Index(fields=["path"], name="area_path", opclasses=["text_pattern_ops"])]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.path = f"{self.parent.path if self.parent else ''}{self.code}."
        super().save(*args, **kwargs)


@entity(
    columns=("name", "kind", "credit_code", "area", "telephone"),
    search=("name", "credit_code"),
    filters=("kind", "area"),
    sensitive=("telephone",),
    key=("name",),
)
class Organisation(models.Model):
    """A bureau, department, sub-district office, enterprise, community or rescue body."""

    class Kind(models.TextChoices):
        BUREAU = "bureau", _("应急管理局")
        DEPARTMENT = "department", _("职能部门")
        STREET = "street", _("街道办事处")
        COMMUNITY = "community", _("社区工作站")
        ENTERPRISE = "enterprise", _("企业")
        TEAM = "team", _("救援单位")

    name = models.CharField(_("单位名称"), max_length=120)
    kind = models.CharField(_("类别"), max_length=12, choices=Kind.choices)
    credit_code = models.CharField(
        _("统一社会信用代码"), max_length=18, unique=True, null=True, blank=True, validators=[check_credit_code]
    )
    area = models.ForeignKey(Area, on_delete=models.PROTECT, verbose_name=_("所属区域"))
    telephone = models.CharField(_("联系电话"), max_length=30, blank=True)

    class Rows(OwnedQuerySet["Organisation"]):
        def visible_to(self, user: Any) -> Self:
            if not user.is_superuser and getattr(user, "role", "") == "enterprise":
                return self.filter(pk=user.organisation_id) if user.organisation_id else self.none()
            return super().visible_to(user)

    objects = models.Manager.from_queryset(Rows)()

    class Meta:
        verbose_name = verbose_name_plural = _("单位")
        ordering = ["id"]

    def __str__(self) -> str:
        return self.name


class UserManager(DjangoUserManager["User"].from_queryset(OwnedQuerySet)):  # type: ignore[misc]
    """People who log in; row rules as for every owned row."""


class User(AbstractUser):
    """A person who logs in: one role, one area, one organisation."""

    display_name = models.CharField(_("姓名"), max_length=40)
    role = models.CharField(_("角色"), max_length=20, choices=Role.choices, default=Role.COMMUNITY)
    area = models.ForeignKey(Area, on_delete=models.PROTECT, null=True, blank=True, verbose_name=_("所属区域"))
    organisation = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, null=True, blank=True, verbose_name=_("所属单位")
    )
    telephone = models.CharField(_("手机"), max_length=20, blank=True)

    objects = UserManager()  # type: ignore[misc]

    class Meta:
        verbose_name = verbose_name_plural = _("用户")

    def __str__(self) -> str:
        return self.display_name or self.username


__all__ = ["Area", "Organisation", "OwnedManager", "User"]
