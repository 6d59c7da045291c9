"""How one field of a row is taken from its cells during an import."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext as _
from import_export.fields import Field

from anlan.kit.exchange.cells import number_of, parse, text_of
from anlan.kit.exchange.columns import DATUM, LAT, LON, is_required
from anlan.kit.exchange.related import Related
from anlan.kit.masking import STAR, mask
from anlan.kit.points import point_of
from anlan.vocab.coordinates import Datum


class SheetField(Field):
    """Sets an attribute from a cell; raises `ValueError` with a sentence. `related` and `guarded` are set by the resource."""

    related: Related | None = None
    guarded: bool = False

    def __init__(self, field: models.Field[Any, Any], column_name: str) -> None:
        super().__init__(attribute=field.name, column_name=column_name)
        self.field = field

    def save(self, instance: models.Model, row: Any, is_m2m: bool = False, **kwargs: Any) -> None:
        value = row[self.column_name]
        if self.guarded and STAR in text_of(value):
            self._keep_masked(instance, text_of(value))
        elif not self._is_as_it_was(instance, text_of(value)):
            setattr(instance, self.attribute, self.taken(row))

    def _keep_masked(self, instance: models.Model, text: str) -> None:
        """A masked value that comes back from an export means: as it was."""
        if mask(getattr(instance, self.attribute)) != text:
            raise ValueError(_("是脱敏后的内容,请填写完整内容"))

    def _is_as_it_was(self, instance: models.Model, text: str) -> bool:
        """A related row out of one's reach may stay where it is."""
        return bool(self.related and instance.pk and text and text == str(getattr(instance, self.attribute) or ""))

    def taken(self, row: Any) -> Any:
        """The model's value of this row's cell."""
        value = row[self.column_name]
        if text_of(value) == "":
            return self.empty()
        return self.related.row(value) if self.related else parse(self.field, value)

    def empty(self) -> Any:
        """What an empty cell means; raises where it must be filled."""
        if is_required(self.field):
            raise ValueError(_("必填,不能为空"))
        if self.field.has_default():
            return self.field.get_default()
        return None if self.field.null else ""


class PointSheetField(SheetField):
    """A point from its columns."""

    def taken(self, row: Any) -> Any:
        lon, lat, datum = (text_of(row.get(f"{self.attribute}.{part}")) for part in (LON, LAT, DATUM))
        if not lon and not lat:
            return self.empty()
        if not lon or not lat:
            raise ValueError(_("经度和纬度须同时填写"))
        try:
            return point_of(number_of(lon), number_of(lat), datum.upper().replace("-", "") or Datum.CGCS2000)
        except ValidationError as error:
            raise ValueError(error.messages[0]) from None
