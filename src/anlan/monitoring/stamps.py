"""Which version of something is in force: a number in a table of one row, looked at with every batch."""

from anlan.monitoring.store.sql import run


def version_of(statement: str) -> int:
    """What a `select version from …` finds; 0 where there is no row yet."""
    rows = run(statement)
    return int(rows[0][0]) if rows else 0
