"""Cameras that are asked for their events by ONVIF, and what they report."""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from anlan.monitoring.models import Camera, CameraAccess, Sighting, SightingWord
from anlan.monitoring.video.claims import Claim, ClaimRefused
from anlan.monitoring.video.sealing import unseal
from anlan.monitoring.video.sightings import sighting_report
from anlan.monitoring.video.standing import Reason, cameras_stand
from anlan.monitoring.video.words import meaning_of, words_of
from anlan.protocols.onvif import OnvifEvent


@dataclass(frozen=True, kw_only=True)
class OnvifPoint:
    """One camera's event service; two that are equal need no new connection."""

    camera: int
    code: str
    url: str
    user: str
    password: str


def onvif_points() -> list[OnvifPoint]:
    rows = CameraAccess.objects.exclude(onvif_url="").select_related("camera").order_by("id")
    return [
        OnvifPoint(
            camera=row.camera_id, code=row.camera.code, url=row.onvif_url, user=row.user, password=unseal(row.sealed)
        )
        for row in rows
    ]


def onvif_take(*, point: OnvifPoint, event: OnvifEvent, now: datetime) -> str:
    """What became of it, as the ledger counts: "ok", "topic" (nothing to us), or why it was refused."""
    meaning = meaning_of(event.topic, words_of(SightingWord.Protocol.ONVIF))
    if meaning is None or event.operation in {"Initialized", "Deleted"} or not event.is_on:
        return "topic" if meaning is None else "ok"
    at = event.at or now
    facts = f"{event.topic}|{at.isoformat()}|{sorted(event.values.items())}"
    claim = Claim(
        sender=f"onvif:{point.camera}",
        event_id=hashlib.sha256(facts.encode()).hexdigest()[:40],
        camera=point.code,
        kind=meaning.kind,
        at=at,
        origin=Sighting.Origin.ONVIF,
        algorithm="ONVIF",
        description=f"{meaning.title} {event.topic}"[:300],
    )
    try:
        sighting_report(claim=claim, now=now)
    except ClaimRefused as refused:
        return refused.kind
    return "ok"


@transaction.atomic
def onvif_heard(*, point: OnvifPoint, trouble: str, now: datetime) -> None:
    """It answered, or why not. The state of a camera behind a platform is the platform's to tell."""
    rows = CameraAccess.objects.filter(camera_id=point.camera)
    rows.update(**({"trouble": trouble[:200]} if trouble else {"trouble": "", "heard_at": now}))
    if Camera.objects.filter(pk=point.camera, platform=None).exists():
        cameras_stand(ids=[point.camera], online=not trouble, reason=Reason.ONVIF, now=now)
