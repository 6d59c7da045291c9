"""The form of an entity: choices within one's reach, masked values kept, two writers told apart."""

from __future__ import annotations

import hashlib
from typing import Any

from django import forms
from django.contrib.gis.db.models import GeometryField, PointField
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from anlan.kit import points
from anlan.kit.entities import Entity
from anlan.kit.masking import mask, masked_fields

STALE = _("您打开此页面之后,他人已修改过这条记录。请重新打开页面,核对后再保存。")


def stamp_of(entity: Entity, row: models.Model) -> str:
    """A short print of what a person may write on a row; differs when somebody has written meanwhile."""
    values = []
    for name in entity.editable:
        field = entity.model._meta.get_field(name)
        values.append(f"{name}={field.value_to_string(row)}")  # type: ignore[union-attr]
    return hashlib.sha256("\n".join(values).encode()).hexdigest()[:16]


class EntityForm(forms.ModelForm):  # type: ignore[type-arg]
    """Subclasses set `entity` and `user`. A stale form (its stamp differs from the row's) is refused."""

    entity: Entity
    user: Any
    row_stamp = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._stamp = stamp_of(self.entity, self.instance) if self.instance.pk else ""
        self.initial["row_stamp"] = self._stamp
        for name in self.fields if self.instance.pk else ():
            self._allow_current(name)
            if name in masked_fields(self.entity, self.user):
                self.initial[name] = mask(getattr(self.instance, name))
                self._keep(name, self.initial[name])
            elif isinstance(self.fields[name], points.PointField):
                self._keep(name, points.PointWidget().decompress(getattr(self.instance, name)))

    def _allow_current(self, name: str) -> None:
        """A related row out of one's reach may stay where it is, though it may not be chosen anew."""
        field: Any = self.fields[name]
        if isinstance(field, forms.ModelChoiceField) and (current := getattr(self.instance, f"{name}_id", None)):
            rows: Any = field.queryset
            wanted = models.Q(pk__in=rows.values("pk")) | models.Q(pk=current)
            field.queryset = rows.model._default_manager.filter(wanted)

    def _keep(self, name: str, as_shown: Any) -> None:
        """Takes a value that came back as it was shown (masked, rounded) for the real one."""
        real, clean = getattr(self.instance, name), self.fields[name].clean
        if real:
            setattr(self.fields[name], "clean", lambda value: real if value == as_shown else clean(value))  # noqa: B010

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        sent = self.cleaned_data.get("row_stamp")
        if sent and sent != self._stamp:
            raise ValidationError(STALE, code="stale")
        return cleaned


def form_field(db_field: models.Field[Any, Any]) -> forms.Field | None:
    """The form field of a place; None where the usual one serves."""
    if not isinstance(db_field, GeometryField):
        return None
    kind = points.PointField if isinstance(db_field, PointField) else points.OutlineField
    return kind(label=db_field.verbose_name, required=not db_field.blank, help_text=db_field.help_text)
