"""Forms of a hazard: what people type or photograph, checked before a service is asked."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from anlan.accounts.models import Area, Organisation
from anlan.accounts.roles import Role
from anlan.accounts.stepping import StepForm, long_text
from anlan.kit.points import DATUMS, point_of
from anlan.monitoring.selectors import areas_of
from anlan.supervision.kinds import FoundBy, HazardLevel
from anlan.supervision.models import HazardCategory
from anlan.supervision.selectors import site_named

ACCEPTED = "image/jpeg,image/png,image/webp"
BY_HAND = [choice for choice in FoundBy.choices if choice[0] != FoundBy.VIDEO]
USUAL = {Role.INSPECTOR: FoundBy.INSPECTION, Role.DUTY_OFFICER: FoundBy.CITIZEN, Role.DEPARTMENT: FoundBy.TRANSFER}


class PhotosInput(forms.FileInput):
    allow_multiple_selected = True
    template_name = "supervision/photos_input.html"


class PhotosField(forms.FileField):
    """Several files at once; gives a list."""

    widget = PhotosInput(attrs={"accept": ACCEPTED})

    def clean(self, data: Any, initial: Any = None) -> list[Any]:
        files = data if isinstance(data, list | tuple) else [data] if data else []
        if not files:
            super().clean(None, initial)
        return [super(PhotosField, self).clean(one, initial) for one in files]


class HazardForm(StepForm):
    """A step that may carry photos and name a site."""

    def act(self) -> dict[str, Any]:
        data = self.cleaned_data
        if "photos" in data:
            data["photos"] = [photo.read() for photo in data["photos"]]
        data.update(data.pop("site", None) or {})
        return super().act()


class Sited(HazardForm):
    """With a field that names an enterprise, a place or a facility of the registry."""

    def clean_site(self) -> dict[str, Any]:
        return site_named(self.user, self.cleaned_data["site"])


def site_field(label: Any) -> forms.CharField:
    attrs = {"list": "sites", "autocomplete": "off", "hx-get": "/hazards/sites/", "hx-target": "#sites"}
    widget = forms.TextInput(attrs={**attrs, "hx-trigger": "input changed delay:300ms"})
    return forms.CharField(label=label, required=False, max_length=120, widget=widget)


class ReportForm(Sited):
    photos = PhotosField(label=_("照片"), required=False)
    description = forms.CharField(
        label=_("隐患描述"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3, "placeholder": _("例：三楼西侧安全出口被货物堵塞")}),
    )
    level = forms.ChoiceField(label=_("隐患级别"), choices=HazardLevel.choices, initial=HazardLevel.GENERAL)
    category = forms.ModelChoiceField(label=_("隐患类别"), queryset=HazardCategory.objects.none())
    source = forms.ChoiceField(label=_("发现方式"), choices=BY_HAND)
    site = site_field(_("所在企业、场所或设施"))
    area = forms.ModelChoiceField(label=_("所属区域"), queryset=Area.objects.none(), required=False)
    address = forms.CharField(label=_("地点"), max_length=200, required=False)
    datum = forms.ChoiceField(label=_("坐标来自"), choices=DATUMS, required=False)
    lon = forms.FloatField(label=_("经度"), required=False, min_value=70, max_value=140)
    lat = forms.FloatField(label=_("纬度"), required=False, min_value=3, max_value=54)

    def narrow(self) -> None:
        fields: Any = self.fields
        fields["category"].queryset = HazardCategory.objects.filter(active=True)
        fields["category"].empty_label = _("请选择")
        fields["area"].queryset, fields["area"].empty_label = areas_of(self.user), _("按位置或所在企业判定")
        fields["area"].label_from_instance = indented
        fields["source"].initial = USUAL.get(self.user.role, FoundBy.PATROL)
        if self.user.role == Role.ENTERPRISE:
            fields["source"].choices = [(FoundBy.SELF_CHECK.value, FoundBy.SELF_CHECK.label)]
            del fields["area"], fields["site"]

    def act(self) -> dict[str, Any]:
        """The point is the hazard's here, in the datum of the map that it was read from."""
        data = self.cleaned_data
        lon, lat, datum = data.pop("lon"), data.pop("lat"), data.pop("datum")
        if lon is not None and lat is not None:
            data["location"] = point_of(lon, lat, *filter(None, [datum]))
        return super().act()


def indented(area: Area) -> str:
    return "　" * (area.path.count(".") - 1) + area.name


class SideForm(Sited):
    """Who must rectify."""

    site = site_field(_("责任企业"))
    organisation = forms.ModelChoiceField(
        label=_("或责任单位"), queryset=Organisation.objects.none(), required=False, empty_label=_("无")
    )
    contact_name = forms.CharField(label=_("整改责任人"), max_length=40, required=False)
    contact_phone = forms.CharField(
        label=_("责任人电话"), max_length=30, required=False, help_text=_("留空则沿用已有号码")
    )

    def narrow(self) -> None:
        rows = Organisation.objects.visible_to(self.user).exclude(kind=Organisation.Kind.ENTERPRISE)
        self.fields["organisation"].queryset = rows.order_by("kind", "name")  # type: ignore[attr-defined]

    def clean_site(self) -> dict[str, Any]:
        """Of the three kinds of sites only an enterprise can be responsible by itself; the present one stands by its name."""
        present = self.subject.enterprise
        if present and self.cleaned_data["site"].strip() == present.name:
            return {"enterprise": present}
        found = super().clean_site()
        if found and "enterprise" not in found:
            raise forms.ValidationError(_("责任企业须是在册企业；其他情形请选责任单位或填责任人。"))
        return found


class OrderForm(SideForm):
    level = forms.ChoiceField(label=_("隐患级别"), choices=HazardLevel.choices)
    category = forms.ModelChoiceField(label=_("隐患类别"), queryset=HazardCategory.objects.none())
    requirement = long_text(_("整改要求"), rows=2, hint=_("例：清除堵塞物，保持常开，并设专人每日检查"))
    due_on = forms.DateField(
        label=_("整改时限"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text=_("留空按级别默认"),
    )
    field_order = ("level", "category", "requirement", "due_on")

    def narrow(self) -> None:
        super().narrow()
        self.fields["category"].queryset = HazardCategory.objects.all()  # type: ignore[attr-defined]


class ReassignForm(SideForm):
    reason = long_text(_("改派理由"), rows=2)


class RectifyForm(HazardForm):
    photos = PhotosField(label=_("整改后的照片"))
    note = long_text(_("整改情况"), rows=2, hint=_("例：已清除堵塞物，出口恢复畅通"))
    rectifier = forms.CharField(
        label=_("整改人"), max_length=40, required=False, help_text=_("实际整改的人，留空为责任人")
    )


class AskMoreForm(HazardForm):
    until = forms.DateField(label=_("延期至"), widget=forms.DateInput(attrs={"type": "date"}))
    reason = long_text(_("延期理由"), rows=2)


class PassForm(HazardForm):
    note = long_text(_("复查情况"), rows=2, required=False)
    photos = PhotosField(label=_("复查照片"), required=False)


class SendBackForm(HazardForm):
    reason = long_text(_("退回理由"), rows=2)
    photos = PhotosField(label=_("复查照片"), required=False)


class ReasonForm(HazardForm):
    reason = long_text(_("理由"), rows=2)


class ListForm(HazardForm):
    reason = long_text(_("督办要求"), rows=2, required=False)


class ReleaseForm(HazardForm):
    note = long_text(_("摘牌意见"), rows=2, required=False)
