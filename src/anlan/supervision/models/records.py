"""A hazard's photos, and its timeline: a trigger refuses every change and removal of an entry."""

from typing import Any, Self

from django.conf import settings
from django.contrib.gis.db import models
from django.utils.translation import gettext_lazy as _

from anlan.kit.rows import RowQuerySet
from anlan.supervision.flow import HazardStep
from anlan.supervision.kinds import Stage
from anlan.supervision.models.hazards import Hazard


class HazardPartQuerySet(RowQuerySet[Any]):
    """Rows that hang on a hazard: seen by who sees the hazard."""

    def visible_to(self, user: Any) -> Self:
        return super().visible_to(user).filter(hazard__in=Hazard.objects.visible_to(user))


class HazardPhoto(models.Model):
    """Kept byte for byte under its hash. `taken_at` and `position` are what the camera wrote; they prove nothing alone."""

    hazard = models.ForeignKey(Hazard, on_delete=models.PROTECT, related_name="photos", verbose_name=_("隐患"))
    stage = models.CharField(_("阶段"), max_length=10, choices=Stage.choices)
    turn = models.PositiveSmallIntegerField(_("第几次整改"), default=0)
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
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("上传人")
    )

    objects = models.Manager.from_queryset(HazardPartQuerySet)()

    class Meta:
        verbose_name = verbose_name_plural = _("隐患照片")
        ordering = ["uploaded_at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["hazard", "sha256"],
                name="hazard_photo_once",
                violation_error_message=_("这张照片已用于本隐患，请另拍一张。"),
            )
        ]

    def __str__(self) -> str:
        return self.sha256[:12]


class HazardEntry(models.Model):
    """One thing that happened. `actor` is empty where the system itself speaks, `step` where no step was taken.

    `key` is the form's own number, so that a form sent twice does its work once. Text is in the record's language.
    """

    hazard = models.ForeignKey(Hazard, on_delete=models.PROTECT, related_name="entries", verbose_name=_("隐患"))
    at = models.DateTimeField(_("时间"))
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("人员")
    )
    step = models.CharField(_("步骤"), max_length=12, choices=HazardStep.choices, blank=True)
    text = models.TextField(_("内容"))
    data = models.JSONField(_("数据"), default=dict)
    key = models.UUIDField(null=True, unique=True, editable=False)

    objects = models.Manager.from_queryset(HazardPartQuerySet)()

    class Meta:
        verbose_name = verbose_name_plural = _("隐患经过")
        ordering = ["at", "id"]

    def __str__(self) -> str:
        return self.text
