"""Live news to open pages: `LISTEN/NOTIFY` carries it to the process that holds the streams.

Sent inside a transaction, it reaches the pages when the transaction commits, and only then.
"""

import json
from typing import Any

from django.db import connection

CHANNEL = "anlan_live"
LIMIT = 7900
"""PostgreSQL carries at most 8,000 bytes in a notice."""


def live_publish(topic: str, *, area_path: str = "", **payload: Any) -> None:
    """Sends a small object to every open page that follows `topic` and whose person sees the area.

    Over the size limit the payload is left out and the page reads the rows again (`"reload": true`).
    """
    message = json.dumps({"topic": topic, "area": area_path, **payload}, ensure_ascii=False, default=str)
    if len(message.encode()) > LIMIT:
        message = json.dumps({"topic": topic, "area": area_path, "reload": True})
    with connection.cursor() as cursor:
        cursor.execute("select pg_notify(%s, %s)", [CHANNEL, message])
