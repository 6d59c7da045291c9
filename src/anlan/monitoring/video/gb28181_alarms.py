"""An alarm by GB/T 28181 becomes a sighting, which a person judges like any other.

Methods: 1 phone, 2 device, 3 SMS, 4 GPS, 5 video, 6 device fault, 7 other. Types of method 5 after GB/T 28181-2016.
"""

from dataclasses import dataclass
from datetime import datetime

from anlan.monitoring.models import Camera, Sighting
from anlan.monitoring.video.claims import Claim, ClaimRefused
from anlan.monitoring.video.sightings import Reported, sighting_report
from anlan.protocols.manscdp import Manscdp, time_of

ALGORITHM = "GB/T 28181"
METHODS = {
    "1": "电话报警",
    "2": "设备报警",
    "3": "短信报警",
    "4": "GPS报警",
    "5": "视频报警",
    "6": "设备故障报警",
    "7": "其他报警",
}
VIDEO_TYPES = {"2": "motion", "5": "intrusion", "6": "intrusion", "11": "video_fault"}
DEVICE_TYPES = {"1": "video_fault", "3": "device_fault", "4": "device_fault", "5": "device_fault"}


@dataclass(frozen=True, kw_only=True)
class AlarmAnswer:
    """What became of it, in the words of the business answer."""

    stored: bool
    detail: str = ""


def alarm_store(*, platform_id: int, message: Manscdp, now: datetime) -> AlarmAnswer:
    """Stores an alarm of a platform's camera once; a refusal is told and counted by the caller."""
    camera = _camera(platform_id, message.device)
    if camera is None:
        return AlarmAnswer(stored=False, detail="no camera of this platform")
    try:
        _report(camera, message, now)
    except ClaimRefused as error:
        return AlarmAnswer(stored=False, detail=f"{error.kind}: {error.detail}"[:200])
    return AlarmAnswer(stored=True)


def _report(camera: Camera, message: Manscdp, now: datetime) -> Reported:
    fields = message.fields
    told = fields.get("AlarmTime", "")
    claim = Claim(
        sender=f"gb28181:{camera.platform_id}",
        event_id=f"{message.device}/{message.number}/{told}"[:80],
        camera=camera.code,
        kind=kind_of(fields.get("AlarmMethod", ""), fields.get("AlarmType") or fields.get("Info.AlarmType", "")),
        at=time_of(told) or now,
        origin=Sighting.Origin.GB28181,
        algorithm=ALGORITHM,
        description=_words(message),
    )
    return sighting_report(claim=claim, now=now)


def kind_of(method: str, type_: str) -> str:
    """The code of the kind of sighting."""
    if method == "5":
        return VIDEO_TYPES.get(type_, "video_alarm")
    if method == "6":
        return "device_fault"
    return DEVICE_TYPES.get(type_, "external_alarm") if method == "2" else "external_alarm"


def _words(message: Manscdp) -> str:
    fields = message.fields
    parts = [METHODS.get(fields.get("AlarmMethod", ""), "")]
    if priority := fields.get("AlarmPriority", ""):
        parts.append(f"{priority[:2]}级警情")
    parts.append(fields.get("AlarmDescription", ""))
    return " ".join(part for part in parts if part)[:300]


def _camera(platform_id: int, code: str) -> Camera | None:
    """The camera itself; for an alarm input or the recorder, its first camera."""
    rows = Camera.objects.filter(platform_id=platform_id).order_by("-listed", "id")
    return rows.filter(code=code).first() or rows.filter(parent_code=code).first() or rows.first()
