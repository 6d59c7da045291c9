"""Entities and collections as JSON, page by page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any
from urllib.parse import urlencode

from django.db.models import QuerySet

from anlan.monitoring.sta.entities import KINDS, way_key
from anlan.monitoring.sta.faults import StaError
from anlan.monitoring.sta.history import past_find, past_page
from anlan.monitoring.sta.observations import observation_find, observation_key, observations
from anlan.monitoring.sta.options import Options, Segment
from anlan.monitoring.sta.rows import rows_page
from anlan.monitoring.sta.who import Who

_BIGGEST = 2**63 - 1
COMPONENTS = ["id", "phenomenonTime", "result", "resultTime"]


@dataclass(frozen=True, kw_only=True)
class Found:
    """Where a path leads: rows of a kind (of Observations the series), and whether it names one entity of them."""

    kind: str
    rows: QuerySet[Any]
    one: bool
    time: int | None = None


def follow(who: Who, path: list[Segment]) -> Found:
    """StaError 404 where the path leads nowhere, for this asker."""
    first, *rest = path
    if first.name not in KINDS:
        raise StaError(404, f"no collection {first.name[:60]}")
    found = _narrowed(Found(kind=first.name, rows=KINDS[first.name].rows(who), one=False), first.key)
    for segment in rest:
        way = KINDS[found.kind].ways.get(segment.name)
        if way is None or not found.one:
            raise StaError(404, f"no way from {found.kind} to {segment.name[:60]}")
        row = _single(found)
        rows = KINDS[way.to].rows(who).filter(**{way.by: way_key(found.kind, row)})
        then = found.time if (found.kind, way.to) == ("HistoricalLocations", "Locations") else None
        found = _narrowed(Found(kind=way.to, rows=rows, one=way.one, time=then), segment.key)
    return found


def _narrowed(found: Found, key: str | None) -> Found:
    if key is None:
        return found
    if found.kind in ("Observations", "HistoricalLocations") or (found.kind == "Locations" and ":" in key):
        row_id, time = observation_key(key)
        return Found(kind=found.kind, rows=found.rows.filter(pk=row_id), one=True, time=time)
    if not key.isdigit() or int(key) > _BIGGEST:
        raise StaError(404, f"no entity {key[:60]}")
    return Found(kind=found.kind, rows=found.rows.filter(pk=int(key)), one=True)


def _single(found: Found) -> Any:
    if found.kind != "Observations" and found.time is not None:
        return past_find(found.rows, found.time)
    row = found.rows.first()
    if row is None:
        raise StaError(404, f"no such entity of {found.kind}")
    return row if found.time is None else observation_find(row, found.time)


class Speaker:
    """Writes entities for one asker. `base` is the address of the service, `here` that of the request's path."""

    def __init__(self, who: Who, base: str) -> None:
        self._who, self._base = who, base

    def answer(self, found: Found, asked: Options, here: str, said: Mapping[str, str]) -> dict[str, Any]:
        if found.one:
            return self.entity(found.kind, _single(found), asked)
        if found.time is not None:
            return {"value": [self.entity(found.kind, _single(found), asked)]}
        return self._collection(found.kind, found.rows, asked, here, said)

    def link(self, kind: str, key: Any) -> str:
        return f"{self._base}/{kind}('{key}')" if isinstance(key, str) else f"{self._base}/{kind}({key})"

    def entity(self, kind: str, row: Any, asked: Options) -> dict[str, Any]:
        own = {"@iot.id": row.pk, "@iot.selfLink": self.link(kind, row.pk), **KINDS[kind].say(row)}
        ways = KINDS[kind].ways
        links = {f"{name}@iot.navigationLink": f"{own['@iot.selfLink']}/{name}" for name in ways}
        if asked.select:
            chosen = {"id": "@iot.id"}
            own = {name: own[name] for name in (chosen.get(word, word) for word in asked.select) if name in own}
            links = {key: link for key, link in links.items() if key.partition("@")[0] in asked.select}
        for name in asked.expand:
            if name not in ways:
                raise StaError(400, f"$expand: no way from {kind} to {name[:60]}")
        return own | links | self._expanded(kind, row, asked)

    def _expanded(self, kind: str, row: Any, asked: Options) -> dict[str, Any]:
        told: dict[str, Any] = {}
        for name, inner in asked.expand.items():
            way = KINDS[kind].ways[name]
            rows = KINDS[way.to].rows(self._who).filter(**{way.by: way_key(kind, row)})
            if (kind, name) == ("HistoricalLocations", "Locations"):
                told[name] = [self.entity(way.to, row, inner)]
                continue
            if way.one:
                one = rows.first()
                told[name] = self.entity(way.to, one, inner) if one is not None else None
                continue
            page = self._collection(way.to, rows, inner, f"{self.link(kind, row.pk)}/{name}", {})
            told[name] = page["value"]
            told |= {f"{name}{key}": page[key] for key in ("@iot.nextLink", "@iot.count") if key in page}
        return told

    def _collection(
        self, kind: str, rows: QuerySet[Any], asked: Options, here: str, said: Mapping[str, str]
    ) -> dict[str, Any]:
        found, following, count = _page(kind, rows, asked)
        told: dict[str, Any] = {}
        if count is not None:
            told["@iot.count"] = count
        if following is not None:
            kept = {key: value for key, value in said.items() if key not in ("$skip", "$skiptoken")}
            told["@iot.nextLink"] = f"{here}?{urlencode({'$top': asked.top, **kept, **following}, safe='$')}"
        if asked.arrays and kind == "Observations":
            told["value"] = self._arrays(found)
        else:
            told["value"] = [self.entity(kind, row, asked) for row in found]
        return told

    def _arrays(self, found: Sequence[Any]) -> list[dict[str, Any]]:
        """Observations as rows of values, the Datastreams one after the other."""
        told = []
        for series_id, rows in groupby(found, key=lambda row: row.series_id):
            said = [(row.pk, KINDS["Observations"].say(row)) for row in rows]
            values = [[pk, *(one[name] for name in COMPONENTS[1:])] for pk, one in said]
            link = {"Datastream@iot.navigationLink": self.link("Datastreams", series_id)}
            told.append(link | {"components": COMPONENTS, "dataArray@iot.count": len(values), "dataArray": values})
        return told


def _page(kind: str, rows: QuerySet[Any], asked: Options) -> tuple[Sequence[Any], dict[str, int] | None, int | None]:
    """The rows of a page, the options of the next one, and how many there are where that is asked for."""
    if kind == "Observations":
        page = observations(list(rows.order_by("pk").values_list("pk", flat=True)), asked)
        return page.rows, page.following, page.count
    if kind == "HistoricalLocations":
        return past_page(rows, asked)
    return rows_page(kind, KINDS[kind].filters, rows, asked)
