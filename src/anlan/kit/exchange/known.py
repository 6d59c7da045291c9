"""Finds the rows that a sheet speaks of: by their number, else by the declaration's key."""

from collections.abc import Iterator
from typing import Any

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import models
from django.utils.translation import gettext as _
from import_export.instance_loaders import BaseInstanceLoader

from anlan.kit.exchange.cells import text_of
from anlan.kit.exchange.columns import ID
from anlan.kit.rows import rows_visible

CHUNK = 2000


class KnownRows(BaseInstanceLoader):
    """Fetches in a few queries; says in words where a row lies out of reach or stands twice in the sheet."""

    def __init__(self, resource: Any, dataset: Any = None) -> None:
        super().__init__(resource, dataset)
        self.model = resource.entity.model
        self.key = tuple(name for name in resource.entity.key if name != ID)
        self.seen: dict[tuple[Any, ...], int] = {}
        rows = [dict(zip(dataset.headers, cells, strict=True)) for cells in dataset]
        numbers = [int(text_of(row.get(ID))) for row in rows if text_of(row.get(ID)).isdigit()]
        self.by_id = {row.pk: row for row in self._fetched("pk", numbers)}
        keys = [key for row in rows if (key := self._key_of(row))]
        self.by_key = (
            {self._key_in(row): row for row in self._fetched(self.key[0], [k[0] for k in keys])} if keys else {}
        )
        pks = [*self.by_id, *(row.pk for row in self.by_key.values())]
        self.reachable = {row.pk for row in self._fetched("pk", pks, rows_visible(self.model, resource.user))}

    def _fetched(self, name: str, values: list[Any], rows: Any = None) -> Iterator[models.Model]:
        source = self.model._default_manager.all() if rows is None else rows
        for start in range(0, len(values), CHUNK):
            yield from source.filter(**{f"{name}__in": values[start : start + CHUNK]})

    def _key_of(self, row: dict[str, Any]) -> tuple[Any, ...] | None:
        """The key as it stands in the sheet; None where a part is missing or wrong (that is told with the cell)."""
        try:
            parts = tuple(self.resource.fields[name].taken(row) for name in self.key)
        except (KeyError, ValueError):
            return None
        return parts if parts and all(part not in (None, "") for part in parts) else None

    def _key_in(self, row: models.Model) -> tuple[Any, ...]:
        return tuple(getattr(row, name) for name in self.key)

    def get_instance(self, row: dict[str, Any]) -> models.Model | None:
        number, key = text_of(row.get(ID)), self._key_of(row)
        if number:
            return self._numbered(number)
        if key is None:
            return None
        self._tell_twice(key)
        found = self.by_key.get(key)
        if found is not None and found.pk not in self.reachable:
            raise ValidationError({self.key[0]: _("已被本人管辖范围之外的记录使用")})
        return found

    def _numbered(self, number: str) -> models.Model:
        pk = int(number) if number.isdigit() else 0
        if pk not in self.by_id or pk not in self.reachable:
            raise ValidationError({ID: _("没有这个编号的记录,或不在本人管辖范围内(新增时请留空)")})
        self._tell_twice((ID, pk))
        return self.by_id[pk]

    def _tell_twice(self, key: tuple[Any, ...]) -> None:
        here = self.resource.current
        first = self.seen.setdefault(key, here)
        if first != here:
            where = self.key[0] if key[0] != ID else ID
            raise ValidationError({where or NON_FIELD_ERRORS: _("与第 %(n)d 行重复") % {"n": first}})
