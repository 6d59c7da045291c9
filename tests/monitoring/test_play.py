"""Live pictures as people open them: handed over to a media server, shared, audited, and closed when nobody looks."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connections
from django.test import Client
from django.utils import timezone

from anlan.accounts.models import Area, User
from anlan.monitoring.models import Camera, CameraAccess, CameraStream, PlaySession
from anlan.monitoring.video.media import MediaFault, with_account
from anlan.monitoring.video.playing import play_leave, play_start, plays_sweep
from anlan.monitoring.video.sealing import seal, unseal
from browser import browser as open_browser
from browser import log_in, new_page

from .broker import until
from .media_server import Media
from .sip_server import CAMERA

pytestmark = pytest.mark.usefixtures("shared_db")
BACKEND = "anlan.accounts.backends.RoleBackend"


def open_page(officer: User, camera: Camera) -> tuple[Client, Any]:
    client = Client()
    client.force_login(officer, backend=BACKEND)
    return client, client.post(f"/cameras/{camera.pk}/play/")


@pytest.fixture
def camera(area: Area) -> Camera:
    return Camera.objects.create(code=CAMERA, name="东街口球机", area=area, status="online")


@pytest.mark.parametrize("kind", ["zlm", "mediamtx"])
def test_an_rtsp_camera_is_handed_over_with_its_account_and_the_watching_is_audited(
    media: Media, officer: User, camera: Camera, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANLAN_MEDIA_KIND", kind)
    CameraAccess.objects.create(camera=camera, rtsp_url="rtsp://10.1.1.1/h264", user="op", sealed=seal("p@ss/1"))
    client, answer = open_page(officer, camera)
    page = answer.content.decode()
    assert "data-whep" in page
    told = media.asked[0][2]
    assert told.get("url", told.get("source")) == "rtsp://op:p%40ss%2F1@10.1.1.1/h264"
    made = PlaySession.objects.select_related("stream").get()
    assert made.state == "playing"
    assert "p%40ss" not in page
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "select subject_name, actor_name, fields from accounts_auditentry where subject = 'monitoring.camera'"
        )
        assert any("live video" in str(fields) for _name, _actor, fields in cursor.fetchall())
    assert client.get(f"/plays/{made.pk}/?beat=1").status_code == 204
    client.post(f"/plays/{made.pk}/stop/")
    assert CameraStream.objects.get(pk=made.stream_id).state == "ended"
    assert len(media.asked) >= 2


def test_without_a_media_server_the_page_says_so_and_how_to_have_one(officer: User, camera: Camera) -> None:
    client, answer = open_page(officer, camera)
    assert "没有配置流媒体服务器" in answer.content.decode()
    assert "ANLAN_MEDIA_URL" in client.get(f"/cameras/{camera.pk}/").content.decode()
    assert not PlaySession.objects.exists()


def test_a_media_server_that_refuses_or_is_away_is_named(media: Media, officer: User, camera: Camera) -> None:
    CameraAccess.objects.create(camera=camera, rtsp_url="rtsp://10.1.1.1/h264")
    media.refuses = True
    assert "流媒体服务器拒绝了请求(wrong secret)" in open_page(officer, camera)[1].content.decode()
    assert CameraStream.objects.get().state == "failed"


def test_only_who_may_watch_watches_and_only_so_many_at_once(
    media: Media, officer: User, camera: Camera, area: Area
) -> None:
    CameraAccess.objects.create(camera=camera, rtsp_url="rtsp://10.1.1.1/h264")
    community = User.objects.create(username="c", role="community", area=area, password="!")
    assert open_page(community, camera)[1].status_code == 403
    elsewhere = Area.objects.create(code="440311", name="别区", level="district")
    stranger = User.objects.create(username="s", role="duty_officer", area=elsewhere, password="!")
    assert open_page(stranger, camera)[1].status_code == 404
    for _ in range(4):
        play_start(camera=camera, by=officer)
    with pytest.raises(MediaFault, match="已达 4 路"):
        play_start(camera=camera, by=officer)
    PlaySession.objects.update(seen_at=timezone.now() - timedelta(seconds=61))
    assert plays_sweep(now=timezone.now()) == 4


def test_a_password_is_sealed_and_an_address_carries_it_only_escaped() -> None:
    assert unseal(seal("p@ss 好")) == "p@ss 好"
    assert "p@ss" not in seal("p@ss 好")
    assert unseal("nonsense") == ""
    assert with_account("rtsp://h:554/a?b=1", "", "x") == "rtsp://h:554/a?b=1"
    assert with_account("rtsp://h:554/a?b=1", "u:1", "@") == "rtsp://u%3A1:%40@h:554/a?b=1"


def test_who_closes_the_page_has_stopped_watching_and_the_camera_with_them(
    live_server: Any, media: Media, officer: User, camera: Camera
) -> None:
    CameraAccess.objects.create(camera=camera, rtsp_url="rtsp://10.1.1.1/h264")
    with open_browser() as opened:
        page = new_page(opened)
        log_in(page, live_server.url, officer)
        page.goto(f"{live_server.url}/cameras/{camera.pk}/")
        page.get_by_role("button", name="播放实时画面").click()
        page.locator("video").wait_for()
        assert CameraStream.objects.get().state == "playing"
        page.goto(f"{live_server.url}/cameras/")
        until(lambda: CameraStream.objects.get().state == "ended")
    assert PlaySession.objects.get().ended_at is not None
    assert "close_streams" in media.paths()


def test_two_who_watch_share_a_stream_and_of_two_who_come_at_once_nobody_opens_a_second(
    media: Media, officer: User, admin: User, camera: Camera
) -> None:
    CameraAccess.objects.create(camera=camera, rtsp_url="rtsp://10.1.1.1/h264")
    with ThreadPoolExecutor(2) as pool:
        plays = list(pool.map(lambda by: opened_by(camera, by), (officer, admin)))
    assert plays[0].stream_id == plays[1].stream_id
    assert media.paths().count("addStreamProxy") == 1
    play_leave(play=plays[0], by=officer)
    play_leave(play=plays[0], by=officer)
    assert CameraStream.objects.get().state == "playing"
    with pytest.raises(PermissionDenied):
        play_leave(play=plays[1], by=officer)
    play_leave(play=plays[1], by=admin)
    assert CameraStream.objects.get().state == "ended"
    assert play_start(camera=camera, by=admin).stream_id != plays[0].stream_id


def opened_by(camera: Camera, by: User) -> PlaySession:
    try:
        return play_start(camera=camera, by=by)
    finally:
        connections.close_all()
