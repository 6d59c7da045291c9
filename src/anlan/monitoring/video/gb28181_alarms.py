"""Alarms by GB/T 28181 become sightings, which a person judges like any other. What codes mean are rows: `SightingWord`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from anlan.monitoring.models import Camera, Sighting, SightingWord
from anlan.monitoring.video.claims import Claim, ClaimRefused
from anlan.monitoring.video.sightings import sightings_report
from anlan.monitoring.video.words import Meaning, meaning_of, words_of
from anlan.protocols.manscdp import Manscdp, time_of

ALGORITHM = "GB/T 28181"
UNKNOWN = Meaning(kind="external_alarm", title="报警")
"""An alarm whose method no row explains is shown all the same."""


@dataclass(frozen=True, kw_only=True)
class Told:
    """One alarm of one platform."""

    platform_id: int
    message: Manscdp


@dataclass(frozen=True, kw_only=True)
class AlarmAnswer:
    """What became of it, in the words of the business answer."""

    stored: bool
    detail: str = ""


def alarms_store(*, told: Sequence[Told], now: datetime) -> list[AlarmAnswer]:
    """Stores each alarm of a platform's camera once, all in one transaction; a refusal is told and counted by the caller."""
    words, cameras = words_of(SightingWord.Protocol.GB28181), _cameras(told)
    claims = {
        at: _claim(cameras[one.platform_id, one.message.device], one.message, words, now)
        for at, one in enumerate(told)
        if (one.platform_id, one.message.device) in cameras
    }
    results = dict(zip(claims, sightings_report(claims=list(claims.values()), now=now), strict=True))
    return [_answer(results[at]) if at in results else NOBODY for at in range(len(told))]


NOBODY = AlarmAnswer(stored=False, detail="no camera of this platform")


def _answer(result: object) -> AlarmAnswer:
    if isinstance(result, ClaimRefused):
        return AlarmAnswer(stored=False, detail=f"{result.kind}: {result.detail}"[:200])
    return AlarmAnswer(stored=True)


def _claim(camera: Camera, message: Manscdp, words: Mapping[str, Meaning], now: datetime) -> Claim:
    at = message.fields.get("AlarmTime", "")
    meaning = meaning_of(code_of(message), words) or UNKNOWN
    return Claim(
        sender=f"gb28181:{camera.platform_id}",
        event_id=f"{message.device}/{message.number}/{at}"[:80],
        camera=camera.code,
        kind=meaning.kind,
        at=time_of(at) or now,
        origin=Sighting.Origin.GB28181,
        algorithm=ALGORITHM,
        description=_words(message, meaning),
    )


def code_of(message: Manscdp) -> str:
    """Method, type and, of an intrusion, whether somebody came or left; each as far as it is told."""
    fields = message.fields
    kind = fields.get("AlarmType") or fields.get("Info.AlarmType", "")
    event = fields.get("Info.AlarmTypeParam.EventType") or fields.get("Info.EventType", "")
    parts = (fields.get("AlarmMethod", ""), kind, event)
    return "/".join(parts[: next((at for at, part in enumerate(parts) if not part), len(parts))])


def _words(message: Manscdp, meaning: Meaning) -> str:
    fields = message.fields
    parts = [meaning.title]
    if priority := fields.get("AlarmPriority", ""):
        parts.append(f"{priority[:2]}级警情")
    parts.append(fields.get("AlarmDescription", ""))
    return " ".join(part for part in parts if part)[:300]


def _cameras(told: Sequence[Told]) -> dict[tuple[int, str], Camera]:
    """By platform and the code that it named: the camera itself; for an alarm input or the recorder, its first camera."""
    codes = {one.message.device for one in told}
    platforms = {one.platform_id for one in told}
    named = Camera.objects.filter(platform__in=platforms, code__in=codes)
    found = {(row.platform_id or 0, row.code): row for row in named}
    for one in told:
        key = one.platform_id, one.message.device
        if key not in found and (row := _first(*key)) is not None:
            found[key] = row
    return found


def _first(platform_id: int, code: str) -> Camera | None:
    rows = Camera.objects.filter(platform_id=platform_id).order_by("-listed", "id")
    return rows.filter(parent_code=code).first() or rows.first()
