"""Writing a row from JSON, through the same form as the back office: same rules, same sentences."""

from __future__ import annotations

import json
from typing import Any

from django import forms
from django.contrib.gis.geos import GEOSGeometry
from django.db import IntegrityError, models, transaction
from django.forms.models import modelform_factory
from django.utils.translation import gettext as _

from anlan.kit.backoffice.forms import EntityForm, form_field
from anlan.kit.constraints import sentence_of
from anlan.kit.display import label_of
from anlan.kit.entities import Entity
from anlan.kit.points import PointField, PointWidget
from anlan.kit.rows import rows_visible
from anlan.vocab.coordinates import Datum


class Refused(ValueError):
    """The content cannot be saved; `errors` holds field → sentence."""

    def __init__(self, errors: dict[str, str]) -> None:
        super().__init__(_("内容有误,未保存。"))
        self.errors = errors


def row_write(*, entity: Entity, user: Any, body: dict[str, Any], row: models.Model | None = None) -> models.Model:
    """Creates a row, or changes those fields of one that the body has. Raises `Refused`."""
    sent = _by_name(entity, body)
    form = _form_class(entity, user)(_data(entity, row, sent), instance=row)
    if not form.is_valid():
        raise Refused(_sentences(form))
    form.instance._history_user = user
    try:
        with transaction.atomic():
            saved: models.Model = form.save()
            if not rows_visible(entity.model, user).filter(pk=saved.pk).exists():
                raise Refused({"area": _("不能把记录移到本人管辖范围之外。")})
    except IntegrityError as error:
        raise Refused({"__all__": sentence_of(error, entity.model)}) from error
    return saved


def _by_name(entity: Entity, body: dict[str, Any]) -> dict[str, Any]:
    """The body by field name; relations may be given as `area` or `area_id`. Unknown fields are refused."""
    names = {entity.model._meta.get_field(name).attname: name for name in entity.editable}  # type: ignore[union-attr]
    names |= {name: name for name in entity.editable} | {"row_stamp": "row_stamp"}
    if unknown := [key for key in body if key not in names]:
        raise Refused({key: _("没有这个字段,或不能写入。") for key in unknown})
    return {names[key]: value for key, value in body.items()}


def _form_class(entity: Entity, user: Any) -> type[EntityForm]:
    def callback(field: Any, **kwargs: Any) -> forms.Field | None:
        place = form_field(field)
        if place is not None:
            return place
        if isinstance(field, models.ForeignKey):
            kwargs["queryset"] = rows_visible(field.related_model, user)
        made: forms.Field | None = field.formfield(**kwargs)
        return made

    made = modelform_factory(entity.model, form=EntityForm, fields=list(entity.editable), formfield_callback=callback)
    return type(made.__name__, (made,), {"entity": entity, "user": user})


def _data(entity: Entity, row: models.Model | None, sent: dict[str, Any]) -> dict[str, Any]:
    """Form data: what the row (or a fresh one) holds, with what was sent laid over it."""
    source = row or entity.model()
    data: dict[str, Any] = {}
    for name in entity.editable:
        field: Any = entity.model._meta.get_field(name)
        value = sent[name] if name in sent else getattr(source, field.attname)
        _put(data, name, form_field(field), field, value)
    return data | ({"row_stamp": sent["row_stamp"]} if "row_stamp" in sent else {})


def _put(data: dict[str, Any], name: str, place: forms.Field | None, field: Any, value: Any) -> None:
    if isinstance(place, PointField):
        data[f"{name}_0"], data[f"{name}_1"] = _point(name, value)
    elif place is not None:
        data[name] = value.geojson if isinstance(value, GEOSGeometry) else "" if value is None else json.dumps(value)
    elif isinstance(field, models.BooleanField) and not isinstance(value, bool) and not (value is None and field.null):
        raise Refused({name: _("应为 true 或 false。")})
    else:
        data[name] = value


def _point(name: str, value: Any) -> list[Any]:
    if isinstance(value, GEOSGeometry) or value is None:
        return PointWidget().decompress(value)
    match value:
        case {"type": "Point", "coordinates": [int() | float() as lon, int() | float() as lat, *_rest]}:
            return [f"{float(lon)!r}, {float(lat)!r}", Datum.CGCS2000.value]
    raise Refused({name: _("应为 GeoJSON 的 Point。")})


def _sentences(form: EntityForm) -> dict[str, str]:
    model = form._meta.model
    told = {}
    for name, errors in form.errors.items():
        label = "" if name == "__all__" else f"{label_of(model, name)}:"
        told[name] = label + "".join(str(error) for error in errors)
    return told
