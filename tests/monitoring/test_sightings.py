"""What algorithms claim: taken once, folded, bounded, judged by a person, and what follows from it."""

import base64
import io
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image

from anlan.accounts.models import Area, User
from anlan.command.models import Signal
from anlan.kit.flow import IllegalStep
from anlan.monitoring.models import Camera, FrameCount, Sighting, SightingClaim, SightingKind, SightingSource
from anlan.monitoring.moments import now_ms
from anlan.monitoring.video.claims import Claim
from anlan.monitoring.video.deciding import sighting_confirm, sighting_reject, sighting_reopen
from anlan.monitoring.video.intake import topic_take
from anlan.monitoring.video.keeping import claims_prune, pictures_prune
from anlan.monitoring.video.pictures import BadPicture, picture_path, picture_read
from anlan.monitoring.video.sightings import sighting_report
from anlan.monitoring.video.sources import source_token_issue
from anlan.supervision.models import Hazard

CODE = "44031000001320000001"
NOW = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _own_media(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def camera(area: Area) -> Camera:
    return Camera.objects.create(code=CODE, name="东街口球机", area=area, address="东街1号")


@pytest.fixture
def officer(area: Area) -> User:
    return User.objects.create(username="duty", display_name="周值班", role="duty_officer", area=area, password="!")


@pytest.fixture
def token(area: Area, camera: Camera) -> str:
    source = SightingSource.objects.create(code="box1", name="边缘盒子", area=area)
    admin = User.objects.create(username="admin1", role="administrator", area=area, password="!")
    return source_token_issue(source=source, by=admin)


def picture(form: str = "JPEG", **more: Any) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (64, 48), (200, 80, 20)).save(out, form, **more)
    return out.getvalue()


def claim(event_id: str = "e1", **more: Any) -> Claim:
    usual: dict[str, Any] = {"sender": "ai:box1", "camera": CODE, "kind": "smoke", "at": NOW, "algorithm": "烟火V2"}
    return Claim(event_id=event_id, **{**usual, **more})


def sent(**more: Any) -> dict[str, Any]:
    usual = {"id": "e1", "camera": CODE, "kind": "fire", "time": now_ms(), "algorithm": "烟火V2", "version": "2.1"}
    return {**usual, "confidence": 0.91, "box": [0.1, 0.2, 0.3, 0.4], **more}


def post(token: str, body: Any, **more: Any) -> Any:
    content = {"content_type": "application/json"} if isinstance(body, dict | str) else {}
    data = json.dumps(body) if isinstance(body, dict) and content else body
    return Client().post("/api/sightings", data, HTTP_AUTHORIZATION=f"Bearer {token}", **{**content, **more})


@pytest.mark.django_db
def test_a_claim_comes_in_by_json_or_form_once_and_its_picture_is_kept(token: str) -> None:
    first = post(token, sent(picture=base64.b64encode(picture()).decode()))
    assert first.status_code == 200, first.content
    assert first.json()["outcome"] == "new"
    assert post(token, sent()).json() == {**first.json(), "outcome": "duplicate"}
    form = {**sent(id="e2", kind="no_helmet"), "box": "[0,0,1,1]"}
    file = SimpleUploadedFile("a.png", picture("PNG"), "image/png")
    second = Client().post("/api/sightings", {**form, "picture": file}, HTTP_AUTHORIZATION=f"Bearer {token}")
    assert second.json()["outcome"] == "new", second.content
    for row in Sighting.objects.all():
        assert picture_path(row.picture, row.picture_type, row.arrived_at).exists()
        assert row.source.code == "box1"
    assert {row.picture_type for row in Sighting.objects.all()} == {"jpg", "png"}


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("change", "status", "error"),
    [
        ({"camera": "44031000001320000099"}, 400, "camera"),
        ({"kind": "dragon"}, 400, "kind"),
        ({"confidence": 1.5}, 400, "confidence"),
        ({"confidence": "NaN"}, 400, "confidence"),
        ({"box": [0.9, 0, 0.5, 1]}, 400, "box"),
        ({"box": [0, 0, 0, 1]}, 400, "box"),
        ({"box": "everywhere"}, 400, "box"),
        ({"time": "yesterday"}, 400, "time"),
        ({"time": 10**30}, 400, "time"),
        ({"time": 1}, 400, "time"),
        ({"id": ""}, 400, "schema"),
        ({"algorithm": "x" * 61}, 400, "schema"),
        ({"picture": "no base64!"}, 400, "picture"),
        ({"picture": base64.b64encode(b"<svg onload=alert(1)>").decode()}, 400, "picture"),
        ({"picture": base64.b64encode(picture("GIF")).decode()}, 400, "picture"),
    ],
)
def test_a_claim_that_makes_no_sense_is_refused_by_name_and_counted(
    token: str, change: dict[str, Any], status: int, error: str
) -> None:
    answer = post(token, sent(**change))
    assert (answer.status_code, answer.json()["error"]) == (status, error)
    assert not Sighting.objects.exists()
    assert FrameCount.objects.get(source="ai").kind == error


@pytest.mark.django_db
def test_only_a_source_with_its_own_token_speaks_and_only_for_its_area(token: str, area: Area) -> None:
    assert post("guess", sent()).status_code == 401
    assert post(token, "[]").json()["error"] == "json"
    assert post(token, "{}", content_type="text/plain").status_code == 415
    assert post(token, "x" * 8_000_000).status_code == 413
    elsewhere = Area.objects.create(code="440311", name="别区", level="district")
    SightingSource.objects.update(area=elsewhere)
    assert post(token, sent()).json()["error"] == "camera"
    SightingSource.objects.update(active=False)
    assert post(token, sent()).status_code == 401


@pytest.mark.django_db
def test_by_mqtt_the_topic_names_the_camera_and_the_token_the_source(token: str) -> None:
    body = {name: value for name, value in sent().items() if name != "camera"}
    taken = topic_take(f"anlan/{CODE}/ai", json.dumps({**body, "token": token}).encode(), now_ms())
    assert taken is not None
    assert taken.outcome == "new"
    for bad in (b"{", b"[]", json.dumps(body).encode(), json.dumps({**sent(camera="1"), "token": token}).encode()):
        assert topic_take(f"anlan/{CODE}/ai", bad, now_ms()) is None
    assert dict(FrameCount.objects.filter(source="ai").values_list("kind", "frames")) == {
        "ok": 1, "json": 2, "refused": 1, "camera": 1,
    }  # fmt: skip


def test_a_picture_is_written_anew_without_what_was_hidden_in_it() -> None:
    exif = Image.Exif()
    exif[0x010E] = "secret place"
    raw = picture(exif=exif) + b"<?php appended ?>"
    kept = picture_read(raw)
    assert b"secret" in raw
    assert b"secret" not in kept.content
    assert b"php" not in kept.content
    with Image.open(io.BytesIO(kept.content)) as image:
        assert image.size == (64, 48)
        assert not image.getexif()
    for bad in (b"", b"\xff\xd8\xff", b"x" * (5 * 1024 * 1024 + 1)):
        with pytest.raises(BadPicture):
            picture_read(bad)


@pytest.mark.django_db
def test_like_claims_within_the_window_are_counted_and_never_folded_into_a_rejected_one(
    camera: Camera, officer: User
) -> None:
    window = SightingKind.objects.get(code="smoke").fold_seconds
    assert sighting_report(claim=claim("a"), now=NOW).outcome == "new"
    for number in range(3):
        later = claim(f"b{number}", at=NOW + timedelta(seconds=window * (number + 1)))
        assert sighting_report(claim=later, now=later.at).outcome == "folded"
    row = Sighting.objects.get()
    assert (row.count, row.last_at) == (4, NOW + timedelta(seconds=3 * window))
    assert sighting_report(claim=claim("c", algorithm="另一算法"), now=NOW).outcome == "new"
    sighting_reject(sighting=row, reason="水雾", by=officer)
    assert sighting_report(claim=claim("d", at=row.last_at), now=row.last_at).outcome == "new"
    far = row.last_at + timedelta(seconds=window + 1)
    assert sighting_report(claim=claim("e", at=far), now=far).outcome == "new"
    assert SightingClaim.objects.count() == 7


@pytest.mark.django_db
def test_a_confirmed_sighting_becomes_one_signal_or_one_hazard_as_the_person_chose(
    camera: Camera, officer: User, run_jobs: Callable[[], int]
) -> None:
    fire = Sighting.objects.get(pk=sighting_report(claim=claim("a", kind="fire"), now=NOW).sighting_id)
    exit_ = Sighting.objects.get(pk=sighting_report(claim=claim("b", kind="blocked_exit"), now=NOW).sighting_id)
    sighting_confirm(sighting=fire, becomes="signal", by=officer)
    sighting_confirm(sighting=exit_, becomes="hazard", by=officer)
    run_jobs()
    run_jobs()
    signal = Signal.objects.get()
    assert (signal.sighting, signal.source, signal.event_type, signal.level) == (fire, "video", "fire", 4)
    assert signal.title == "东街口球机 明火"
    assert signal.address == "东街1号"
    hazard = Hazard.objects.get()
    assert (hazard.sighting, hazard.source, hazard.state, hazard.found_by) == (exit_, "video", "found", officer)


@pytest.mark.django_db
def test_a_decision_needs_the_right_the_reason_and_stands_until_it_is_taken_back(camera: Camera, officer: User) -> None:
    row = Sighting.objects.get(pk=sighting_report(claim=claim(), now=NOW).sighting_id)
    inspector = User.objects.create(username="i", role="inspector", area=camera.area, password="!")
    with pytest.raises(PermissionDenied):
        sighting_confirm(sighting=row, becomes="signal", by=inspector)
    with pytest.raises(ValidationError):
        sighting_reject(sighting=row, reason="  ", by=officer)
    with pytest.raises(ValidationError):
        sighting_confirm(sighting=row, becomes="", by=officer)
    sighting_reject(sighting=row, reason="反光", by=officer)
    with pytest.raises(IllegalStep, match=r"已由周值班于 .* 核实为“不属实”"):
        sighting_confirm(sighting=row, becomes="signal", by=officer)
    sighting_reopen(sighting=row, by=officer)
    assert sighting_confirm(sighting=row, becomes="signal", by=officer).state == "confirmed"
    with pytest.raises(IllegalStep):
        sighting_reopen(sighting=row, by=officer)


@pytest.mark.django_db
def test_pictures_are_deleted_after_their_days_but_not_those_of_confirmed_sightings(
    camera: Camera, officer: User
) -> None:
    rows = {}
    for name, colour in (("old", (1, 2, 3)), ("true", (9, 9, 9)), ("young", (5, 5, 5))):
        out = io.BytesIO()
        Image.new("RGB", (20, 20), colour).save(out, "PNG")
        kind = {"old": "fire", "true": "smoke", "young": "crowd"}[name]
        at = NOW + timedelta(days=20) if name == "young" else NOW
        taken = sighting_report(claim=claim(name, kind=kind, at=at, picture=out.getvalue()), now=at)
        rows[name] = Sighting.objects.get(pk=taken.sighting_id)
    sighting_confirm(sighting=rows["true"], becomes="signal", by=officer)
    later = NOW + timedelta(days=31)
    assert pictures_prune(now=later) == 1
    assert pictures_prune(now=later) == 0
    left = {n: picture_path(r.picture, r.picture_type, r.arrived_at).exists() for n, r in rows.items()}
    assert left == {"old": False, "true": True, "young": True}
    rows["old"].refresh_from_db()
    assert rows["old"].picture_deleted_at == later
    assert claims_prune(now=NOW + timedelta(days=63)) == 2


@pytest.mark.django_db
def test_two_sightings_that_share_a_picture_keep_it_until_both_are_over(camera: Camera, officer: User) -> None:
    one = sighting_report(claim=claim("a", picture=picture()), now=NOW)
    two = sighting_report(claim=claim("b", kind="fire", picture=picture()), now=NOW)
    true = sighting_confirm(sighting=Sighting.objects.get(pk=two.sighting_id), becomes="signal", by=officer)
    assert pictures_prune(now=NOW + timedelta(days=31)) == 1
    assert Sighting.objects.get(pk=one.sighting_id).picture_deleted_at
    assert picture_path(true.picture, true.picture_type, true.arrived_at).exists()
