"""What GB/T 28181 and ONVIF call things: rows with their source, which the bureau may change."""

from datetime import UTC, datetime

import pytest
from django.test import Client

from anlan.accounts.models import Area, User
from anlan.monitoring.models import Camera, CameraAccess, Sighting, SightingKind, SightingWord, VideoPlatform
from anlan.monitoring.video.gb28181_alarms import Told, alarms_store, code_of
from anlan.monitoring.video.kinds_load import kinds_load
from anlan.monitoring.video.onvif_events import OnvifPoint, onvif_take
from anlan.monitoring.video.words import Meaning, meaning_of, words_of
from anlan.protocols.manscdp import build, parse
from anlan.protocols.onvif import OnvifEvent

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
CODE, INPUT = "44031000001320000001", "44031000001340000001"


@pytest.fixture
def camera(area: Area) -> Camera:
    kinds_load()
    platform = VideoPlatform.objects.create(code="44031000001180000001", name="录像机", area=area)
    return Camera.objects.create(code=CODE, name="东街口球机", area=area, platform=platform)


def alarm(camera: Camera, number: int = 1, device: str = CODE, **fields: object) -> Told:
    assert camera.platform_id is not None
    message = parse(build("Notify", "Alarm", number, device, {"AlarmTime": "2026-11-24T10:00:00", **fields}))
    return Told(platform_id=camera.platform_id, message=message)


@pytest.mark.parametrize(
    ("fields", "code", "kind"),
    [
        ({"AlarmMethod": 5, "Info": "<AlarmType>2</AlarmType>"}, "5/2", "motion"),
        ({"AlarmMethod": 5, "AlarmType": 10}, "5/10", "crowd"),
        ({"AlarmMethod": 5, "Info": "<AlarmType>13</AlarmType>"}, "5/13", "video_fault"),
        ({"AlarmMethod": 5, "Info": "<AlarmType>77</AlarmType>"}, "5/77", "video_alarm"),
        (
            {
                "AlarmMethod": 5,
                "Info": "<AlarmType>6</AlarmType><AlarmTypeParam><EventType>1</EventType></AlarmTypeParam>",
            },
            "5/6/1",
            "intrusion",
        ),
        ({"AlarmMethod": 2}, "2", "external_alarm"),
        ({"AlarmMethod": 2, "Info": "<AlarmType>1</AlarmType>"}, "2/1", "video_fault"),
        ({"AlarmMethod": 6, "Info": "<AlarmType>1</AlarmType>"}, "6/1", "device_fault"),
        ({"AlarmMethod": 9}, "9", "external_alarm"),
        ({}, "", "external_alarm"),
    ],
)
def test_an_alarm_is_what_the_longest_beginning_of_its_code_says(
    camera: Camera, fields: dict[str, object], code: str, kind: str
) -> None:
    told = alarm(camera, **fields)
    assert code_of(told.message) == code
    (answer,) = alarms_store(told=[told], now=NOW)
    assert answer.stored
    assert Sighting.objects.get().kind.code == kind


def test_alarms_that_come_together_are_each_stored_once_folded_or_refused(camera: Camera) -> None:
    told = [
        alarm(camera, 1, AlarmMethod=5),
        alarm(camera, 2, AlarmMethod=5),
        alarm(camera, 1, AlarmMethod=5),
        alarm(camera, 3, INPUT, AlarmMethod=2),
        alarm(camera, 4, AlarmMethod=5, AlarmTime="2020-01-01T00:00:00"),
    ]
    elsewhere = Told(platform_id=(camera.platform_id or 0) + 1, message=told[0].message)
    answers = alarms_store(told=[*told, elsewhere], now=NOW)
    assert [answer.stored for answer in answers] == [True, True, True, True, False, False]
    assert answers[4].detail.startswith("time:")
    assert answers[5].detail == "no camera of this platform"
    assert {row.kind.code: row.count for row in Sighting.objects.select_related("kind")} == {
        "video_alarm": 2, "external_alarm": 1,
    }  # fmt: skip
    assert alarms_store(told=told[:1], now=NOW)[0].stored
    assert Sighting.objects.get(kind__code="video_alarm").count == 2


def test_a_bureau_that_reads_a_word_differently_changes_its_row_and_one_it_removes_stays_away(camera: Camera) -> None:
    SightingWord.objects.filter(protocol="gb28181", code="5/2").update(kind=SightingKind.objects.get(code="fire"))
    SightingWord.objects.get(protocol="gb28181", code="5/10").delete()
    kinds_load()
    alarms_store(told=[alarm(camera, AlarmMethod=5, AlarmType=2)], now=NOW)
    assert Sighting.objects.get().kind.code == "fire"
    assert not SightingWord.objects.filter(code="5/10").exists()
    assert meaning_of("5/10", words_of("gb28181")) == Meaning(kind="video_alarm", title="视频报警")


@pytest.mark.parametrize(
    ("topic", "kind"),
    [
        ("RuleEngine/CellMotionDetector/Motion", "motion"),
        ("VideoSource/GlobalSceneChange/ImagingService", "video_fault"),
        ("Device/Trigger/DigitalInput", "external_alarm"),
        ("Device/Trigger/Relay", ""),
        ("RuleEngineX/CellMotionDetector/Motion", ""),
        ("Device/HardwareFailure/StorageFailure", "device_fault"),
    ],
)
def test_a_topic_of_onvif_is_what_its_row_says_and_nothing_where_none_is(camera: Camera, topic: str, kind: str) -> None:
    CameraAccess.objects.create(camera=camera, onvif_url="http://10.1.1.1/")
    point = OnvifPoint(camera=camera.pk, code=CODE, url="http://10.1.1.1/", user="", password="")
    event = OnvifEvent(topic=topic, at=NOW, operation="Changed", values={"State": "true"})
    assert onvif_take(point=point, event=event, now=NOW) == ("ok" if kind else "topic")
    assert [row.kind.code for row in Sighting.objects.all()] == ([kind] if kind else [])


def test_every_word_names_its_source_and_whether_it_was_found_there(camera: Camera) -> None:
    rows = SightingWord.objects.all()
    assert not rows.filter(source="").exists()
    assert set(rows.values_list("verified", flat=True)) == {"repo", "own"}
    assert [row.code for row in rows.filter(verified="own")] == ["RuleEngine/TamperDetector"]


def test_an_administrator_finds_and_changes_them_in_the_back_office(camera: Camera) -> None:
    admin = User.objects.create(username="root", role="administrator", is_staff=True, area=camera.area, password="!")
    client = Client()
    client.force_login(admin, backend="anlan.accounts.backends.RoleBackend")
    page = client.get("/admin/monitoring/sightingword/?q=进入区域").content.decode()
    assert "入侵检测报警:进入区域" in page
    assert "见于公开代码库" in page
