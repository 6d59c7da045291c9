"""What people type about rules."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from anlan.monitoring.models import Device, ThresholdRule
from anlan.monitoring.rehearsal.changes import rule_fields
from anlan.monitoring.selectors import areas_of

WHOLE = forms.NumberInput(attrs={"min": 0, "inputmode": "numeric"})


class RuleForm(forms.ModelForm):  # type: ignore[type-arg]
    """A rule as it should be, with the reason; saving it is the proposal's business."""

    why = forms.CharField(
        label=_("改动理由"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3, "placeholder": _("如:入汛后误报多,按近五年汛期水位核定")}),
    )

    class Meta:
        model = ThresholdRule
        fields = [field.name for field in rule_fields()]
        widgets = {"device": forms.HiddenInput, "source": forms.Textarea(attrs={"rows": 2})}

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        device: Any = self.fields["device"]
        area: Any = self.fields["area"]
        device.queryset = Device.objects.visible_to(user)
        area.queryset, area.empty_label = areas_of(user), str(_("全部辖区"))
        for name, field in self.fields.items():
            if isinstance(field, forms.FloatField):
                field.widget.attrs["step"] = "any"
            if name in self.errors_at_once():
                field.widget.attrs["aria-invalid"] = "true"

    def errors_at_once(self) -> set[str]:
        return set(self.errors) if self.is_bound else set()


class RehearseForm(forms.Form):
    DAYS = ((7, _("最近 7 天")), (30, _("最近 30 天")), (365, _("最近一年")))
    days = forms.TypedChoiceField(
        label=_("用多久的历史"), choices=DAYS, coerce=int, initial=30, widget=forms.RadioSelect
    )


class DecisionForm(forms.Form):
    note = forms.CharField(label=_("说明"), max_length=500, required=False, widget=forms.Textarea(attrs={"rows": 2}))
