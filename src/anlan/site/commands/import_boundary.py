"""Gives areas real boundaries from GeoJSON, Shapefile, GeoPackage or another file that GDAL reads.

example: anlan import-boundary streets.geojson --datum gcj02 --level street --dry-run
         anlan import-boundary communities.shp --datum wgs84 --code-field XZQDM

Exit code 1 where the file cannot be used, or a shape in it fits no area.
"""

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path

from anlan.site.commands.serve import prepare

DATUMS = ("wgs84", "cgcs2000", "gcj02", "bd09")
LEVELS = ("district", "street", "community", "grid")


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path)
    parser.add_argument("--datum", choices=DATUMS, required=True, help="in which the file was drawn")
    parser.add_argument("--level", choices=LEVELS, default="", help="look among these areas only")
    parser.add_argument("--code-field", default="", help="column of the area's code (found by its usual names)")
    parser.add_argument("--name-field", default="", help="column of the area's name (found by its usual names)")
    parser.add_argument("--dry-run", action="store_true", help="say what would change, and change nothing")
    parser.add_argument("--json", action="store_true")


def run(arguments: argparse.Namespace) -> int:
    prepare()
    from anlan.accounts.borders import area_boundaries_import
    from anlan.accounts.boundaries import BoundaryError, boundaries_read
    from anlan.vocab.coordinates import Datum

    datum, columns = Datum(arguments.datum.upper()), (arguments.code_field, arguments.name_field)
    try:
        source = boundaries_read(arguments.file, datum=datum, code_field=columns[0], name_field=columns[1])
    except BoundaryError as error:
        print(f"anlan import-boundary: {error}", file=sys.stderr)
        return 1
    report = area_boundaries_import(
        source=source, level=arguments.level, file=arguments.file, dry_run=arguments.dry_run
    )
    print(_as_json(asdict(report), arguments.dry_run) if arguments.json else _as_text(asdict(report)))
    return 1 if report.unmatched else 0


def _as_json(report: dict[str, tuple[str, ...]], dry_run: bool) -> str:
    return json.dumps({"dry_run": dry_run, **report}, ensure_ascii=False)


def _as_text(report: dict[str, tuple[str, ...]]) -> str:
    return "\n".join(f"{kind}: {row}" for kind, rows in report.items() for row in rows)
