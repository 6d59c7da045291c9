"""One way to narrow rows, made from the declaration: the list's query bar, the export and the API all use it."""

from __future__ import annotations

from functools import cache
from typing import Any

import django_filters as filters
from django.db import models
from django.utils.translation import gettext_lazy as _

from anlan.kit.display import lazy_label_of
from anlan.kit.entities import Entity
from anlan.kit.rows import rows_visible

YES_NO = (("1", _("是")), ("0", _("否")))
RANGE_ENDINGS = ("_min", "_max", "_after", "_before")


class EntityFilterSet(filters.FilterSet):
    """Base of every generated filter set."""

    def names(self) -> set[str]:
        """Every query parameter that belongs to the filters."""
        return {name + ending for name in self.filters for ending in ("", *RANGE_ENDINGS)}


class TreeFilter(filters.ModelChoiceFilter):
    """A row and all rows below it, where the related model has a dot-ended `path` (areas)."""

    def filter(self, rows: models.QuerySet[Any], value: Any) -> models.QuerySet[Any]:
        return rows.filter(**{f"{self.field_name}__path__startswith": value.path}) if value else rows


@cache
def filterset_of(entity: Entity) -> type[EntityFilterSet]:
    """The filter set of an entity's declared `filters`."""
    made = {name: _filter_for(entity.model, name) for name in entity.filters}
    meta = type("Meta", (), {"model": entity.model, "fields": []})
    return type(f"{entity.model.__name__}Filters", (EntityFilterSet,), {**made, "Meta": meta})


def _filter_for(model: type[models.Model], name: str) -> filters.Filter:
    field, label = model._meta.get_field(name), lazy_label_of(model, name)
    if isinstance(field, models.ForeignKey):
        return _related(field, label)
    if isinstance(field, models.Field) and field.flatchoices:
        return filters.ChoiceFilter(choices=list(field.flatchoices), label=label, empty_label=_("全部"))
    if isinstance(field, models.BooleanField):
        return filters.ChoiceFilter(choices=YES_NO, label=label, empty_label=_("全部"))
    if isinstance(field, models.DateField):
        return filters.DateFromToRangeFilter(label=label)
    if isinstance(field, models.IntegerField | models.FloatField | models.DecimalField):
        return filters.RangeFilter(label=label)
    return filters.CharFilter(lookup_expr="icontains", label=label)


def _related(field: models.ForeignKey[Any, Any], label: Any) -> filters.Filter:
    target: type[models.Model] = field.related_model
    kind = TreeFilter if any(f.name == "path" for f in target._meta.concrete_fields) else filters.ModelChoiceFilter

    def choices(request: Any) -> models.QuerySet[Any]:
        return rows_visible(target, request.user) if request is not None else target._default_manager.none()

    return kind(field_name=field.name, queryset=choices, label=label, empty_label=_("全部"))


def rows_searched(entity: Entity, rows: models.QuerySet[Any], text: str) -> models.QuerySet[Any]:
    """Rows in which every word of the text occurs in one of the declared `search` fields."""
    for word in text.split() if entity.search else ():
        found = models.Q()
        for name in entity.search:
            found |= models.Q(**{f"{name}__icontains": word})
        rows = rows.filter(found)
    return rows
