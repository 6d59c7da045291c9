"""What people type about rules."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from anlan.monitoring.models import Device, ThresholdRule
from anlan.monitoring.models.rule_kernel import HOURS, NAMES
from anlan.monitoring.rehearsal.changes import rule_fields
from anlan.monitoring.rehearsal.span_fields import span_fields_add, spans_cleaned
from anlan.monitoring.selectors import areas_of


class RuleForm(forms.ModelForm):  # type: ignore[type-arg]
    """A rule as it should be, with the reason; saving it is the proposal's business."""

    why = forms.CharField(
        label=_("改动理由"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3, "placeholder": _("如:入汛后误报多,按近五年汛期水位核定")}),
    )

    class Meta:
        model = ThresholdRule
        fields = [field.name for field in rule_fields() if field.name not in ("windows", "spans")]
        widgets = {
            "device": forms.HiddenInput,
            "source": forms.Textarea(attrs={"rows": 2}),
            "season_from": forms.TextInput(attrs={"placeholder": "04-15"}),
            "season_to": forms.TextInput(attrs={"placeholder": "10-15"}),
        }

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        device: Any = self.fields["device"]
        area: Any = self.fields["area"]
        device.queryset = Device.objects.visible_to(user)
        area.queryset, area.empty_label = areas_of(user), str(_("全部辖区"))
        self._add_windows()
        span_fields_add(self, self.instance.spans or [])
        for name, field in self.fields.items():
            if isinstance(field, forms.FloatField):
                field.widget.attrs["step"] = "any"
            if name in self.errors_at_once():
                field.widget.attrs["aria-invalid"] = "true"

    def _add_windows(self) -> None:
        """A pair of fields for each level of each window."""
        held = {row.get("hours"): row for row in self.instance.windows or []}
        for hours in HOURS:
            for level in NAMES:
                pair = held.get(hours, {}).get(level) or (None, None)
                for word, value in zip(("raise", "clear"), pair, strict=True):
                    name, hint = f"window_{hours}_{level}_{word}", _("触发") if word == "raise" else _("解除")
                    widget = forms.NumberInput(attrs={"placeholder": hint})
                    self.fields[name] = forms.FloatField(required=False, initial=value, widget=widget)

    def windows(self) -> list[tuple[int, list[tuple[str, Any, Any]]]]:
        """Hours, and for each level its two bound fields."""
        return [
            (
                hours,
                [
                    (level, self[f"window_{hours}_{level}_raise"], self[f"window_{hours}_{level}_clear"])
                    for level in NAMES
                ],
            )
            for hours in HOURS
        ]

    def clean(self) -> dict[str, Any] | None:
        """Lays the windows and the spans together; half a pair is an error of its cell."""
        cleaned, rows = super().clean() or self.cleaned_data, []
        for hours in HOURS:
            row: dict[str, Any] = {"hours": hours}
            for level in NAMES:
                pair = [cleaned.get(f"window_{hours}_{level}_{word}") for word in ("raise", "clear")]
                if pair.count(None) == 1:
                    self.add_error(f"window_{hours}_{level}_{'raise' if pair[0] is None else 'clear'}", _("须成对"))
                elif pair[0] is not None:
                    row[level] = pair
            rows += [row] if len(row) > 1 else []
        self.instance.windows, self.instance.spans = rows, spans_cleaned(self)
        return cleaned

    def errors_at_once(self) -> set[str]:
        return set(self.errors) if self.is_bound else set()


class RehearseForm(forms.Form):
    DAYS = ((7, _("最近 7 天")), (30, _("最近 30 天")), (365, _("最近一年")))
    days = forms.TypedChoiceField(
        label=_("用多久的历史"), choices=DAYS, coerce=int, initial=30, widget=forms.RadioSelect
    )


class DecisionForm(forms.Form):
    note = forms.CharField(label=_("说明"), max_length=500, required=False, widget=forms.Textarea(attrs={"rows": 2}))
