"""Which rows a filter leaves, and in which order, for collections that are tables."""

from typing import Any

from django.db.models import Q, QuerySet

from anlan.monitoring.sta.faults import StaError
from anlan.monitoring.sta.filters import Comparison, Joined, Match, Where
from anlan.monitoring.sta.options import Options

_LOOKUPS = {"eq": "", "gt": "__gt", "ge": "__gte", "lt": "__lt", "le": "__lte"}
_WHOLE = ("pk", "device_id")
_BIGGEST = 2**63 - 1


def rows_page(
    kind: str, fields: dict[str, str], rows: QuerySet[Any], asked: Options
) -> tuple[list[Any], dict[str, int] | None, int | None]:
    """The rows of a page, the options of the next one, and how many there are where that is asked for."""
    named = fields | {"id": "pk", "@iot.id": "pk"}
    if asked.where is not None:
        rows = rows.filter(_condition(kind, named, asked.where))
    order = [f"{'-' if down else ''}{_ordered(named, name)}" for name, down in asked.order]
    ordered = rows.order_by(*order, "pk")
    found = list(ordered[asked.skip : asked.skip + asked.top + 1])
    following = {"$skip": asked.skip + asked.top} if len(found) > asked.top else None
    return found[: asked.top], following, ordered.count() if asked.count else None


def _condition(kind: str, fields: dict[str, str], found: Where) -> Q:
    if isinstance(found, Comparison):
        return _compared(kind, fields, found)
    if isinstance(found, Match):
        return Q(**{f"{_field(kind, fields, found.name)}__{found.how}": found.text.replace("\0", "")})
    return _joined(kind, fields, found)


def _joined(kind: str, fields: dict[str, str], found: Joined) -> Q:
    first, *others = (_condition(kind, fields, part) for part in found.parts)
    if found.word == "not":
        return ~first
    for other in others:
        first = first & other if found.word == "and" else first | other
    return first


def _field(kind: str, fields: dict[str, str], name: str) -> str:
    if name not in fields:
        raise StaError(501, f"$filter: {kind} are not filtered by {name[:40]}")
    return fields[name]


def _compared(kind: str, fields: dict[str, str], one: Comparison) -> Q:
    field = _field(kind, fields, one.name)
    value: object = one.value.replace("\0", "")
    if field in _WHOLE:
        value = one.number()
        if not abs(one.number()) <= _BIGGEST:
            raise StaError(400, "$filter: no such id")
    if one.operator == "ne":
        return ~Q(**{field: value})
    return Q(**{f"{field}{_LOOKUPS[one.operator]}": value})


def _ordered(fields: dict[str, str], name: str) -> str:
    if name not in fields:
        raise StaError(501, f"$orderby: not by {name[:40]}")
    return fields[name]
