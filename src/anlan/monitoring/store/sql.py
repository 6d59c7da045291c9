"""Statements in PostgreSQL's binary form, planned once a connection: most of a short query's time is text and plans.

A pooler between must keep prepared statements (PgBouncer does from 1.21).
"""

from collections.abc import Sequence
from typing import Any

from django.db import connection
from psycopg import Cursor
from psycopg.types.numeric import Int8

PREPARED = 5

Rows = list[tuple[Any, ...]]


def run(statement: str, words: Sequence[Any] = ()) -> Rows:
    """The rows, in the caller's transaction. Whole numbers go as bigint, whatever their size; give arrays a cast."""
    connection.close_if_health_check_failed()
    connection.ensure_connection()
    raw = connection.connection
    raw.prepare_threshold = PREPARED
    with connection.wrap_database_errors, Cursor(raw) as cursor:
        cursor.execute(
            statement, [Int8(word) if type(word) is int else word for word in words], prepare=True, binary=True
        )
        return cursor.fetchall() if cursor.description else []
