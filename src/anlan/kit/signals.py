"""News of people reading and moving rows, for the audit log on the floor above."""

from collections.abc import Collection
from typing import Any

from django.db import models
from django.dispatch import Signal

sensitive_read = Signal()
"""Sensitive values were shown in full. sender: the model; user, ids, fields, action (detail, form, api, export, history)."""

rows_exported = Signal()
"""Rows left in a file. sender: the model; user, count, fields, format."""

rows_imported = Signal()
"""Rows came in from a file. sender: the model; user, created (ids), updated (ids), file (its name)."""


def tell_sensitive_read(
    model: type[models.Model], *, user: Any, ids: Collection[Any], fields: Collection[str], action: str
) -> None:
    """Sends `sensitive_read` where anything was shown at all."""
    if ids and fields:
        sensitive_read.send(sender=model, user=user, ids=list(ids), fields=list(fields), action=action)
