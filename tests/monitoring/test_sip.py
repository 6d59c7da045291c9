"""GB/T 28181 over real sockets: devices register, tell of cameras, alarms and places, and obey."""

import asyncio
import contextlib
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.gis.geos import Point
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connections
from django.utils import timezone

from anlan.accounts.models import Area, AuditEntry, User
from anlan.kit.law_load import law_load
from anlan.monitoring.models import (
    Camera,
    CameraChange,
    FrameCount,
    PlatformCommand,
    Sighting,
    UnknownDevice,
    VideoPlatform,
)
from anlan.monitoring.replaying.camera import Device
from anlan.monitoring.replaying.recorder import recorder_of, recorder_run
from anlan.monitoring.video.kinds_load import kinds_load
from anlan.monitoring.video.orders import command_give
from anlan.monitoring.video.registrations import platform_password_set
from anlan.monitoring.video.standing import platforms_sweep
from anlan.protocols.manscdp import CONTENT_TYPE, build
from anlan.protocols.sip import SipMessage, parse_datagram

from .broker import until
from .sip_server import PASSWORD, PLATFORM, SERVER, Sip

pytestmark = pytest.mark.usefixtures("shared_db")
CAMERA = "44031000001320000001"
SECOND = "44031000001320000002"


def channel(code: str, **more: object) -> dict[str, object]:
    return {"DeviceID": code, "Name": f"通道{code[-2:]}", "ParentID": PLATFORM, "Status": "ON", **more}


CHANNELS = [
    channel(CAMERA, Name="一号楼<大堂>", Longitude=114.35, Latitude=22.69, Manufacturer="海威", Address="东街1号"),
    channel(SECOND, Status="OFF"),
    channel("44031000002150000001", Name="分组"),
]


@pytest.fixture
def admin(area: Area) -> User:
    return User.objects.create(username="admin1", role="administrator", area=area, password="!")


@pytest.fixture
def platform(area: Area, admin: User) -> VideoPlatform:
    law_load()
    kinds_load()
    row = VideoPlatform.objects.create(code=PLATFORM, name="东街录像机", area=area)
    return platform_password_set(platform=row, password=PASSWORD, by=admin)


@pytest.fixture
def sip(platform: VideoPlatform) -> Iterator[Sip]:
    with Sip() as running:
        yield running


def counted(kind: str) -> int:
    return sum(FrameCount.objects.filter(source="gb28181", kind=kind).values_list("frames", flat=True))


async def waited(true: Callable[[], Any], seconds: float = 8.0) -> None:
    """Until it is true; the device goes on answering meanwhile."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it never became true"
        await asyncio.sleep(0.05)


@pytest.mark.parametrize("transport", ["UDP", "TCP"])
def test_a_recorder_registers_with_its_password_and_its_cameras_come_into_the_register(
    sip: Sip, transport: str
) -> None:
    async def script(device: Device) -> None:
        assert await device.register() == 200
        await waited(lambda: Camera.objects.filter(listed=True).count() == 2)
        await waited(lambda: VideoPlatform.objects.get().catalog_received == 3)
        assert await device.keepalive() == 200

    sip.run(script, channels=CHANNELS, transport=transport)
    first, second = Camera.objects.order_by("code")
    assert (first.name, first.status, first.manufacturer, first.address) == (
        "一号楼<大堂>",
        "online",
        "海威",
        "东街1号",
    )
    assert first.location.coords == (114.35, 22.69)
    assert second.status == "never"
    row = VideoPlatform.objects.get()
    assert (row.status, row.host, row.transport, row.catalog_total) == ("online", "127.0.0.1", transport, 3)
    assert [(c.camera_id, c.status, c.reason) for c in CameraChange.objects.all()] == [(first.pk, "online", "catalog")]


def test_a_wrong_password_an_unknown_device_and_a_foreign_address_are_refused_and_counted(
    sip: Sip, platform: VideoPlatform
) -> None:
    assert sip.run(lambda device: device.register(password="guess")) == 403
    assert sip.run(lambda device: device.register(), code="44031000001180000099") == 403
    VideoPlatform.objects.update(networks="10.0.0.0/8")
    assert sip.run(lambda device: device.register()) == 403
    until(lambda: counted("refused") == 3)
    assert UnknownDevice.objects.get().code == "44031000001180000099"
    assert VideoPlatform.objects.get().status == "never"


def test_who_guesses_passwords_is_not_even_looked_at_after_ten_tries(sip: Sip) -> None:
    async def guess(device: Device) -> int:
        for _ in range(10):
            assert await device.register(password="guess") == 403
        return await device.register()

    assert sip.run(guess) == 403
    until(lambda: counted("throttled") >= 1)


def test_a_proof_that_was_used_is_not_taken_again(sip: Sip) -> None:
    async def script(device: Device) -> int:
        sent: list[bytes] = []
        send = device._send
        device._send = lambda data: (sent.append(data), send(data))[1]  # type: ignore[func-returns-value]
        assert await device.register() == 200
        proved = next(data for data in sent if b"Authorization" in data)
        again = parse_datagram(proved.replace(b"branch=z9hG4bK", b"branch=z9hG4bKagain"))
        assert isinstance(again, SipMessage)
        return (await device.ask(again)).status

    assert sip.run(script) == 401
    until(lambda: counted("replayed") == 1)


def test_sm3_proves_as_well_as_md5(platform: VideoPlatform) -> None:
    with Sip(algorithm="SM3") as sip:
        assert sip.run(lambda device: device.register()) == 200
        assert sip.run(lambda device: device.register(password="guess")) == 403


def test_a_request_that_comes_twice_acts_once_and_gets_one_answer_twice(sip: Sip) -> None:
    async def script(device: Device) -> None:
        await device.register()
        await waited(lambda: Camera.objects.count() == 2)
        told = {"AlarmPriority": 1, "AlarmMethod": 5, "AlarmTime": timezone.localtime().isoformat()[:19]}
        body = build("Notify", "Alarm", 7, CAMERA, told)
        request = device._talk().request("MESSAGE", 9, "same", headers=(("content-type", CONTENT_TYPE),), body=body)
        assert (await device.ask(request, times=4)).status == 200
        assert (await device.ask(request)).status == 200

    sip.run(script, channels=CHANNELS)
    assert Sighting.objects.get().count == 1


def test_an_alarm_is_a_sighting_and_gets_its_business_answer(sip: Sip) -> None:
    answers: list[str] = []

    async def script(device: Device) -> None:
        device.on_alarm_answer = answers.append
        await device.register()
        await waited(lambda: Camera.objects.count() == 2)
        now = timezone.localtime()
        told = {"AlarmPriority": 2, "AlarmMethod": 5, "AlarmTime": now.isoformat()[:19], "AlarmDescription": "越界"}
        assert await device.alarm(CAMERA, 41, **told, Info="<AlarmType>6</AlarmType>") == 200
        assert await device.alarm(CAMERA, 42, **told, Info="<AlarmType>6</AlarmType>") == 200
        assert await device.alarm("44031000001340000001", 43, AlarmMethod=2, AlarmTime=now.isoformat()[:19]) == 200
        await waited(lambda: len(answers) == 3)

    sip.run(script, channels=CHANNELS)
    assert answers == ["OK"] * 3
    by_kind = {row.kind.code: row for row in Sighting.objects.select_related("kind")}
    assert set(by_kind) == {"intrusion", "external_alarm"}
    assert by_kind["intrusion"].count == 2
    assert by_kind["intrusion"].camera.code == CAMERA
    assert "越界" in by_kind["intrusion"].description


def test_it_subscribes_to_alarms_catalogue_and_places_and_takes_what_is_notified(sip: Sip) -> None:
    async def script(device: Device) -> set[str]:
        await device.register()
        await waited(lambda: Camera.objects.count() == 2)
        await waited(lambda: sum(method == "SUBSCRIBE" for method, _ in device.heard) == 3)
        place = {"Time": "2026-11-24T10:00:00", "Longitude": 114.4, "Latitude": 22.7, "Speed": 3}
        assert await device.say("Notify", "MobilePosition", place, about=CAMERA, method="NOTIFY") == 200
        gone = f"<Item><DeviceID>{CAMERA}</DeviceID><Event>OFF</Event></Item>"
        assert await device.say("Notify", "Catalog", {"SumNum": 1, "DeviceList": gone}, method="NOTIFY") == 200
        return {content.command for method, content in device.heard if method == "SUBSCRIBE" and content}

    assert sip.run(script, channels=CHANNELS) == {"Alarm", "Catalog", "MobilePosition"}
    row = Camera.objects.get(code=CAMERA)
    assert row.location.coords == (114.4, 22.7)
    assert row.status == "offline"
    assert list(row.changes.values_list("status", "reason")) == [("offline", "notice"), ("online", "catalog")]


def test_a_camera_that_needs_it_is_guarded_before_it_is_asked_for_alarms(sip: Sip, admin: User) -> None:
    VideoPlatform.objects.update(guard_first=True)

    async def script(device: Device) -> list[str]:
        await device.register()
        await waited(lambda: any(method == "SUBSCRIBE" for method, _ in device.heard))
        return [
            content.fields.get("GuardCmd") or content.command
            for method, content in device.heard
            if content and (content.command == "DeviceControl" or method == "SUBSCRIBE")
        ]

    assert sip.run(script)[:2] == ["SetGuard", "Alarm"]


def test_commands_of_people_reach_the_platform_and_its_answers_come_back(
    sip: Sip, platform: VideoPlatform, admin: User
) -> None:
    async def script(device: Device) -> None:
        await device.register()
        for kind in ("info", "unguard", "catalog"):
            command_give(platform=platform, kind=kind, by=admin)
        await waited(lambda: PlatformCommand.objects.filter(state="answered").count() == 3)

    sip.run(script, channels=CHANNELS)
    assert PlatformCommand.objects.get(kind="info").answer["Manufacturer"] == "安澜仿真"
    assert VideoPlatform.objects.get().agent == "安澜仿真 SIM-1 V1.0"


def test_good_bye_and_silence_take_a_platform_and_its_cameras_offline(sip: Sip, platform: VideoPlatform) -> None:
    async def script(device: Device) -> None:
        await device.register()
        await waited(lambda: Camera.objects.filter(status="online").count() == 1)
        assert await device.register(0) == 200
        assert VideoPlatform.objects.get().status == "offline"
        assert Camera.objects.get(code=CAMERA).status == "offline"
        assert await device.keepalive() == 403
        await device.register()
        await waited(lambda: Camera.objects.filter(status="online").count() == 1)

    sip.run(script, channels=CHANNELS)
    VideoPlatform.objects.update(last_seen_at=timezone.now() - timedelta(seconds=181))
    until(lambda: VideoPlatform.objects.get().status == "offline")
    reasons = list(Camera.objects.get(code=CAMERA).changes.values_list("reason", flat=True))
    assert reasons == ["silent", "catalog", "left", "catalog"]


def test_three_heartbeats_may_be_missed_and_not_one_more(platform: VideoPlatform) -> None:
    now = timezone.now()
    VideoPlatform.objects.update(status="online", last_seen_at=now, registered_until=now + timedelta(hours=1))
    assert platforms_sweep(now=now + timedelta(seconds=179)) == 0
    assert platforms_sweep(now=now + timedelta(seconds=180)) == 1


def test_a_catalogue_never_takes_the_cameras_of_another_platform_nor_what_people_wrote(sip: Sip, area: Area) -> None:
    other = VideoPlatform.objects.create(code="44031000001180000002", name="别家", area=area)
    Camera.objects.create(code=CAMERA, name="别家的", area=area, platform=other)
    mine = Camera.objects.create(code=SECOND, name="人工命名", area=area, location=Point(114.3, 22.6, srid=4490))

    async def script(device: Device) -> None:
        await device.register()
        await waited(lambda: VideoPlatform.objects.get(code=PLATFORM).catalog_received == 3)

    sip.run(script, channels=CHANNELS)
    assert Camera.objects.get(code=CAMERA).platform == other
    mine.refresh_from_db()
    assert (mine.name, mine.platform.code, mine.location.coords) == ("人工命名", PLATFORM, (114.3, 22.6))


def test_a_camera_that_left_the_catalogue_is_marked_and_offline(sip: Sip, platform: VideoPlatform) -> None:
    gone = Camera.objects.create(
        code="44031000001320000077", name="拆除的", area=platform.area, platform=platform, status="online"
    )

    async def script(device: Device) -> None:
        await device.register()
        await waited(lambda: not Camera.objects.get(pk=gone.pk).listed)

    sip.run(script, channels=CHANNELS)
    gone.refresh_from_db()
    assert (gone.status, gone.changes.get().reason) == ("offline", "unlisted")


def test_a_message_of_somebody_who_is_not_registered_is_refused(sip: Sip) -> None:
    assert sip.run(lambda device: device.keepalive()) == 403
    until(lambda: counted("refused") == 1)


def test_after_a_restart_of_ours_a_registered_platform_goes_on(platform: VideoPlatform) -> None:
    with Sip() as first:
        port = first.port
        assert first.run(lambda device: device.register()) == 200
    with Sip() as second:
        assert second.port != 0
        assert port
        assert second.run(lambda device: device.keepalive()) == 200


def test_garbage_slow_senders_and_floods_are_bounded_and_counted(platform: VideoPlatform) -> None:
    with Sip(frame=0.5, rate=200, connections_each=3) as sip:
        where = ("127.0.0.1", sip.port)
        with socket.socket(type=socket.SOCK_DGRAM) as udp:
            for raw in (b"\x00\x01", b"REGISTER", b"INVITE x SIP/2.0\r\n\r\n", b"x" * 9000):
                udp.sendto(raw, where)
        with contextlib.ExitStack() as held:
            slow = [held.enter_context(socket.create_connection(where, 5)) for _ in range(3)]
            for one in slow:
                one.sendall(b"REGISTER sip:x SIP/2.0\r\nVia: SIP")
            with socket.create_connection(where, 5) as fourth:
                assert fourth.recv(10) == b""
            began = time.monotonic()
            for at in range(20):
                time.sleep(0.1)
                with contextlib.suppress(OSError):
                    slow[0].sendall(b"x")
                if at > 8:
                    break
            slow[0].settimeout(3)
            with contextlib.suppress(ConnectionError):
                assert slow[0].recv(10) == b""
            assert time.monotonic() - began < 4
        until(lambda: counted("truncated") >= 3 and counted("crowded") == 1 and counted("format") >= 1)
        assert sip.run(lambda device: device.register()) == 200


def test_only_an_administrator_sets_a_password_and_it_is_kept_nowhere(platform: VideoPlatform, area: Area) -> None:
    officer = User.objects.create(username="duty", role="duty_officer", area=area, password="!")
    with pytest.raises(PermissionDenied):
        platform_password_set(platform=platform, password="x" * 12, by=officer)
    with pytest.raises(ValidationError):
        platform_password_set(platform=platform, password="short", by=User(role="administrator"))
    assert PASSWORD not in str(VideoPlatform.objects.values().get())
    assert PASSWORD not in str(list(AuditEntry.objects.values_list("fields", flat=True)))
    assert replace(Sip().recorder(), port=1).server == SERVER


def test_the_replays_recorder_comes_in_shows_its_cameras_and_alarms(sip: Sip) -> None:
    words = {"ANLAN_REPLAY_SIP": f"{PLATFORM}:{PASSWORD}", "ANLAN_PORT_SIP": str(sip.port)}
    recorder = recorder_of(words)
    assert recorder is not None
    assert recorder_of({}) is None

    async def run() -> None:
        stop = asyncio.Event()
        task = asyncio.create_task(recorder_run(recorder, stop, lambda _text: None, pause=0.1))
        await waited(lambda: Camera.objects.count() == 8 and Sighting.objects.exists())
        stop.set()
        await task
        connections.close_all()

    asyncio.run(run())
    assert Sighting.objects.get().kind.code == "motion"
