"""Writes the rows of an entity to an Excel or CSV file, masked as the person may read them.

example: anlan export registry.shelter --fields name,area,capacity --format csv --out shelters.csv --as clerk
"""

import argparse
import sys
from pathlib import Path

from anlan.site.standing import stand_up

WRONG_WORDS = 2


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("entity", metavar="ENTITY", help="part.model, e.g. registry.shelter")
    parser.add_argument("--fields", help="field names with commas between (all)")
    parser.add_argument("--format", choices=("xlsx", "csv"), default="xlsx")
    parser.add_argument("--out", type=Path, help="the file to write (standard output)")
    parser.add_argument("--as", dest="person", metavar="USERNAME", help="export what this person sees, as they see it")


def run(arguments: argparse.Namespace) -> int:
    stand_up()
    from anlan.kit.display import detail_fields
    from anlan.kit.entities import entities
    from anlan.kit.exchange.exports import rows_export
    from anlan.kit.rows import rows_visible
    from anlan.site.standing import person

    entity = entities().get(arguments.entity.lower())
    if entity is None:
        return _wrong(f"no entity {arguments.entity}; there are: {', '.join(entities())}")
    fields = [name.strip() for name in arguments.fields.split(",")] if arguments.fields else None
    known = ["id", *(field.name for field in detail_fields(entity))]
    if unknown := [name for name in fields or () if name not in known]:
        return _wrong(f"no field {', '.join(unknown)}; there are: {', '.join(known)}")
    user = person(arguments.person)
    rows = rows_visible(entity.model, user).order_by("pk")
    data = rows_export(entity=entity, rows=rows, user=user, fields=fields, kind=arguments.format)
    if arguments.out:
        arguments.out.write_bytes(data)
    else:
        sys.stdout.buffer.write(data)
    return 0


def _wrong(text: str) -> int:
    print(f"anlan: {text}", file=sys.stderr)
    return WRONG_WORDS
