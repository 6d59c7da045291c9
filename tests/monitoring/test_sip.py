"""GB/T 28181 over real sockets: registered devices tell of cameras, alarms and places, and obey."""

import asyncio

import pytest
from django.contrib.gis.geos import Point
from django.db import connections
from django.utils import timezone

from anlan.accounts.models import Area, User
from anlan.monitoring.models import Camera, PlatformCommand, Sighting, VideoPlatform
from anlan.monitoring.replaying.camera import Device
from anlan.monitoring.replaying.recorder import recorder_of, recorder_run
from anlan.monitoring.video.orders import command_give
from anlan.protocols.manscdp import CONTENT_TYPE, build

from .sip_server import CAMERA, CHANNELS, PASSWORD, PLATFORM, SECOND, Sip, waited

pytestmark = pytest.mark.usefixtures("shared_db")


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
