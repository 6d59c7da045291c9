"""Finds related rows by what stands in a sheet: a name or a code, within one's reach."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db import models
from django.utils.translation import gettext as _

from anlan.kit.entities import entity_of
from anlan.kit.exchange.cells import text_of
from anlan.kit.rows import rows_visible

NAMES = ("code", "name", "username", "display_name", "key")
CHUNK = 2000


class Related:
    """Rows of one related model, fetched for the values that a sheet holds, a few queries in all."""

    def __init__(self, field: models.ForeignKey[Any, Any], user: Any) -> None:
        self.model: type[models.Model] = field.related_model
        self.user = user
        self.found: dict[str, list[models.Model]] = {}

    def names(self) -> list[str]:
        entity = entity_of(self.model)
        wanted = dict.fromkeys((*(entity.key if entity else ()), *NAMES))
        return [f.name for n in wanted for f in self.model._meta.concrete_fields if f.name == n and _is_text(f)]

    def fetch(self, values: Iterable[Any]) -> None:
        """Looks all values up at once."""
        texts = sorted({text_of(value) for value in values if text_of(value)})
        for start in range(0, len(texts), CHUNK):
            for name in self.names():
                for row in rows_visible(self.model, self.user).filter(**{f"{name}__in": texts[start : start + CHUNK]}):
                    rows = self.found.setdefault(str(getattr(row, name)), [])
                    if row not in rows:
                        rows.append(row)

    def row(self, value: Any) -> models.Model:
        """The one row meant; raises `ValueError` in words."""
        rows = self.found.get(text_of(value), [])
        title = self.model._meta.verbose_name
        if not rows:
            raise ValueError(_("在%(title)s中找不到,或不在本人管辖范围内") % {"title": title})
        if len(rows) > 1:
            raise ValueError(_("%(title)s有多个同名记录,请改填代码") % {"title": title})
        return rows[0]


def _is_text(field: models.Field[Any, Any]) -> bool:
    return isinstance(field, models.CharField) and not field.flatchoices
