"""The words that hazards are sorted by."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class HazardLevel(models.TextChoices):
    GENERAL = "general", _("一般隐患")
    MAJOR = "major", _("重大隐患")


class FoundBy(models.TextChoices):
    """How a hazard came to be known."""

    INSPECTION = "inspection", _("执法检查")
    PATROL = "patrol", _("日常巡查")
    VIDEO = "video", _("视频识别")
    SELF_CHECK = "self_check", _("企业自查")
    CITIZEN = "citizen", _("群众举报")
    TRANSFER = "transfer", _("部门移送")


class Stage(models.TextChoices):
    """What a photo shows: the hazard as found, as rectified, or as the re-check saw it."""

    FOUND = "found", _("发现时")
    RECTIFIED = "rectified", _("整改后")
    CHECKED = "checked", _("复查时")


class Urgency(models.TextChoices):
    """What the map and the list sort an open hazard by."""

    OVERDUE = "overdue", _("逾期未整改")
    MAJOR = "major", _("重大隐患")
    GENERAL = "general", _("一般隐患")


URGENCY_COLOURS = {"overdue": "red", "major": "orange", "general": "yellow"}
