"""Live pictures: the camera is invited, the media server waits for it, and who watched is on record.

The media server is a fake of the outside world: an HTTP server that answers as ZLMediaKit and MediaMTX do.
"""

import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

import pytest
from django.test import Client
from django.utils import timezone

from anlan.accounts.models import Area, User
from anlan.monitoring.models import Camera, CameraAccess, PlaySession, VideoPlatform
from anlan.monitoring.replaying.camera import Device
from anlan.monitoring.video.media import MediaFault, with_account
from anlan.monitoring.video.playing import play_start, plays_sweep
from anlan.monitoring.video.registrations import platform_password_set
from anlan.monitoring.video.sealing import seal, unseal

from .sip_server import PASSWORD, PLATFORM, Sip
from .test_sip import CAMERA, CHANNELS, waited

pytestmark = pytest.mark.usefixtures("shared_db")
BACKEND = "anlan.accounts.backends.RoleBackend"


class Media:
    """`asked` gathers (method, path, words); `refuses` makes it say no."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, dict[str, Any]]] = []
        self.refuses = False
        self.url = ""

    def paths(self) -> list[str]:
        return [path.rpartition("/")[2] for _method, path, _words in self.asked]


@contextmanager
def media_server() -> Iterator[Media]:
    media = Media()

    class Answer(BaseHTTPRequestHandler):
        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
            words = json.loads(body) if body.startswith("{") else {k: v[0] for k, v in parse_qs(body).items()}
            media.asked.append((self.command, self.path, words))
            told = {"code": -100, "msg": "wrong secret"} if media.refuses else {"code": 0, "port": 30_000}
            data = json.dumps(told).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_POST = do_PATCH = do_DELETE = answer

        def log_message(self, *_words: Any) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    media.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield media
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def media(monkeypatch: pytest.MonkeyPatch) -> Iterator[Media]:
    with media_server() as running:
        monkeypatch.setenv("ANLAN_MEDIA_URL", running.url)
        monkeypatch.setenv("ANLAN_MEDIA_SECRET", "s3cret")
        monkeypatch.setenv("ANLAN_MEDIA_HOST", "192.0.2.7")
        yield running


@pytest.fixture
def officer(area: Area) -> User:
    return User.objects.create(username="duty", display_name="周值班", role="duty_officer", area=area, password="!")


@pytest.fixture
def sip(area: Area, officer: User, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sip]:
    admin = User.objects.create(username="admin1", role="administrator", area=area, password="!")
    row = VideoPlatform.objects.create(code=PLATFORM, name="东街录像机", area=area)
    platform_password_set(platform=row, password=PASSWORD, by=admin)
    with Sip() as running:
        monkeypatch.setenv("ANLAN_PORT_SIP", str(running.port))
        yield running


def watch(play: Callable[[Device, PlaySession], Any], sip: Sip, officer: User, **more: Any) -> PlaySession:
    """A device comes in, somebody opens its camera, and then `play`."""

    async def script(device: Device) -> PlaySession:
        await device.register()
        await waited(lambda: Camera.objects.filter(status="online").exists())
        made = await asyncio.to_thread(start)
        await play(device, made)
        return made

    def start() -> PlaySession:
        from django.db import connections

        try:
            return play_start(camera=Camera.objects.get(code=CAMERA), by=officer)
        finally:
            connections.close_all()

    made = sip.run(script, channels=CHANNELS, **more)
    made.refresh_from_db()
    return made


def state(made: PlaySession) -> str:
    return PlaySession.objects.get(pk=made.pk).state


def test_a_camera_is_invited_to_the_media_servers_port_and_told_to_stop(sip: Sip, media: Media, officer: User) -> None:
    async def play(device: Device, made: PlaySession) -> None:
        await waited(lambda: state(made) == "playing")
        PlaySession.objects.filter(pk=made.pk).update(state="ending")
        await waited(lambda: state(made) == "ended")
        assert [method for method, _ in device.heard if method in {"INVITE", "ACK", "BYE"}] == ["INVITE", "ACK", "BYE"]
        (invite,) = device._dialogs.values()
        text = invite.body.decode()
        assert "c=IN IP4 192.0.2.7\r\n" in text
        assert "m=video 30000 RTP/AVP 96" in text
        assert f"y={made.ssrc}\r\n" in text
        assert invite.get("subject").startswith(f"{CAMERA}:{made.ssrc},")

    made = watch(play, sip, officer)
    assert media.paths()[0] == "openRtpServer"
    assert media.asked[0][2]["secret"] == "s3cret"
    assert media.asked[0][2]["stream_id"] == made.stream
    assert "closeRtpServer" in media.paths()
    assert made.urls["whep"] == f"{media.url}/index/api/whep?app=rtp&stream={made.stream}&type=play"


def test_a_camera_that_refuses_is_said_so_and_the_port_is_closed(sip: Sip, media: Media, officer: User) -> None:
    async def play(device: Device, made: PlaySession) -> None:
        await waited(lambda: state(made) == "failed" and "closeRtpServer" in media.paths())

    made = watch(play, sip, officer, play_status=486)
    assert made.trouble == "摄像头拒绝播放(486)。"


def test_a_picture_that_nobody_looks_at_any_more_is_closed(sip: Sip, media: Media, officer: User) -> None:
    async def play(device: Device, made: PlaySession) -> None:
        await waited(lambda: state(made) == "playing")
        PlaySession.objects.filter(pk=made.pk).update(seen_at=timezone.now() - timedelta(seconds=61))
        await waited(lambda: state(made) == "ended")

    watch(play, sip, officer)


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
    made = PlaySession.objects.get()
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
    assert state(made) == "ended"
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
    assert PlaySession.objects.get().state == "failed"


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
