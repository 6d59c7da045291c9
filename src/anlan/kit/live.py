"""Live news to open pages: `LISTEN/NOTIFY` carries it to the process that holds the streams.

Sent inside a transaction, it reaches the pages when the transaction commits, and only then.
"""

import json
from collections.abc import Iterable
from typing import Any

from django.db import connection

CHANNEL = "anlan_live"
LIMIT = 7900
"""PostgreSQL carries at most 8,000 bytes in a notice."""
MOST = 100
"""Objects of one call that are sent one by one; a page that got more would only read its rows again."""


def live_publish(topic: str, *, area_path: str = "", **payload: Any) -> None:
    """Sends a small object to every open page that follows `topic` and whose person sees the area.

    Over the size limit the payload is left out and the page reads the rows again (`"reload": true`).
    """
    live_publish_all(topic, [(area_path, payload)])


def live_publish_all(topic: str, news: Iterable[tuple[str, dict[str, Any]]]) -> None:
    """The same for many objects, each with the path of its area, in one statement.

    Of more than `MOST` each area's pages read their rows again instead.
    """
    found = list(news)
    if len(found) > MOST:
        found = [(path, {"reload": True}) for path in sorted({path for path, _payload in found})]
    if found:
        with connection.cursor() as cursor:
            messages = [_text(topic, path, payload) for path, payload in found]
            cursor.execute("select pg_notify(%s, message) from unnest(%s::text[]) message", [CHANNEL, messages])


def _text(topic: str, area_path: str, payload: dict[str, Any]) -> str:
    message = json.dumps({"topic": topic, "area": area_path, **payload}, ensure_ascii=False, default=str)
    if len(message.encode()) > LIMIT:
        return json.dumps({"topic": topic, "area": area_path, "reload": True})
    return message
