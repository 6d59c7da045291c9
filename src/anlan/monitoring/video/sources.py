"""Tokens of the sources of sightings. Of a token only its digest is kept."""

import secrets
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext as _

from anlan.monitoring.models import SightingSource
from anlan.monitoring.services import TOKEN_BYTES, token_hash
from anlan.monitoring.video.registrations import may_administer


def source_of_token(token: str) -> SightingSource | None:
    """The source that is in use and whose token this is."""
    rows = SightingSource.objects.filter(active=True, token_hash=token_hash(token)).select_related("area")
    return rows.first() if token else None


@transaction.atomic
def source_token_issue(*, source: SightingSource, by: Any) -> str:
    """A new token, which is nowhere kept; the one before it ends at once."""
    if not may_administer(by):
        raise PermissionDenied(_("只有系统管理员可以签发接入令牌。"))
    row = SightingSource.objects.select_for_update(of=("self",)).get(pk=source.pk)
    token = secrets.token_urlsafe(TOKEN_BYTES)
    row.token_hash = token_hash(token)
    row._history_user = by  # type: ignore[attr-defined]
    row.save(update_fields=["token_hash"])
    return token
