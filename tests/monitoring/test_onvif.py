"""ONVIF events from a real HTTP server that answers as a camera does."""

import asyncio
import base64
import hashlib
import re
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from django.db import connections
from django.utils import timezone

from anlan.accounts.models import Area
from anlan.monitoring.gateway.onvif import OnvifWatch
from anlan.monitoring.models import Camera, CameraAccess, FrameCount, Sighting
from anlan.monitoring.video.sealing import seal

pytestmark = pytest.mark.usefixtures("shared_db")
ENVELOPE = '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body>{}</s:Body></s:Envelope>'
CREATED = """<tev:CreatePullPointSubscriptionResponse xmlns:tev="http://www.onvif.org/ver10/events/wsdl" xmlns:a="http://www.w3.org/2005/08/addressing">
<tev:SubscriptionReference><a:Address>http://192.168.1.64/onvif/sub?Idx=3</a:Address></tev:SubscriptionReference></tev:CreatePullPointSubscriptionResponse>"""
NEWS = """<tev:PullMessagesResponse xmlns:tev="http://www.onvif.org/ver10/events/wsdl" xmlns:wsnt="http://docs.oasis-open.org/wsn/b-2" xmlns:tt="http://www.onvif.org/ver10/schema">{}</tev:PullMessagesResponse>"""
MOTION = """<wsnt:NotificationMessage><wsnt:Topic>tns1:RuleEngine/CellMotionDetector/Motion</wsnt:Topic><wsnt:Message>
<tt:Message UtcTime="{at}" PropertyOperation="{operation}"><tt:Source><tt:SimpleItem Name="Rule" Value="R1"/></tt:Source>
<tt:Data><tt:SimpleItem Name="IsMotion" Value="{value}"/></tt:Data></tt:Message></wsnt:Message></wsnt:NotificationMessage>"""


class CameraAtHome:
    """`news` are answers still to give; it wants user "op" with password "pw"."""

    def __init__(self) -> None:
        self.news: list[str] = []
        self.paths: list[str] = []
        self.faults = 0
        self.url = ""

    def answer(self, path: str, body: str) -> tuple[int, str]:
        self.paths.append(path)
        if not proved(body):
            return 400, ENVELOPE.format("<s:Fault><s:Reason>NotAuthorized</s:Reason></s:Fault>")
        if self.faults:
            self.faults -= 1
            return 500, "not even XML"
        if "CreatePullPoint" in body:
            return 200, ENVELOPE.format(CREATED)
        if "PullMessages" in body:
            return 200, ENVELOPE.format(NEWS.format(self.news.pop(0) if self.news else ""))
        return 200, ENVELOPE.format("")


def proved(body: str) -> bool:
    found = {
        name: re.search(rf"<[wu]:{name}(?: [^>]*)?>([^<]*)<", body)
        for name in ("Username", "Password", "Nonce", "Created")
    }
    told = {name: match[1] for name, match in found.items() if match}
    if len(told) < 4:
        return False
    raw = base64.b64decode(told["Nonce"]) + told["Created"].encode() + b"pw"
    return told["Username"] == "op" and told["Password"] == base64.b64encode(hashlib.sha1(raw).digest()).decode()


@pytest.fixture
def home() -> Iterator[CameraAtHome]:
    camera = CameraAtHome()

    class Answer(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            status, text = camera.answer(self.path, body)
            self.send_response(status)
            self.send_header("Content-Length", str(len(text.encode())))
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_words: Any) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    camera.url = f"http://127.0.0.1:{server.server_port}/onvif/event_service"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield camera
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def camera(area: Area) -> Camera:
    return Camera.objects.create(code="44031000001320000001", name="后门枪机", area=area)


def watched(true: Callable[[], bool]) -> None:
    """Runs the watch until it is true."""

    async def run() -> None:
        task = asyncio.create_task(OnvifWatch(reload=0.1, first_pause=0.05).run())
        try:
            for _ in range(200):
                await asyncio.sleep(0.05)
                if true():
                    return
            raise AssertionError(f"it never became true: {CameraAccess.objects.values('trouble')}")
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await asyncio.sleep(0.05)
            connections.close_all()

    asyncio.run(run())


def motion(value: str, operation: str = "Changed") -> str:
    return MOTION.format(at=f"{timezone.now():%Y-%m-%dT%H:%M:%SZ}", operation=operation, value=value)


def access(camera: Camera, url: str, password: str = "pw") -> None:
    CameraAccess.objects.create(camera=camera, onvif_url=url, user="op", sealed=seal(password))


def test_motion_is_a_sighting_and_what_is_only_a_state_is_none(camera: Camera, home: CameraAtHome) -> None:
    home.news = [motion("true", "Initialized") + motion("false"), motion("true"), motion("1")]
    access(camera, home.url)
    counted = FrameCount.objects.filter(source="onvif", kind="ok")
    watched(lambda: Sighting.objects.exists() and not home.news and counted.exists())
    row = Sighting.objects.select_related("kind").get()
    assert (row.origin, row.kind.code, row.camera) == ("onvif", "motion", camera)
    assert "/onvif/sub?Idx=3" in home.paths
    camera.refresh_from_db()
    assert camera.status == "online"


def test_a_camera_that_fails_is_offline_says_why_and_comes_back(camera: Camera, home: CameraAtHome) -> None:
    home.faults = 2
    home.news = [motion("true")]
    access(camera, home.url)
    watched(lambda: Sighting.objects.exists())
    assert CameraAccess.objects.get().trouble == ""
    assert FrameCount.objects.get(source="onvif", kind="unanswered").frames == 2


def test_a_wrong_password_is_told_in_the_cameras_words(camera: Camera, home: CameraAtHome) -> None:
    access(camera, home.url, password="guess")
    watched(lambda: "NotAuthorized" in CameraAccess.objects.get().trouble)
    assert not Sighting.objects.exists()
