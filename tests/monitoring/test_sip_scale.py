"""A district's 18,000 cameras behind one platform, and a thousand alarms a second: all counted, none lost."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from anlan.accounts.models import User
from anlan.monitoring.models import Camera, CameraChange, Sighting, SightingClaim, VideoPlatform
from anlan.monitoring.replaying.camera import Device
from anlan.monitoring.video.standing import platforms_sweep
from anlan.protocols.manscdp import CONTENT_TYPE, Manscdp, build

from .broker import until
from .sip_server import Sip, channel, counted, waited

pytestmark = pytest.mark.usefixtures("shared_db")
CAMERAS, PAGE, AT_ONCE = 18_000, 10, 40
STORM, SECONDS = 1_000, 2


def item(number: int) -> str:
    words = channel(
        f"4403100000132{number:07d}", Name=f"坪山第{number}号枪机", Address="龙田街道", Manufacturer="海威",
        Longitude=114.3 + number % 134 * 0.001, Latitude=22.6 + number // 134 * 0.001,
    )  # fmt: skip
    return "<Item>" + "".join(f"<{name}>{value}</{name}>" for name, value in words.items()) + "</Item>"


async def tell_catalogue(device: Device, number: str) -> None:
    """As a lower platform does: many messages under way at once, each told again until it is answered."""
    room = asyncio.Semaphore(AT_ONCE)

    async def page(first: int) -> None:
        async with room:
            items = "".join(item(at) for at in range(first, first + PAGE))
            words = {"SumNum": CAMERAS, "DeviceList": items}
            assert await device.say("Response", "Catalog", words, number=number) == 200

    await asyncio.gather(*(page(first) for first in range(0, CAMERAS, PAGE)))


async def whole_catalogue(device: Device) -> None:
    assert await device.register() == 200
    await waited(lambda: any(content and content.command == "Catalog" for _method, content in device.heard))
    number = next(content.number for _m, content in device.heard if content and content.command == "Catalog")
    await tell_catalogue(device, number)
    await waited(lambda: VideoPlatform.objects.get().catalog_received == CAMERAS, 60)


@pytest.fixture
def full(sip: Sip) -> Sip:
    """Catalogue told in 1,800 messages over TCP; nothing of it is done by the simulator's own answer."""
    sip.run(silenced(whole_catalogue), transport="TCP")
    return sip


def silenced(script: Callable[[Device], Awaitable[None]]) -> Callable[[Device], Awaitable[None]]:
    """The device leaves the catalogue's question to the script."""

    async def run(device: Device) -> None:
        act = device._act

        async def quiet(content: Manscdp) -> None:
            if content.command != "Catalog":
                await act(content)

        device._act = quiet  # type: ignore[method-assign]
        await script(device)

    return run


def test_eighteen_thousand_cameras_come_in_and_go_offline_once_and_their_pages_stay_quick(
    full: Sip, officer: User
) -> None:
    row = VideoPlatform.objects.get()
    assert (row.catalog_total, row.catalog_received) == (CAMERAS, CAMERAS)
    assert Camera.objects.filter(status="online", platform=row, listed=True).exclude(location=None).count() == CAMERAS
    assert Camera.objects.get(code="44031000001320017999").name == "坪山第17999号枪机"
    assert CameraChange.objects.count() == CAMERAS
    assert counted("format") == counted("throttled") == counted("crowded") == 0
    client = Client()
    client.force_login(officer, backend="anlan.accounts.backends.RoleBackend")
    client.get("/cameras/")
    for address, most in (
        ("/cameras/", 12),
        ("/cameras/?status=online&page=600", 12),
        ("/map/layers/monitoring.camera/", 12),
    ):
        with CaptureQueriesContext(connection) as queries:
            client.get(address)
        assert len(queries) <= most, address
    full.__exit__()
    with CaptureQueriesContext(connection) as queries:
        assert platforms_sweep(now=row.last_seen_at + timedelta(seconds=181)) == 1
    assert len(queries) <= 8
    assert Camera.objects.filter(status="offline").count() == CAMERAS
    assert platforms_sweep(now=row.last_seen_at + timedelta(seconds=362)) == 0
    gone = CameraChange.objects.filter(status="offline")
    assert gone.count() == gone.values("camera").distinct().count() == CAMERAS
    assert set(gone.values_list("reason", flat=True)) == {"silent"}


def test_a_platform_that_comes_back_by_a_heartbeat_alone_is_asked_for_its_cameras_again(
    sip: Sip, platform: VideoPlatform
) -> None:
    async def script(device: Device) -> None:
        await device.register()
        await waited(lambda: Camera.objects.filter(status="online").count() == 1)
        last = VideoPlatform.objects.get().last_seen_at
        await waited(lambda: platforms_sweep(now=last + timedelta(seconds=181)) == 1)
        assert not Camera.objects.filter(status="online").exists()
        assert await device.keepalive() == 200
        await waited(lambda: Camera.objects.filter(status="online").count() == 1)

    sip.run(script, channels=[channel("44031000001320000001")])


@pytest.mark.parametrize("method", ["NOTIFY", "MESSAGE"])
def test_a_thousand_alarms_a_second_are_counted_and_none_is_lost(
    sip: Sip, platform: VideoPlatform, method: str
) -> None:
    """Over UDP, as platforms send them: what is not answered in time comes again, and is still one alarm."""
    cameras = [channel(f"4403100000132{number:07d}") for number in range(20)]

    async def script(device: Device) -> None:
        await device.register()
        await waited(lambda: Camera.objects.count() == len(cameras))
        told = {
            "AlarmMethod": 5,
            "AlarmTime": timezone.localtime().isoformat()[:19],
            "Info": "<AlarmType>6</AlarmType>",
        }
        began, sent = time.monotonic(), []
        for number in range(STORM * SECONDS):
            camera = str(cameras[number % len(cameras)]["DeviceID"])
            body = build("Notify", "Alarm", number, camera, told)
            headers = (("content-type", CONTENT_TYPE), ("event", "presence"))
            request = device._talk().request(method, 1, f"storm{number}", headers=headers, body=body)
            sent.append(asyncio.create_task(device.ask(request)))
            await asyncio.sleep(max(0.0, began + number / STORM - time.monotonic()))
        answers = await asyncio.gather(*sent)
        assert {answer.status for answer in answers} == {200}

    before = counted("ok")
    sip.run(script, channels=cameras, page=20)
    assert SightingClaim.objects.count() == STORM * SECONDS
    assert Sighting.objects.count() == len(cameras)
    assert sum(Sighting.objects.values_list("count", flat=True)) == STORM * SECONDS
    until(lambda: counted("ok") - before >= STORM * SECONDS)
