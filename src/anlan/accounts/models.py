"""Area, Organisation, User (a log-in belongs to all three), and the entries of the audit log."""

from typing import Any, Self

from django.apps import apps
from django.contrib.auth.models import AbstractUser
from django.contrib.auth.models import UserManager as DjangoUserManager
from django.contrib.gis.db import models
from django.db.models import F, Q, Value
from django.db.models.functions import Concat, Substr
from django.utils.translation import gettext_lazy as _

from anlan.accounts.checks import check_area_code, check_credit_code
from anlan.accounts.roles import Role
from anlan.accounts.rows import OwnedManager, OwnedQuerySet, reach
from anlan.kit.entities import entities, entity
from anlan.kit.layers import Layer
from anlan.kit.rows import RowQuerySet


class AreaQuerySet(RowQuerySet["Area"]):
    def visible_to(self, user: Any) -> Self:
        rows = super().visible_to(user)
        if user.is_superuser:
            return rows
        path = reach(user)
        return rows.filter(path__startswith=path) if path else rows.none()


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

    code = models.CharField(_("区划代码"), max_length=20, unique=True, validators=[check_area_code])
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
        constraints = [
            models.CheckConstraint(
                condition=Q(valid_to=None) | Q(valid_from=None) | Q(valid_to__gte=F("valid_from")),
                name="area_dates",
                violation_error_message=_("停用日期不能早于启用日期。"),
            ),
            models.CheckConstraint(
                condition=Q(level="district", path__regex=r"^[^.]+\.$")
                | Q(level="street", path__regex=r"^([^.]+\.){2}$")
                | Q(level="community", path__regex=r"^([^.]+\.){3}$")
                | Q(level="grid", path__regex=r"^([^.]+\.){4}$"),
                name="area_below_its_parent",
                violation_error_message=_("上级区域必须正好高一级:网格属于社区,社区属于街道,街道属于区,区没有上级。"),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        self.path = self._path()

    def save(self, *args: Any, **kwargs: Any) -> None:
        """A change of code or parent carries everything below along."""
        before = type(self).objects.filter(pk=self.pk).values_list("path", flat=True).first() if self.pk else None
        self.path = self._path()
        if kwargs.get("update_fields") is not None:
            kwargs["update_fields"] = {*kwargs["update_fields"], "path"}
        super().save(*args, **kwargs)
        if before and before != self.path:
            below = type(self).objects.filter(path__startswith=before).exclude(pk=self.pk)
            below.update(path=Concat(Value(self.path), Substr("path", len(before) + 1)))

    def _path(self) -> str:
        return f"{self.parent.path if self.parent else ''}{self.code}."


@entity(
    columns=("name", "kind", "credit_code", "area", "telephone"),
    search=("name", "credit_code"),
    filters=("kind", "area"),
    sensitive=("telephone",),
    key=("name",),
    icon="corporate_fare",
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


@entity(
    columns=("username", "display_name", "role", "area", "organisation", "is_active", "last_login"),
    search=("username", "display_name"),
    filters=("role", "area", "is_active"),
    sensitive=("telephone", "email"),
    key=("username",),
    readonly=("is_superuser", "must_change_password", "last_login", "date_joined"),
    icon="person",
    importable=False,
    history=False,
)
class User(AbstractUser):
    """A person who logs in: one role, one area, one organisation."""

    first_name = last_name = None  # type: ignore[assignment]
    password = models.CharField(_("密码"), max_length=128, editable=False)
    display_name = models.CharField(_("姓名"), max_length=40)
    role = models.CharField(_("角色"), max_length=20, choices=Role.choices, default=Role.COMMUNITY)
    area = models.ForeignKey(Area, on_delete=models.PROTECT, null=True, blank=True, verbose_name=_("所属区域"))
    organisation = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, null=True, blank=True, verbose_name=_("所属单位")
    )
    telephone = models.CharField(_("手机"), max_length=20, blank=True)
    must_change_password = models.BooleanField(_("下次登录须修改密码"), default=False)

    objects = UserManager()  # type: ignore[misc]

    class Meta:
        verbose_name = verbose_name_plural = _("用户")
        ordering = ["username"]

    def __str__(self) -> str:
        return self.get_full_name()

    def get_full_name(self) -> str:
        return self.display_name or self.username

    def get_short_name(self) -> str:
        return self.get_full_name()


NO_PERSON = {"system": _("系统"), "operator": _("命令行"), "anonymous": _("未登录者")}


def subject_model(label: str) -> type[models.Model] | None:
    """The model of an `app_label.model` name; None where there is none."""
    app, _dot, name = label.partition(".")
    return apps.all_models.get(app, {}).get(name)


def subject_choices() -> list[tuple[str, Any]]:
    """Every declared entity by its name in words."""
    return [(name, declared.model._meta.verbose_name) for name, declared in entities().items()]


class AuditQuerySet(RowQuerySet["AuditEntry"]):
    def visible_to(self, user: Any) -> Self:
        rows = super().visible_to(user)
        return rows if user.is_superuser or getattr(user, "role", "") == Role.ADMINISTRATOR else rows.none()


@entity(
    columns=("seq", "at", "actor_title", "action", "subject", "subject_name", "ip"),
    search=("actor_name", "subject_name", "subject_id", "ip"),
    filters=("action", "subject", "at"),
    key=("seq",),
    icon="policy",
    importable=False,
    changeable=False,
    history=False,
)
class AuditEntry(models.Model):
    """One link of the audit log. Its table and the triggers that guard it are made by hand in a migration.

    `subject` is `app_label.model`; `fields` holds field → [before, after] as text, sensitive values as a keyed hash.
    """

    class Action(models.TextChoices):
        CREATE = "create", _("新增")
        CHANGE = "change", _("修改")
        DELETE = "delete", _("删除")
        READ_SENSITIVE = "read_sensitive", _("查看敏感信息")
        LOGIN = "login", _("登录")
        LOGIN_FAILED = "login_failed", _("登录失败")
        LOCKED = "locked", _("登录锁定")
        UNLOCKED = "unlocked", _("解除锁定")
        LOGOUT = "logout", _("退出")
        SECOND_FACTOR = "second_factor", _("动态口令变更")
        EXPORT = "export", _("导出")
        IMPORT = "import", _("导入")

    seq = models.BigIntegerField(_("序号"), primary_key=True)
    at = models.DateTimeField(_("时间"))
    actor_id = models.BigIntegerField(_("操作人编号"), null=True)
    actor_name = models.TextField(_("操作人"))
    action = models.CharField(_("操作"), max_length=20, choices=Action.choices)
    subject = models.CharField(_("对象类型"), max_length=100, choices=subject_choices)
    subject_id = models.TextField(_("对象编号"))
    subject_name = models.TextField(_("对象名称"))
    area = models.TextField(_("区域路径"))
    fields = models.JSONField(_("内容"))
    ip = models.TextField(_("来源地址"))
    previous_hash = models.CharField(_("前一条的哈希"), max_length=64)
    hash = models.CharField(_("哈希"), max_length=64)

    objects = models.Manager.from_queryset(AuditQuerySet)()

    class Meta:
        managed = False
        verbose_name = verbose_name_plural = _("审计日志")
        ordering = ["-seq"]

    def __str__(self) -> str:
        return f"#{self.seq} {self.get_action_display()}"

    @property
    def actor_title(self) -> str:
        """The actor as pages show it: the two that are no people in words."""
        return str(NO_PERSON.get(self.actor_name, self.actor_name)) if self.actor_id is None else self.actor_name

    actor_title.fget.short_description = _("操作人")  # type: ignore[attr-defined]


__all__ = ["Area", "AuditEntry", "Organisation", "OwnedManager", "User"]
