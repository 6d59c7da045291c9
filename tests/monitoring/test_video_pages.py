"""Pages of video: who sees which cameras and sightings, and how a person works the queue."""

import io
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.gis.geos import Point
from django.test import Client
from django.utils import timezone
from PIL import Image

from anlan.accounts.models import Area, User
from anlan.command.models import Signal
from anlan.monitoring.models import Camera, CameraAccess, Sighting, SightingSource, VideoPlatform
from anlan.monitoring.video.claims import Claim
from anlan.monitoring.video.sightings import sighting_report
from anlan.onemap.catalogue import catalogue
from anlan.onemap.drawing import Tile, tile
from anlan.onemap.selectors import LIMIT, layer_of
from browser import PHONE, log_in, new_page
from browser import browser as open_browser

BACKEND = "anlan.accounts.backends.RoleBackend"
CODE = "44031000001320000001"


@pytest.fixture(autouse=True)
def _own_media(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def camera(area: Area) -> Camera:
    spot = Point(114.35, 22.69, srid=4490)
    return Camera.objects.create(code=CODE, name="东街口球机", area=area, location=spot, status="offline", kind="1")


def person(area: Area, role: str = "duty_officer") -> User:
    return User.objects.create(
        username=f"{role}-{area.code}", display_name="周值班", role=role, area=area, password="!"
    )


def browse(user: User) -> Client:
    client = Client()
    client.force_login(user, backend=BACKEND)
    return client


def text(client: Client, address: str, status: int = 200) -> str:
    answer = client.get(address)
    assert answer.status_code == status
    return answer.content.decode()


def seen(event_id: str = "e1", **more: Any) -> Sighting:
    out = io.BytesIO()
    Image.new("RGB", (320, 180), (90, 90, 200)).save(out, "JPEG")
    usual: dict[str, Any] = {
        "sender": "ai:box1", "camera": CODE, "kind": "fire", "at": timezone.now(), "algorithm": "烟火V2",
        "confidence": 0.9, "box": (0.25, 0.25, 0.5, 0.5), "picture": out.getvalue(),
    }  # fmt: skip
    claim = Claim(event_id=event_id, **{**usual, **more})
    return Sighting.objects.get(pk=sighting_report(claim=claim, now=timezone.now()).sighting_id)


@pytest.mark.django_db
def test_a_person_sees_the_cameras_and_sightings_of_their_area_and_no_others(area: Area, camera: Camera) -> None:
    elsewhere = Area.objects.create(code="440311", name="别区", level="district")
    row = seen()
    mine, other = browse(person(area)), browse(person(elsewhere))
    assert "东街口球机" in text(mine, "/cameras/")
    assert "东街口球机" not in text(other, "/cameras/")
    assert "东街口球机" in text(mine, "/sightings/")
    for address in (f"/cameras/{camera.pk}/", f"/sightings/{row.pk}/", f"/sightings/{row.pk}/picture/"):
        assert mine.get(address).status_code == 200
        assert other.get(address).status_code == 404
    assert other.post(f"/sightings/{row.pk}/confirm/").status_code == 404
    assert Client().get(f"/sightings/{row.pk}/picture/").status_code == 302
    assert mine.get(f"/sightings/{row.pk}/picture/").headers["Content-Type"] == "image/jpeg"


@pytest.mark.django_db
def test_filters_find_and_nonsense_finds_nothing(area: Area, camera: Camera) -> None:
    platform = VideoPlatform.objects.create(code="44031000001180000001", name="录像机", area=area)
    Camera.objects.create(code="44031000001320000002", name="北门枪机", area=area, status="online", platform=platform)
    client = browse(person(area))
    for query, found in (
        ("status=online", "北门枪机"), ("kind=1", "东街口球机"), (f"platform={platform.pk}", "北门枪机"),
        ("q=0001320000002", "北门枪机"), ("area=440310&status=offline", "东街口球机"),
    ):  # fmt: skip
        page = text(client, f"/cameras/?{query}")
        assert [name for name in ("东街口球机", "北门枪机") if name in page] == [found]
    for query in ("status=x", "platform=x", "platform=99999999999999999999", "area=1", "q=%00"):
        text(client, f"/cameras/?{query}")
    for query in ("kind=fire&state=new", "kind=x", "origin=x", "skip=1,x,99999999999999999999"):
        text(client, f"/sightings/all/?{query}")
        text(client, f"/sightings/?{query}")
        text(client, f"/sightings/rates/?{query}&days=x")


@pytest.mark.django_db
def test_a_decision_that_somebody_else_took_before_is_told_with_the_name(area: Area, camera: Camera) -> None:
    row, client = seen(), browse(person(area))
    first = client.post(f"/sightings/{row.pk}/confirm/", {"becomes": "hazard"})
    assert first.status_code == 302
    page = text(client, f"/sightings/{row.pk}/")
    assert "正在转隐患" in page
    second = client.post(f"/sightings/{row.pk}/reject/", {"reason": "反光"})
    assert second.status_code == 422
    assert "已由周值班于" in second.content.decode()
    assert client.post(f"/sightings/{row.pk}/explode/").status_code == 404
    inspector = browse(person(area, "inspector"))
    assert "属实 <kbd>" not in text(inspector, "/sightings/")
    other = seen("e2", kind="smoke")
    assert inspector.post(f"/sightings/{other.pk}/reject/", {"reason": "x"}).status_code == 422
    assert client.post(f"/sightings/{other.pk}/reject/", {"reason": ""}).status_code == 422
    other.refresh_from_db()
    assert other.state == "new"


@pytest.mark.django_db
def test_rates_show_the_worst_first(area: Area, camera: Camera) -> None:
    officer = person(area)
    client = browse(officer)
    for number in range(4):
        good = seen(f"g{number}", algorithm="好算法", at=timezone.now() - timedelta(hours=number + 1))
        client.post(f"/sightings/{good.pk}/confirm/", {"becomes": "signal"})
        bad = seen(f"b{number}", algorithm="坏算法", at=timezone.now() - timedelta(hours=number + 1))
        client.post(f"/sightings/{bad.pk}/reject/", {"reason": "反光"})
    page = text(client, "/sightings/rates/")
    assert page.index("坏算法") < page.index("好算法")
    assert "0.0–49.0%" in page
    assert "51.0–100.0%" in page


@pytest.mark.django_db
def test_an_administrator_gives_passwords_and_tokens_that_are_shown_once_or_never(area: Area, camera: Camera) -> None:
    platform = VideoPlatform.objects.create(code="44031000001180000001", name="录像机", area=area)
    source = SightingSource.objects.create(code="box1", name="盒子", area=area)
    admin, officer = browse(person(area, "administrator")), browse(person(area))
    told = admin.post(f"/sightings/sources/{source.pk}/token/").content.decode()
    token = told.split('<p class="token mono">')[1].split("<")[0]
    assert token not in text(admin, "/cameras/platforms/")
    assert admin.post(f"/cameras/platforms/{platform.pk}/password/", {"password": "short"}).status_code == 422
    admin.post(f"/cameras/platforms/{platform.pk}/password/", {"password": "long enough 1"})
    admin.post(f"/cameras/platforms/{platform.pk}/command/", {"kind": "catalog"})
    page = text(admin, f"/cameras/platforms/{platform.pk}/")
    assert "已设置" in page
    assert "更新目录" in page
    platform.refresh_from_db()
    for value in platform.keys.values():
        for address in (
            f"/cameras/platforms/{platform.pk}/",
            "/api/videoplatforms",
            f"/admin/monitoring/videoplatform/{platform.pk}/change/",
        ):
            assert value not in admin.get(address).content.decode()
    words = {"onvif_url": "http://10.1.1.1/onvif/event", "user": "op", "password": "p@ss"}
    admin.post(f"/cameras/{camera.pk}/access/", words)
    assert "p@ss" not in text(admin, f"/cameras/{camera.pk}/") + str(CameraAccess.objects.values().get())
    assert admin.post(f"/cameras/{camera.pk}/access/", {"rtsp_url": "rtsp://u:p@h/"}).status_code == 422
    for address in (f"/sightings/sources/{source.pk}/token/", f"/cameras/platforms/{platform.pk}/command/"):
        assert officer.post(address, {"kind": "catalog"}).status_code == 403
    officer.post(f"/cameras/{camera.pk}/access/", {"onvif_url": "http://evil/"})
    assert CameraAccess.objects.get().onvif_url == "http://10.1.1.1/onvif/event"


@pytest.mark.django_db
def test_a_large_register_is_drawn_as_tiles_with_offline_cameras_in_red(
    area: Area, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert LIMIT < 18_000
    monkeypatch.setattr("anlan.onemap.catalogue.LIMIT", 200)
    spots = [Point(114.3 + n / 10_000, 22.6, srid=4490) for n in range(201)]
    Camera.objects.bulk_create(
        Camera(code=f"{n:020d}", name=f"机{n}", area=area, location=spot, status="online" if n else "offline")
        for n, spot in enumerate(spots)
    )
    user = person(area)
    (told,) = [one for one in catalogue(user)["layers"] if one["key"] == "monitoring.camera"]
    assert (told["mode"], told["title"], told["colours"]["offline"]) == ("tiles", "摄像头", "red")
    drawn = layer_of(user, "monitoring.camera")
    assert drawn is not None
    assert b"_worst" in tile(drawn, Tile(z=10, x=837, y=445))


@pytest.mark.django_db(transaction=True)
def test_the_queue_is_worked_by_keys_at_the_desk_and_by_thumb_on_a_phone(
    live_server: Any, area: Area, camera: Camera, run_jobs: Callable[[], int]
) -> None:
    officer = person(area)
    rows = [seen(f"e{n}", kind=kind) for n, kind in enumerate(("fire", "smoke", "crowd", "no_helmet"))]
    with open_browser() as opened:
        page = new_page(opened)
        log_in(page, live_server.url, officer)
        page.goto(f"{live_server.url}/sightings/")
        box = page.locator(".sighting__picture rect").bounding_box()
        image = page.locator(".sighting__picture img").bounding_box()
        assert box is not None
        assert image is not None
        assert abs(box["x"] - (image["x"] + image["width"] / 4)) < 5
        assert abs(box["height"] - image["height"] / 2) < 5
        page.keyboard.press("y")
        page.get_by_role("heading", name="烟雾").wait_for()
        page.keyboard.press("n")
        page.keyboard.press("2")
        page.get_by_role("heading", name="人员聚集").wait_for()
        page.keyboard.press("s")
        page.get_by_role("heading", name="未戴安全帽").wait_for()
        assert [f for f in page.faults if "REFUSED" not in f] == []  # type: ignore[attr-defined]
        phone = new_page(opened, PHONE)
        log_in(phone, live_server.url, officer)
        phone.goto(f"{live_server.url}/sightings/")
        assert phone.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
        yes = phone.get_by_role("button", name="属实", exact=True)
        area_of = yes.bounding_box()
        assert area_of is not None
        assert area_of["height"] >= 44
        assert area_of["y"] + area_of["height"] < PHONE["height"]
        yes.tap()
        phone.get_by_role("heading", name="未戴安全帽").wait_for()
    run_jobs()
    states = dict(Sighting.objects.values_list("kind__code", "state"))
    assert states == {"fire": "confirmed", "smoke": "rejected", "crowd": "confirmed", "no_helmet": "new"}
    assert Sighting.objects.get(kind__code="smoke").reason == "水雾、蒸汽或扬尘"
    assert {signal.sighting_id for signal in Signal.objects.all()} == {rows[0].pk, rows[2].pk}
