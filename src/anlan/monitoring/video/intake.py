"""Where claims come in by any way: each is taken or refused, and counted in the ledger of frames under "ai".

Over MQTT: topic `anlan/<camera>/ai`, the same object as over HTTP, with the source's `token` in it.
"""

import json
from datetime import datetime
from typing import Any

from anlan.monitoring.arrivals import Arrival
from anlan.monitoring.counts import frames_count
from anlan.monitoring.models import SightingSource
from anlan.monitoring.moments import moment, now_ms
from anlan.monitoring.video.claims import Claim, ClaimRefused, claim_of
from anlan.monitoring.video.sightings import Reported, sighting_report
from anlan.monitoring.video.sources import source_of_token
from anlan.protocols import Frame, FrameError

SOURCE = "ai"
TOPIC = "anlan/+/ai"


def claim_take(*, claim: Claim, now: datetime) -> Reported:
    """Stores and counts it. Raises `ClaimRefused`, which the caller counts by `claim_count`."""
    taken = sighting_report(claim=claim, now=now)
    if claim.source_id is not None:
        SightingSource.objects.filter(pk=claim.source_id).update(last_seen_at=now)
    claim_count("")
    return taken


def claim_count(kind: str) -> None:
    """One more claim; `kind` names why it was refused, empty for a good one."""
    good = Frame(protocol=SOURCE, device="", function="", readings=(), fields={}, reply=None, raw=b"")
    frames_count([Arrival(source=SOURCE, event=FrameError(kind) if kind else good)], now_ms())


def topic_take(topic: str, payload: bytes, now: int) -> Reported | None:
    """One MQTT message at `now` (ms); None where it was refused and counted. Durable when it returns."""
    try:
        return claim_take(claim=_of_topic(topic, payload), now=moment(now))
    except ClaimRefused as error:
        claim_count(error.kind)
        return None


def _of_topic(topic: str, payload: bytes) -> Claim:
    words = topic.split("/")
    values = _object(payload)
    source = source_of_token(str(values.get("token", "")))
    if source is None:
        raise ClaimRefused("refused", "no source has this token")
    camera = words[1] if len(words) == 3 else ""
    return claim_of(values, camera=camera, sender=f"ai:{source.code}", source_id=source.pk, within=source.area.path)


def _object(payload: bytes) -> dict[str, Any]:
    try:
        value = json.loads(payload)
    except (ValueError, RecursionError) as error:
        raise ClaimRefused("json", str(error)[:100]) from error
    if not isinstance(value, dict):
        raise ClaimRefused("json", "an object")
    return value
