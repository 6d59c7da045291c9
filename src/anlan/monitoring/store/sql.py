"""Statements in PostgreSQL's binary form, prepared once a connection: half of a short query's time is text."""

from collections.abc import Sequence
from typing import Any

from django.db import connection
from psycopg import Cursor


def run(statement: str, words: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
    """The rows, in the caller's transaction. Parameters are of exact types: give arrays a cast."""
    connection.ensure_connection()
    with connection.wrap_database_errors, Cursor(connection.connection) as cursor:
        cursor.execute(statement, words, prepare=True, binary=True)
        return cursor.fetchall() if cursor.description else []
