"""What becomes of a claim: known already, folded into one that waits, or a sighting that a person must judge."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import F

from anlan.kit.live import live_publish
from anlan.monitoring.models import Camera, Sighting, SightingClaim, SightingKind
from anlan.monitoring.video.claims import Claim, ClaimRefused
from anlan.monitoring.video.pictures import BadPicture, Picture, picture_keep, picture_read
from anlan.monitoring.video_flow import SightingState

AHEAD, BEHIND = timedelta(minutes=5), timedelta(days=30)


@dataclass(frozen=True, kw_only=True)
class Reported:
    """`outcome` is "new", "folded" or "duplicate"."""

    sighting_id: int
    outcome: str


def sighting_report(*, claim: Claim, now: datetime) -> Reported:
    """Stores a claim exactly once. Raises `ClaimRefused`; a picture is on disk before its row is committed."""
    if known := _known(claim):
        return known
    if not now - BEHIND <= claim.at <= now + AHEAD:
        raise ClaimRefused("time", f"{claim.at.isoformat()} is more than 5 minutes ahead or 30 days behind")
    picture = _picture(claim)
    try:
        with transaction.atomic():
            return _store(claim, picture, now)
    except IntegrityError:
        if known := _known(claim):
            return known
        raise


def _known(claim: Claim) -> Reported | None:
    same = SightingClaim.objects.filter(sender=claim.sender, event_id=claim.event_id)
    sighting = same.values_list("sighting_id", flat=True).first()
    return Reported(sighting_id=sighting, outcome="duplicate") if sighting else None


def _picture(claim: Claim) -> Picture | None:
    try:
        return picture_read(claim.picture) if claim.picture is not None else None
    except BadPicture as error:
        raise ClaimRefused("picture", str(error)) from error


def _store(claim: Claim, picture: Picture | None, now: datetime) -> Reported:
    """The camera's row is locked: of two like claims at once one folds into the other."""
    kind = SightingKind.objects.filter(code=claim.kind, active=True).first()
    if kind is None:
        raise ClaimRefused("kind", f"no kind {claim.kind}")
    camera = _camera(claim)
    sighting = _like(claim, camera, kind)
    outcome = "folded" if sighting else "new"
    sighting = _fold(sighting, claim) if sighting else _new(claim, camera, kind, picture, now)
    SightingClaim.objects.create(
        sender=claim.sender,
        event_id=claim.event_id,
        sighting=sighting,
        at=claim.at,
        arrived_at=now,
        confidence=claim.confidence,
    )
    live_publish("sighting", area_path=camera.area.path, id=sighting.pk, camera=camera.pk, state=sighting.state)
    return Reported(sighting_id=sighting.pk, outcome=outcome)


def _camera(claim: Claim) -> Camera:
    rows = Camera.objects.select_for_update(of=("self",), no_key=True).select_related("area")
    camera = rows.filter(code=claim.camera).first()
    if camera is None or not camera.area.path.startswith(claim.within):
        raise ClaimRefused("camera", f"no camera {claim.camera} in the sender's area")
    return camera


def _like(claim: Claim, camera: Camera, kind: SightingKind) -> Sighting | None:
    """What this claim repeats. A claim is never folded into one that was rejected: this time it may be true."""
    window = timedelta(seconds=kind.fold_seconds)
    rows = Sighting.objects.filter(
        camera=camera, kind=kind, algorithm=claim.algorithm, origin=claim.origin, source_id=claim.source_id
    )
    near = rows.filter(last_at__gte=claim.at - window, at__lte=claim.at + window)
    return near.exclude(state=SightingState.REJECTED).order_by("-last_at").first()


def _fold(sighting: Sighting, claim: Claim) -> Sighting:
    last = max(sighting.last_at, claim.at)
    Sighting.objects.filter(pk=sighting.pk).update(count=F("count") + 1, last_at=last)
    return sighting


def _new(claim: Claim, camera: Camera, kind: SightingKind, picture: Picture | None, now: datetime) -> Sighting:
    if picture:
        picture_keep(picture, now)
    return Sighting.objects.create(
        area=camera.area,
        organisation_id=camera.organisation_id,
        camera=camera,
        kind=kind,
        origin=claim.origin,
        source_id=claim.source_id,
        event_id=claim.event_id,
        algorithm=claim.algorithm,
        version=claim.version,
        confidence=claim.confidence,
        box=list(claim.box) if claim.box else None,
        description=claim.description,
        at=claim.at,
        last_at=claim.at,
        arrived_at=now,
        picture=picture.sha256 if picture else "",
        picture_type=picture.suffix if picture else "",
        location=camera.location,
    )
