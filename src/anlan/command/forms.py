"""Forms of the desk, the incident page and the phone: what people type, checked before a service is asked."""

from typing import Any

from django import forms
from django.contrib.gis.geos import Point
from django.utils.translation import gettext_lazy as _

from anlan.accounts.models import Area, User
from anlan.accounts.roles import Role
from anlan.accounts.stepping import StepForm, long_text
from anlan.command.flows import OPEN_SIGNALS, SignalState
from anlan.command.kinds import Aspect, EventClass, EventType, ReportKind, Source, Verification
from anlan.command.models import Incident, Signal
from anlan.monitoring.models import Level
from anlan.registry.models import Team
from anlan.vocab.coordinates import Datum, convert

LEVELS = [(int(level), level.label) for level in reversed(Level) if level]
SOURCES = [choice for choice in Source.choices if choice[0] not in {Source.ALARM, Source.VIDEO}]
DATUMS = [(Datum.CGCS2000, _("2000坐标/GPS")), (Datum.GCJ02, _("高德、腾讯地图")), (Datum.BD09, _("百度地图"))]


class SignalForm(StepForm):
    source = forms.ChoiceField(label=_("来源"), choices=SOURCES)
    event_type = forms.ChoiceField(label=_("事件类型"), choices=EventType.choices)
    level = forms.TypedChoiceField(label=_("级别"), choices=LEVELS, coerce=int, initial=Level.YELLOW)
    title = forms.CharField(label=_("警情标题"), max_length=120)
    area = forms.ModelChoiceField(label=_("所属区域"), queryset=Area.objects.none())
    address = forms.CharField(label=_("地点"), max_length=200, required=False)
    reporter_name = forms.CharField(label=_("报告人"), max_length=40, required=False)
    reporter_phone = forms.CharField(label=_("报告人电话"), max_length=30, required=False)
    description = long_text(_("情况描述"), required=False)
    datum = forms.ChoiceField(label=_("坐标来自"), choices=DATUMS, required=False)
    lon = forms.FloatField(label=_("经度"), required=False, min_value=70, max_value=140)
    lat = forms.FloatField(label=_("纬度"), required=False, min_value=3, max_value=54)

    def narrow(self) -> None:
        streets = [Area.Level.DISTRICT, Area.Level.STREET, Area.Level.COMMUNITY]
        areas = Area.objects.visible_to(self.user).filter(level__in=streets, valid_to=None)
        field = self.fields["area"]
        field.queryset = areas  # type: ignore[attr-defined]
        field.label_from_instance = _indented  # type: ignore[attr-defined]
        field.initial = self.user.area_id

    def act(self) -> dict[str, Any]:
        """The point is the event's here, not the phone's; it comes in the datum of the map it was read from."""
        data = self.cleaned_data
        lon, lat, datum = data.pop("lon"), data.pop("lat"), data.pop("datum") or Datum.CGCS2000
        if lon is not None and lat is not None:
            east, north = convert(lon, lat, Datum(datum), Datum.CGCS2000)
            data["location"] = Point(float(east), float(north), srid=4490)
        return {"by": self.user, "key": data.pop("key", None)}


def _indented(area: Area) -> str:
    return "　" * (area.path.count(".") - 1) + area.name


class JudgeForm(StepForm):
    event_type = forms.ChoiceField(label=_("事件类型"), choices=EventType.choices)
    event_class = forms.ChoiceField(label=_("事件类别"), choices=EventClass.choices)
    level = forms.TypedChoiceField(label=_("级别"), choices=LEVELS, coerce=int)
    note = long_text(_("研判意见"), rows=2, required=False)


class VerifyForm(StepForm):
    way = forms.ChoiceField(
        label=_("核实方式"), choices=Verification.choices, widget=forms.RadioSelect, initial="phone"
    )
    note = long_text(_("向谁核实、情况如何"), hint=_("例：致电厂区值班室王某，确认二楼仓库冒烟，无人员被困"))


class ReasonForm(StepForm):
    reason = long_text(_("理由"), rows=2)


class MergeForm(StepForm):
    into = forms.ModelChoiceField(label=_("并入哪一条警情"), queryset=Signal.objects.none())

    def narrow(self) -> None:
        rows = Signal.objects.visible_to(self.user).filter(state__in=[*OPEN_SIGNALS, SignalState.OPENED])
        self.fields["into"].queryset = rows.exclude(pk=self.subject.pk).order_by("-arrived_at")  # type: ignore[attr-defined]


class OpenForm(StepForm):
    title = forms.CharField(label=_("事件名称"), max_length=120)


class NoteForm(StepForm):
    aspect = forms.ChoiceField(label=_("环节"), choices=Aspect.choices, initial=Aspect.MANAGE)
    text = long_text(_("记事"), rows=2)


class StrikeForm(ReasonForm):
    entry = forms.IntegerField(widget=forms.HiddenInput)


class RemarkForm(StepForm):
    note = long_text(_("说明"), rows=2, required=False)


class RelapseForm(StepForm):
    note = long_text(_("反复情况"), rows=2)


class SummaryForm(StepForm):
    summary = long_text(_("结案说明"), rows=2, required=False)


class AppointForm(StepForm):
    commander = forms.ModelChoiceField(label=_("指挥长"), queryset=User.objects.none())

    def narrow(self) -> None:
        path = self.subject.area.path
        rows = User.objects.filter(role=Role.COMMANDER, is_active=True).select_related("area")
        fit = [user.pk for user in rows if user.area and path.startswith(user.area.path)]
        self.fields["commander"].queryset = rows.filter(pk__in=fit)  # type: ignore[attr-defined]


class AssessForm(StepForm):
    deaths = forms.IntegerField(label=_("死亡（人）"), min_value=0, max_value=100_000)
    missing = forms.IntegerField(label=_("失联（人）"), min_value=0, max_value=100_000)
    serious_injuries = forms.IntegerField(label=_("重伤（人）"), min_value=0, max_value=100_000)
    minor_injuries = forms.IntegerField(label=_("轻伤（人）"), min_value=0, max_value=1_000_000)
    loss = forms.IntegerField(label=_("直接经济损失（元）"), min_value=0, max_value=10**14)


class RelateForm(StepForm):
    other = forms.ModelChoiceField(label=_("关联的事件"), queryset=Incident.objects.none())

    def narrow(self) -> None:
        rows = Incident.objects.visible_to(self.user).exclude(pk=self.subject.pk)
        self.fields["other"].queryset = rows.exclude(related=self.subject).order_by("-opened_at")[:200]  # type: ignore[attr-defined]


class OrderForm(StepForm):
    team = forms.ModelChoiceField(label=_("救援队伍"), queryset=Team.objects.none())
    text = long_text(_("指令内容"))
    minutes = forms.IntegerField(label=_("到达时限（分钟）"), min_value=1, max_value=24 * 60, required=False)

    def narrow(self) -> None:
        self.fields["team"].queryset = Team.objects.visible_to(self.user).order_by("name")  # type: ignore[attr-defined]


class ReportForm(StepForm):
    situation = long_text(_("基本情况"), rows=5)
    measures = long_text(_("已采取措施"), rows=4, required=False)
    next_steps = long_text(_("下一步工作"), rows=3, required=False)


class IncidentReportForm(ReportForm):
    kind = forms.ChoiceField(label=_("报告类型"), choices=ReportKind.choices[:3], widget=forms.RadioSelect)
    field_order = ("kind", "situation", "measures", "next_steps")

    def narrow(self) -> None:
        first = self.subject.signals.filter(first_report_at=None).exists()
        fit = [ReportKind.FIRST] if first else [ReportKind.FOLLOW_UP, ReportKind.FINAL]
        self.fields["kind"].choices = [(kind.value, kind.label) for kind in fit]  # type: ignore[attr-defined]


class FinishForm(StepForm):
    result = long_text(_("处置结果"), rows=3)
    photo = forms.FileField(label=_("现场照片"), required=False)


class PhotoForm(StepForm):
    photo = forms.FileField(label=_("现场照片"))


class FeedbackForm(StepForm):
    text = long_text(_("反馈"), rows=2)
