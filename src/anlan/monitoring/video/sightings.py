"""What becomes of a claim: known already, folded into one that waits, or a sighting that a person must judge."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction

from anlan.kit.live import live_publish
from anlan.monitoring.models import Camera, Sighting, SightingClaim, SightingKind
from anlan.monitoring.video.claims import Claim, ClaimRefused
from anlan.monitoring.video.pictures import BadPicture, Picture, picture_keep, picture_read
from anlan.monitoring.video_flow import SightingState

Like = tuple[int, int, str, str, int | None]
"""Camera, kind, algorithm, origin and source: what a claim and a sighting share of which it is a repetition."""
AHEAD, BEHIND = timedelta(minutes=5), timedelta(days=30)


@dataclass(frozen=True, kw_only=True)
class Reported:
    """`outcome` is "new", "folded" or "duplicate"."""

    sighting_id: int
    outcome: str


Result = Reported | ClaimRefused


def sighting_report(*, claim: Claim, now: datetime) -> Reported:
    """Stores one claim exactly once. Raises `ClaimRefused`; a picture is on disk before its row is committed."""
    (result,) = sightings_report(claims=[claim], now=now)
    if isinstance(result, ClaimRefused):
        raise result
    return result


def sightings_report(*, claims: Sequence[Claim], now: datetime) -> list[Result]:
    """Stores each claim exactly once, all of them in one transaction; what became of each, in their order."""
    try:
        return _report(claims, now)
    except IntegrityError:
        return _report(claims, now)


@transaction.atomic
def _report(claims: Sequence[Claim], now: datetime) -> list[Result]:
    """A claim that another process stores meanwhile breaks this; a second try finds it known."""
    batch = Batch(claims, now)
    results = [_result(batch, claim, now) for claim in claims]
    batch.save()
    return [
        one if isinstance(one, ClaimRefused) else Reported(sighting_id=one[0].pk, outcome=one[1]) for one in results
    ]


def _result(batch: "Batch", claim: Claim, now: datetime) -> "ClaimRefused | tuple[Sighting, str]":
    if known := batch.known.get((claim.sender, claim.event_id)):
        return known, "duplicate"
    try:
        if not now - BEHIND <= claim.at <= now + AHEAD:
            raise ClaimRefused("time", f"{claim.at.isoformat()} is more than 5 minutes ahead or 30 days behind")
        return batch.take(claim)
    except ClaimRefused as refused:
        return refused


class Batch:
    """Claims that are stored together. Their cameras' rows are locked: of two like claims at once one folds into the other."""

    def __init__(self, claims: Sequence[Claim], now: datetime) -> None:
        self._now = now
        self.known = _known(claims)
        self._kinds = {
            kind.code: kind for kind in SightingKind.objects.filter(code__in={c.kind for c in claims}, active=True)
        }
        cameras = Camera.objects.select_for_update(of=("self",), no_key=True).select_related("area").order_by("pk")
        self._cameras = {row.code: row for row in cameras.filter(code__in={c.camera for c in claims})}
        self._near = self._recent(claims)
        self._new: list[Sighting] = []
        self._folded: dict[int, Sighting] = {}
        self._claims: list[tuple[Claim, Sighting]] = []

    def _recent(self, claims: Sequence[Claim]) -> dict[Like, list[Sighting]]:
        """What claims may repeat. A claim is never folded into one that was rejected: this time it may be true."""
        if not self._cameras or not self._kinds:
            return {}
        window = timedelta(seconds=max(kind.fold_seconds for kind in self._kinds.values()))
        first, last = min(c.at for c in claims), max(c.at for c in claims)
        rows = Sighting.objects.filter(camera__in=self._cameras.values(), kind__in=self._kinds.values())
        rows = rows.filter(last_at__gte=first - window, at__lte=last + window).exclude(state=SightingState.REJECTED)
        near: dict[Like, list[Sighting]] = {}
        for row in rows:
            near.setdefault((row.camera_id, row.kind_id, row.algorithm, row.origin, row.source_id), []).append(row)
        return near

    def take(self, claim: Claim) -> tuple[Sighting, str]:
        """The sighting that it makes or is folded into. Raises `ClaimRefused`."""
        picture = _picture(claim)
        kind = self._kinds.get(claim.kind)
        if kind is None:
            raise ClaimRefused("kind", f"no kind {claim.kind}")
        camera = self._cameras.get(claim.camera)
        if camera is None or not camera.area.path.startswith(claim.within):
            raise ClaimRefused("camera", f"no camera {claim.camera} in the sender's area")
        near = self._near.setdefault((camera.pk, kind.pk, claim.algorithm, claim.origin, claim.source_id), [])
        window = timedelta(seconds=kind.fold_seconds)
        like = [row for row in near if row.last_at >= claim.at - window and row.at <= claim.at + window]
        sighting = max(like, key=lambda row: row.last_at, default=None)
        outcome = "new" if sighting is None else "folded"
        if sighting is None:
            sighting = _new(claim, camera, kind, picture, self._now)
            near.append(sighting)
            self._new.append(sighting)
        else:
            self._fold(sighting, claim)
        self._claims.append((claim, sighting))
        self.known[claim.sender, claim.event_id] = sighting
        return sighting, outcome

    def _fold(self, sighting: Sighting, claim: Claim) -> None:
        sighting.count += 1
        sighting.last_at = max(sighting.last_at, claim.at)
        if sighting.pk:
            self._folded[sighting.pk] = sighting

    def save(self) -> None:
        Sighting.objects.bulk_create(self._new)
        Sighting.objects.bulk_update(self._folded.values(), ["count", "last_at"])
        SightingClaim.objects.bulk_create(
            SightingClaim(
                sender=claim.sender, event_id=claim.event_id, sighting=sighting, at=claim.at,
                arrived_at=self._now, confidence=claim.confidence,
            )
            for claim, sighting in self._claims
        )  # fmt: skip
        for row in (*self._new, *self._folded.values()):
            live_publish("sighting", area_path=row.area.path, id=row.pk, camera=row.camera_id, state=row.state)


def _known(claims: Sequence[Claim]) -> dict[tuple[str, str], Sighting]:
    rows = SightingClaim.objects.filter(
        sender__in={c.sender for c in claims}, event_id__in={c.event_id for c in claims}
    )
    return {(row.sender, row.event_id): row.sighting for row in rows.select_related("sighting")}


def _picture(claim: Claim) -> Picture | None:
    try:
        return picture_read(claim.picture) if claim.picture is not None else None
    except BadPicture as error:
        raise ClaimRefused("picture", str(error)) from error


def _new(claim: Claim, camera: Camera, kind: SightingKind, picture: Picture | None, now: datetime) -> Sighting:
    if picture:
        picture_keep(picture, now)
    return Sighting(
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
