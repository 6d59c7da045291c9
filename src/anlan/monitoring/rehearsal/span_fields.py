"""The spans of a schedule in a form: one row of fields for each, those that are left empty are none."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from anlan.monitoring.rule_words import KINDS_OF_DAY, WEEK
from anlan.rules.schedule import MOST_SPANS

CHOICES = (*zip("1234567", WEEK, strict=True), *KINDS_OF_DAY.items())
ORDER = "".join(str(letter) for letter, _words in CHOICES)
CLOCK = {"type": "time"}
PARTS = ("days", "from", "to", "season_from", "season_to")


class Days(forms.MultipleChoiceField):
    """Days as the letters of a rule, "12345" or "wh"; all are every day, and so are none beside other fields of a span."""

    def prepare_value(self, value: Any) -> Any:
        return list(value) if isinstance(value, str) else value

    def clean(self, value: Any) -> str:
        return "".join(sorted(super().clean(value), key=ORDER.index))


def span_fields_add(form: forms.ModelForm, rows: list[dict[str, Any]]) -> None:  # type: ignore[type-arg]
    """A row of fields for each span that there may be, filled with those of `rows`."""
    for k in range(MOST_SPANS):
        row = rows[k] if k < len(rows) else {}
        season = row.get("season") or ("", "")
        form.fields |= {
            f"span_{k}_days": Days(
                label=_("日子"), choices=CHOICES, required=False, initial=row.get("days", ""),
                widget=forms.CheckboxSelectMultiple,
            ),
            f"span_{k}_from": _clock(_("起"), row.get("from")),
            f"span_{k}_to": _clock(_("止"), row.get("to")),
            f"span_{k}_season_from": _day(_("季节起"), season[0], "06-01"),
            f"span_{k}_season_to": _day(_("季节止"), season[1], "08-31"),
        }  # fmt: skip


def _clock(label: Any, held: str | None) -> forms.Field:
    return forms.TimeField(
        label=label,
        required=False,
        initial="00:00" if held == "24:00" else held,
        widget=forms.TimeInput(attrs=CLOCK, format="%H:%M"),
    )


def _day(label: Any, held: str, example: str) -> forms.Field:
    widget = forms.TextInput(attrs={"placeholder": example})
    return forms.CharField(label=label, required=False, max_length=5, initial=held, widget=widget)


def span_rows(form: forms.ModelForm) -> list[list[Any]]:  # type: ignore[type-arg]
    """For each span its bound fields, in the order of PARTS."""
    return [[form[f"span_{k}_{part}"] for part in PARTS] for k in range(MOST_SPANS)]


def spans_cleaned(form: forms.ModelForm) -> list[dict[str, Any]]:  # type: ignore[type-arg]
    """The spans that are filled in, as a rule keeps them; half a season is an error of its field."""
    found = []
    for k in range(MOST_SPANS):
        days, begin, end, *season = (form.cleaned_data.get(f"span_{k}_{part}") or "" for part in PARTS)
        if season.count("") == 1:
            form.add_error(f"span_{k}_season_{'from' if not season[0] else 'to'}", _("须成对"))
        row = {"days": days, "from": begin and f"{begin:%H:%M}", "to": end and f"{end:%H:%M}".replace("00:00", "24:00")}
        row |= {"season": season} if all(season) else {}
        found += [{name: value for name, value in row.items() if value}] if any(row.values()) else []
    return found
