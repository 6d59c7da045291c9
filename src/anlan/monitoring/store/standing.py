"""How much is stored in which form."""

from typing import NamedTuple

from anlan.monitoring.store.sql import run

_FORMS = """
select 'log', count(*), coalesce(sum(number), 0)::bigint, pg_total_relation_size('monitoring_readinglog'),
    min(first_time), max(last_time) from monitoring_readinglog
union all
select 'chunks', count(*), coalesce(sum(number), 0)::bigint, pg_total_relation_size('monitoring_readingchunk'),
    min(first_time), max(last_time) from monitoring_readingchunk
union all
select 'files', count(*), coalesce(sum(number), 0)::bigint, coalesce(sum(bytes), 0)::bigint,
    min(first_time), max(last_time) from monitoring_readingfile
"""


class Form(NamedTuple):
    """One form of storage: pieces (batches, chunks or files), readings in them, bytes with all that belongs to them,
    first and last moment (ms; None where it is empty). A moment that was told twice counts twice until it is packed.
    """

    name: str
    pieces: int
    readings: int
    bytes: int
    oldest: int | None
    newest: int | None


def forms() -> list[Form]:
    """The log, the chunks and the aged files, from one snapshot."""
    return [Form(*row) for row in run(_FORMS)]
