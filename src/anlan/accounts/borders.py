"""Gives areas the boundaries of a file."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import shapely
from django.contrib.gis.geos import GEOSGeometry
from django.db import transaction
from shapely import MultiPolygon
from shapely.geometry.base import BaseGeometry

from anlan.accounts.audit import Action, audit_record
from anlan.accounts.boundaries import STORED, Boundary, BoundaryFile
from anlan.accounts.models import Area

SAME = 1e-9
"""Degrees within which two corners are the same: 0.1 mm."""
OUTSIDE = 0.01
"""Share of an area that may lie outside its parent before it is told."""


@dataclass(frozen=True, kw_only=True)
class BorderReport:
    """`code name` of areas that changed, stayed and got nothing, the file's rows without area, and warnings."""

    changed: tuple[str, ...]
    unchanged: tuple[str, ...]
    unmatched: tuple[str, ...]
    missing: tuple[str, ...]
    warnings: tuple[str, ...]


@transaction.atomic
def area_boundaries_import(
    *, source: BoundaryFile, level: str = "", file: Path | None = None, dry_run: bool = False
) -> BorderReport:
    """Matches by code, else by a name that only one area has. Every area that changes is audited, and the whole."""
    areas = list(Area.objects.select_for_update().filter(**({"level": level} if level else {})).order_by("path"))
    matched, unmatched = _match(source.found, areas)
    changed = {area: shape for area, shape in matched.items() if not _same(area, shape)}
    report = BorderReport(
        changed=_names(changed),
        unchanged=_names(area for area in matched if area not in changed),
        unmatched=(*unmatched, *source.problems),
        missing=_names(area for area in areas if area not in matched),
        warnings=tuple(_outside(matched)),
    )
    if not dry_run:
        _write(changed, report, file)
    return report


def _write(changed: dict[Area, MultiPolygon], report: BorderReport, file: Path | None) -> None:
    for area, shape in changed.items():
        stored: Any = GEOSGeometry(memoryview(shape.wkb), srid=STORED)
        area.boundary = stored
        area.save(update_fields=["boundary"])
    counts = {name: len(rows) for name, rows in asdict(report).items()}
    audit_record(action=Action.IMPORT, subject=Area, fields={"file": file.name if file else "", **counts})


def _match(found: Iterable[Boundary], areas: list[Area]) -> tuple[dict[Area, MultiPolygon], list[str]]:
    by_code = {area.code: area for area in areas}
    often = Counter(area.name for area in areas)
    by_name = {area.name: area for area in areas if often[area.name] == 1}
    matched: dict[Area, MultiPolygon] = {}
    unmatched: list[str] = []
    for one in found:
        area = by_code.get(one.code) or by_name.get(one.name)
        if area is None or area in matched:
            unmatched.append(f"{one.code} {one.name}".strip())
        else:
            matched[area] = one.shape
    return matched, unmatched


def _same(area: Area, shape: MultiPolygon) -> bool:
    stored = _stored(area)
    return stored is not None and bool(shapely.equals_exact(stored, shape, tolerance=SAME, normalize=True))


def _stored(area: Area | None) -> BaseGeometry | None:
    return shapely.from_wkb(bytes(area.boundary.wkb)) if area and area.boundary else None


def _outside(matched: dict[Area, MultiPolygon]) -> Iterable[str]:
    """A sentence for each area that reaches beyond the parent's boundary, the new one where it has one."""
    for area, shape in matched.items():
        around = matched.get(area.parent) or _stored(area.parent) if area.parent else None
        share = shape.difference(around).area / shape.area if around is not None else 0.0
        if area.parent and share > OUTSIDE:
            yield f"{area.code} {area.name}: {share:.1%} of it lies outside {area.parent.name}"


def _names(areas: Iterable[Area]) -> tuple[str, ...]:
    return tuple(f"{area.code} {area.name}" for area in areas)
