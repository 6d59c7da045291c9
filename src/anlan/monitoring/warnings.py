"""Warnings of other offices: taken in once, kept raw, and followed from alert to update and cancel."""

import secrets
from datetime import datetime
from typing import Any

import msgspec
from django.contrib.gis.geos import GeometryCollection, GEOSGeometry, MultiPolygon, Polygon
from django.core.exceptions import PermissionDenied
from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from anlan.accounts.models import Area
from anlan.kit.events import publish
from anlan.kit.live import live_publish
from anlan.monitoring.events import WarningReceived
from anlan.monitoring.models import WarningFeed, WeatherWarning
from anlan.monitoring.moments import moment
from anlan.monitoring.services import TOKEN_BYTES, may_issue_tokens, token_hash
from anlan.protocols import FrameError, cap
from anlan.protocols.cap import CapAlert, CapArea, CapInfo

SRID = 4490
LOCK = 0x616E6C77
REPLACING = {"Update": WeatherWarning.Standing.REPLACED, "Cancel": WeatherWarning.Standing.CANCELLED}


@transaction.atomic
def warning_receive(*, feed: WarningFeed, raw: bytes) -> tuple[WeatherWarning, bool]:
    """The message's row, and whether it is new. FrameError for what is no CAP message.

    A message acts only on messages of the same feed and of the same status: an exercise ends no real warning.
    """
    said = cap.read(raw)
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(%s)", [LOCK])
    sent = _moment(said.sent)
    known = WeatherWarning.objects.filter(sender=said.sender, identifier=said.identifier, sent=sent).first()
    if known is not None:
        return known, False
    row = _row(feed, said, sent, raw)
    row.save()
    _replace(row, said)
    _replaced_already(row)
    live_publish("warning", id=row.pk, reload=True)
    if row.status == "Actual" and row.msg_type in ("Alert", "Update") and row.standing == "current":
        publish(WarningReceived(warning_id=row.pk))
    return row, True


def _moment(ms: int) -> datetime:
    try:
        return moment(ms)
    except (ValueError, OverflowError, OSError) as error:
        raise FrameError("time", f"{ms} ms") from error


def _row(feed: WarningFeed, said: CapAlert, sent: datetime, raw: bytes) -> WeatherWarning:
    info = _main(said.infos)
    areas = [area for one in said.infos if one.language == info.language for area in one.areas]
    codes = [[name[:60], value[:60]] for area in areas for name, value in area.geocodes][:500]
    acts = said.msg_type in ("Alert", "Update")
    return WeatherWarning(
        feed=feed,
        identifier=said.identifier,
        sender=said.sender,
        sent=sent,
        status=said.status,
        msg_type=said.msg_type,
        scope=said.scope,
        references=[[sender, identifier, time] for sender, identifier, time in said.references],
        standing=WeatherWarning.Standing.CURRENT if acts else WeatherWarning.Standing.NOTICE,
        geocodes=codes,
        geometry=_outline(areas, codes),
        area_text="、".join(dict.fromkeys(area.text for area in areas if area.text))[:500],
        infos=msgspec.to_builtins(said.infos),
        raw=raw,
        received_at=timezone.now(),
        **_words(info),
    )


def _main(infos: tuple[CapInfo, ...]) -> CapInfo:
    """What is shown: Chinese before other languages, the most severe of these."""
    chinese = [info for info in infos if info.language.lower().startswith("zh")]
    found = chinese or list(infos)
    return min(found, key=lambda info: cap.SEVERITIES.index(info.severity), default=CapInfo(language=""))


def _words(info: CapInfo) -> dict[str, Any]:
    times = {"onset": info.onset if info.onset is not None else info.effective, "expires": info.expires}
    return {
        "language": info.language[:20],
        "event": info.event[:120],
        "category": "、".join(info.categories)[:60],
        "urgency": info.urgency[:12],
        "severity": info.severity,
        "certainty": info.certainty[:12],
        "sender_name": info.sender_name[:200],
        "headline": info.headline[:300],
        "description": info.description,
        "instruction": info.instruction,
        **{name: None if ms is None else _moment(ms) for name, ms in times.items()},
    }


def _outline(areas: list[CapArea], codes: list[list[str]]) -> MultiPolygon | None:
    """What polygons and circles cover together; without any, the areas of the codes."""
    shapes: list[GEOSGeometry] = [Polygon(ring, srid=SRID).make_valid() for ring in cap.rings(areas)]
    if not shapes:
        values = {value for _name, value in codes}
        found = Area.objects.filter(code__in=values).exclude(boundary=None)
        shapes = [boundary for boundary in found.values_list("boundary", flat=True) if boundary is not None]
    if not shapes:
        return None
    whole = shapes[0]
    for shape in shapes[1:]:
        whole = whole.union(shape)
    parts = list(whole) if isinstance(whole, GeometryCollection) else [whole]
    polygons = [part for part in parts if isinstance(part, Polygon)]
    return MultiPolygon(polygons, srid=SRID) if polygons else None


def _replace(row: WeatherWarning, said: CapAlert) -> None:
    """An update or a cancel ends what it refers to, and what that had replaced stays as it is."""
    if row.msg_type not in REPLACING:
        return
    for sender, identifier, time in said.references:
        WeatherWarning.objects.filter(
            feed=row.feed, status=row.status, sender=sender, identifier=identifier, sent=_moment(time),
            standing=WeatherWarning.Standing.CURRENT,
        ).exclude(pk=row.pk).update(standing=REPLACING[row.msg_type], replaced_by=row)  # fmt: skip


def _replaced_already(row: WeatherWarning) -> None:
    """A message that comes after the one that ends it."""
    if row.standing != WeatherWarning.Standing.CURRENT:
        return
    me = [row.sender, row.identifier, round(row.sent.timestamp() * 1000)]
    later = WeatherWarning.objects.filter(
        feed=row.feed, status=row.status, msg_type__in=REPLACING, references__contains=[me]
    ).exclude(pk=row.pk)
    ending = later.order_by("-sent").first()
    if ending is not None:
        row.standing, row.replaced_by = REPLACING[ending.msg_type], ending
        row.save(update_fields=["standing", "replaced_by"])


def feed_of_token(token: str) -> WarningFeed | None:
    """The active feed whose token this is."""
    return WarningFeed.objects.filter(token_hash=token_hash(token), active=True).first() if token else None


@transaction.atomic
def feed_token_issue(*, feed: WarningFeed, by: Any) -> str:
    """A new token with which an office sends its warnings; nowhere kept, and the one before it ends at once."""
    if not may_issue_tokens(by):
        raise PermissionDenied(_("只有系统管理员可以签发接入令牌。"))
    token = secrets.token_urlsafe(TOKEN_BYTES)
    locked = WarningFeed.objects.select_for_update().get(pk=feed.pk)
    locked.token_hash = token_hash(token)
    locked._history_user = by  # type: ignore[attr-defined]
    locked.save(update_fields=["token_hash"])
    return token
