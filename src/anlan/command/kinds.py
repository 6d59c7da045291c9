"""The words that signals, incidents and their timeline are sorted by."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class EventClass(models.TextChoices):
    """The four classes of the Emergency Response Law (突发事件应对法 2024)."""

    NATURAL = "natural", _("自然灾害")
    ACCIDENT = "accident", _("事故灾难")
    HEALTH = "health", _("公共卫生事件")
    SECURITY = "security", _("社会安全事件")


class EventType(models.TextChoices):
    FIRE = "fire", _("火灾")
    GAS_LEAK = "gas_leak", _("燃气泄漏")
    HAZCHEM_LEAK = "hazchem_leak", _("危化品泄漏")
    WATERLOGGING = "waterlogging", _("内涝积水")
    FOREST_FIRE = "forest_fire", _("森林火情")
    COLLAPSE = "collapse", _("地面坍塌")
    BRIDGE = "bridge", _("桥梁异常")
    WATER_POLLUTION = "water_pollution", _("水质污染")
    TRAFFIC = "traffic", _("交通事故")
    OTHER = "other", _("其他")


CLASS_OF: dict[str, str] = {
    EventType.WATERLOGGING: EventClass.NATURAL,
    EventType.FOREST_FIRE: EventClass.NATURAL,
}
"""The usual class of a type; every type that is not listed is an accident until a person judges otherwise."""

TYPE_OF_DEVICE: dict[str, str] = {
    "rain": EventType.WATERLOGGING,
    "level": EventType.WATERLOGGING,
    "gas": EventType.GAS_LEAK,
    "water_quality": EventType.WATER_POLLUTION,
    "fire_panel": EventType.FIRE,
    "vehicle": EventType.TRAFFIC,
}
"""What an alarm of a kind of device points to before a person has judged it."""


class Source(models.TextChoices):
    ALARM = "alarm", _("监测报警")
    VIDEO = "video", _("视频识别")
    POLICE = "110", _("110来电")
    FIRE_LINE = "119", _("119来电")
    HOTLINE = "12345", _("12345热线")
    STREET = "street", _("街道上报")
    DEPARTMENT = "department", _("部门通报")
    PATROL = "patrol", _("巡查发现")
    OTHER = "other", _("其他来源")


class Verification(models.TextChoices):
    """How a signal was checked."""

    PHONE = "phone", _("电话核实")
    VIDEO = "video", _("视频核实")
    ON_SITE = "on_site", _("现场核实")


class Aspect(models.TextChoices):
    """The source's eleven sides of an event's handling (盯判核报处, 设召管研处报), those with one name once."""

    WATCH = "watch", pgettext_lazy("环节", "盯")
    JUDGE = "judge", pgettext_lazy("环节", "判")
    VERIFY = "verify", pgettext_lazy("环节", "核")
    REPORT = "report", pgettext_lazy("环节", "报")
    HANDLE = "handle", pgettext_lazy("环节", "处")
    SET_UP = "set_up", pgettext_lazy("环节", "设")
    CALL = "call", pgettext_lazy("环节", "召")
    MANAGE = "manage", pgettext_lazy("环节", "管")
    STUDY = "study", pgettext_lazy("环节", "研")


class EntryKind(models.TextChoices):
    """What a timeline entry is about."""

    SIGNAL = "signal", _("警情")
    ALARM = "alarm", _("监测")
    CLOCK = "clock", _("时限")
    INCIDENT = "incident", _("事件")
    ORDER = "order", _("指令")
    REPORT = "report", _("报告")
    NOTE = "note", _("记事")
    STRIKE = "strike", _("更正")


class ReportKind(models.TextChoices):
    FIRST = "first", _("首报")
    FOLLOW_UP = "follow_up", _("续报")
    FINAL = "final", _("终报")
    RECORD = "record", _("结案归档")


class Grade(models.IntegerChoices):
    """Grades of an incident as the law counts them: 1 is the gravest."""

    GRAVEST = 1, _("特别重大")
    GRAVE = 2, _("重大")
    LARGER = 3, _("较大")
    ORDINARY = 4, _("一般")


GRADE_COLOURS = {"1": "red", "2": "orange", "3": "yellow", "4": "blue"}
LEVEL_COLOURS = {"1": "blue", "2": "yellow", "3": "orange", "4": "red"}
