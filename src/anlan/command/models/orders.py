"""An order 指令 to a team, and the photos that answer it."""

from typing import Any, Self

from django.conf import settings
from django.contrib.gis.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from anlan.accounts.roles import Role
from anlan.command.flows import OrderState
from anlan.kit.entities import entity
from anlan.kit.rows import RowQuerySet


def _reach(user: Any, prefix: str) -> Q | None:
    """Which orders a person reaches; None: every one. `prefix` leads to the order's own fields."""
    if user.is_superuser:
        return None
    if user.role == Role.TEAM_LEADER:
        own = user.organisation_id
        return Q(**{f"{prefix}team__organisation_id": own}) if own else Q(pk__in=[])
    if user.role == Role.ENTERPRISE or not user.area_id:
        return Q(pk__in=[])
    return Q(**{f"{prefix}incident__area__path__startswith": user.area.path})


class OrderQuerySet(RowQuerySet["Order"]):
    """A team leader sees the orders of their own body's teams wherever they are sent; others those of their area."""

    def visible_to(self, user: Any) -> Self:
        rows, reach = super().visible_to(user), _reach(user, "")
        return rows if reach is None else rows.filter(reach)


@entity(
    columns=("incident", "number", "team", "state", "sent_at", "received_at", "arrived_at", "ended_at"),
    search=("text", "team__name", "incident__title"),
    filters=("state", "team"),
    importable=False,
    changeable=False,
    history=False,
    icon="assignment",
)
class Order(models.Model):
    """`number` counts within the incident. Positions are where the phone was when the step was taken, if it said."""

    incident = models.ForeignKey(
        "command.Incident", on_delete=models.PROTECT, related_name="orders", verbose_name=_("事件")
    )
    number = models.PositiveIntegerField(_("序号"))
    team = models.ForeignKey(
        "registry.Team", on_delete=models.PROTECT, related_name="orders", verbose_name=_("救援队伍")
    )
    text = models.TextField(_("指令内容"))
    destination = models.PointField(_("目的地"), srid=4490, null=True, blank=True)
    state = models.CharField(_("状态"), max_length=12, choices=OrderState.choices, default=OrderState.SENT)
    sent_at = models.DateTimeField(_("下达时间"))
    sent_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("下达人")
    )
    receipt_due_at = models.DateTimeField(_("签收时限"))
    due_at = models.DateTimeField(_("到达时限"))
    received_at = models.DateTimeField(_("签收时间"), null=True, blank=True)
    arrived_at = models.DateTimeField(_("到达时间"), null=True, blank=True)
    ended_at = models.DateTimeField(_("办结时间"), null=True, blank=True)
    received_position = models.PointField(_("签收位置"), srid=4490, null=True, blank=True)
    arrived_position = models.PointField(_("到达位置"), srid=4490, null=True, blank=True)
    ended_position = models.PointField(_("办结位置"), srid=4490, null=True, blank=True)
    result = models.TextField(_("处置结果"), blank=True)
    reason = models.TextField(_("原因"), blank=True)

    objects = models.Manager.from_queryset(OrderQuerySet)()

    class Meta:
        verbose_name = verbose_name_plural = _("指令")
        ordering = ["-sent_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["incident", "number"], name="order_number_once"),
            models.CheckConstraint(
                condition=~Q(state=OrderState.DONE) | ~Q(result=""),
                name="order_done_with_result",
                violation_error_message=_("完成指令必须写明处置结果。"),
            ),
            models.CheckConstraint(
                condition=~Q(state__in=[OrderState.UNABLE, OrderState.WITHDRAWN]) | ~Q(reason=""),
                name="order_ended_with_reason",
                violation_error_message=_("无法执行或撤回指令必须写明原因。"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.number}. {self.team}"


class PhotoQuerySet(RowQuerySet["Photo"]):
    def visible_to(self, user: Any) -> Self:
        rows, reach = super().visible_to(user), _reach(user, "order__")
        return rows if reach is None else rows.filter(reach)


class Photo(models.Model):
    """A picture from the field, kept byte for byte under its hash; `exif_sha256` is the hash of its EXIF block.

    `taken_at` and `position` are what the camera wrote, if anything; they prove nothing by themselves.
    """

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="photos", verbose_name=_("指令"))
    sha256 = models.CharField(_("图像校验值"), max_length=64)
    exif_sha256 = models.CharField(_("拍摄信息校验值"), max_length=64, blank=True)
    content_type = models.CharField(_("格式"), max_length=20)
    size = models.PositiveIntegerField(_("字节数"))
    width = models.PositiveIntegerField(_("宽"))
    height = models.PositiveIntegerField(_("高"))
    taken_at = models.DateTimeField(_("拍摄时间"), null=True, blank=True)
    position = models.PointField(_("拍摄位置"), srid=4490, null=True, blank=True)
    uploaded_at = models.DateTimeField(_("上传时间"))
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("上传人")
    )

    objects = models.Manager.from_queryset(PhotoQuerySet)()

    class Meta:
        verbose_name = verbose_name_plural = _("现场照片")
        ordering = ["uploaded_at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["order", "sha256"],
                name="photo_once_an_order",
                violation_error_message=_("这张照片已经上传过。"),
            )
        ]

    def __str__(self) -> str:
        return self.sha256[:12]
