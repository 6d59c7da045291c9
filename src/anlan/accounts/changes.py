"""An audit entry's content as a person reads it."""

from dataclasses import dataclass
from typing import Any

from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.utils.translation import gettext as _

from anlan.accounts.models import AuditEntry, subject_model
from anlan.kit.display import as_text, label_of


@dataclass(frozen=True, kw_only=True)
class Change:
    """One field before and after; for other content `before` is empty."""

    label: str
    before: str
    after: str


def changes_in_words(entry: AuditEntry) -> list[Change]:
    """Fields by their names in words, choices by their labels, hidden values as such."""
    model = subject_model(entry.subject)
    order = {field.name: place for place, field in enumerate(model._meta.concrete_fields)} if model else {}
    found = sorted(entry.fields.items(), key=lambda pair: order.get(pair[0], len(order)))
    return [_change(model, name, value) for name, value in found]


def _change(model: type[models.Model] | None, name: str, value: Any) -> Change:
    label = label_of(model, name) if model else name
    pair = value if isinstance(value, list) and len(value) == 2 and _is_field(model, name) else [None, value]
    return Change(label=label, before=_word(model, name, pair[0]), after=_word(model, name, pair[1]))


def _is_field(model: type[models.Model] | None, name: str) -> bool:
    """True where `name` is a field of the model, so that its value is a pair of before and after."""
    return model is not None and _field(model, name) is not None


def _word(model: type[models.Model] | None, name: str, value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, list):
        return "、".join(str(part) for part in value)
    text = str(value)
    if text.startswith("hidden:"):
        return _("(已隐藏)")
    return _meant(_field(model, name) if model else None, text)


def _meant(field: Any, text: str) -> str:
    """What the text of a stored value means to a person; the text itself where that is not known any more."""
    if field is None or "…" in text:
        return text
    if field.flatchoices:
        return str(dict(field.flatchoices).get(text, text))
    if isinstance(field, models.ForeignKey):
        row = field.related_model._base_manager.filter(pk=text).first() if text.isdigit() else None
        return str(row or text)
    if isinstance(field, models.BooleanField | models.DateTimeField):
        return as_text(field.to_python(text))
    return text


def _field(model: type[models.Model], name: str) -> Any:
    try:
        return model._meta.get_field(name)
    except FieldDoesNotExist:
        return None
