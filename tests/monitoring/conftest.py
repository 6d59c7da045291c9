"""A small district with devices, and frames as decoders give them."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib.gis.geos import Point
from django.db import connection
from django.test import Client, TransactionTestCase

from anlan.accounts.models import Area, User
from anlan.kit import events
from anlan.kit.law_load import law_load
from anlan.monitoring import rulebook, suppression
from anlan.monitoring.events import AlarmCleared, AlarmEscalated, AlarmRaised
from anlan.monitoring.judging import MEMORY
from anlan.monitoring.models import Device, Series, ThresholdRule, VideoPlatform
from anlan.monitoring.projections import PROJECTIONS
from anlan.monitoring.video.kinds_load import kinds_load
from anlan.monitoring.video.registrations import platform_password_set

from .media_server import Media, media_server
from .sensorthings import Caller, token_of
from .sip_server import PASSWORD, PLATFORM, Sip


@pytest.fixture(autouse=True)
def _fresh_process_memory() -> Iterator[None]:
    """What a process remembers of its database does not outlive a test."""
    yield
    rulebook._current.clear()
    MEMORY.forget()
    PROJECTIONS.forget()
    suppression._current.clear()


@pytest.fixture
def area(request: pytest.FixtureRequest) -> Area:
    """The district, in a database that others see where the test asks for that; without the default rules."""
    request.getfixturevalue("shared_db" if "shared_db" in request.fixturenames else "db")
    ThresholdRule.objects.all()._raw_delete(connection.alias)
    return Area.objects.create(code="440310", name="坪山区", level="district")


@pytest.fixture
def device(area: Area) -> Callable[..., Device]:
    def make(code: str = "0011223344", protocol: str = "sl651", kind: str = "level", **more: Any) -> Device:
        more.setdefault("location", Point(114.35, 22.69, srid=4490))
        return Device.objects.create(code=code, protocol=protocol, kind=kind, name=f"站{code}", area=area, **more)

    return make


@pytest.fixture
def news(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """What the monitoring centre publishes, in order, once the jobs have run; no other handler listens."""
    seen: list[object] = []
    monkeypatch.setattr(events, "_BY_EVENT", defaultdict(list))
    monkeypatch.setattr(events, "_BY_NAME", {})
    for event in (AlarmRaised, AlarmEscalated, AlarmCleared):

        def hear(news: object) -> None:
            seen.append(news)

        hear.__qualname__ = f"hear_{event.__name__}"
        events.on(event)(hear)
    return seen


LEFT_BEHIND = (
    "monitoring_seriesday", "monitoring_dynamicbound", "monitoring_forecast", "monitoring_forecastrun",
    "monitoring_seriesforecast", "monitoring_forecastcover", "monitoring_commissioning", "monitoring_rehearsalsight",
    "monitoring_rehearsal", "monitoring_ruleproposal", "monitoring_calendarday", "monitoring_historicalcalendarday",
    "monitoring_devicepicture", "monitoring_commandframe", "monitoring_devicecommand", "monitoring_deviationcount",
    "monitoring_sightingclaim", "monitoring_sighting", "monitoring_historicalsightingsource",
    "monitoring_sightingsource", "monitoring_playsession", "monitoring_camerastream", "monitoring_platformcommand",
    "monitoring_camerachange",
    "monitoring_cameraaccess", "monitoring_historicalcamera", "monitoring_camera",
    "monitoring_historicalvideoplatform", "monitoring_videoplatform",
    "kit_noticereading", "kit_notice", "kit_deadline", "monitoring_alarmfinding", "monitoring_auditrun",
    "monitoring_suppression", "monitoring_alarm", "monitoring_maintenancewindow", "monitoring_causerule",
    "monitoring_devicedependency", "monitoring_historicalcauserule", "monitoring_historicaldevicedependency",
    "monitoring_historicaldutyshift", "monitoring_dutyshift", "monitoring_escalationstep",
    "monitoring_historicalescalationstep", "monitoring_blindspot", "monitoring_blindarea",
    "monitoring_position", "monitoring_polledpoint", "monitoring_pollplan", "monitoring_historicalpolledpoint",
    "monitoring_historicalpollplan", "monitoring_weatherwarning", "monitoring_warningfeed",
    "monitoring_historicalwarningfeed",
    "monitoring_derivedseries", "monitoring_historicalderivedseries", "monitoring_deviceaccess", "monitoring_pollaccess",
    "monitoring_thresholdrule", "monitoring_deviceframe", "monitoring_series",
    "monitoring_historicaldevice", "monitoring_historicalthresholdrule", "monitoring_device",
    "monitoring_ledgercount", "monitoring_framecount", "monitoring_unknowndevice", "procrastinate_jobs",
    "kit_noticegate",
    "kit_handledevent", "accounts_user", "accounts_historicalarea", "accounts_area",
)  # fmt: skip


def _empty(_case: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "truncate monitoring_readinglog, monitoring_readingchunk, monitoring_readingfile, monitoring_statejournal, monitoring_alarmstep"
        )
        for table in LEFT_BEHIND:
            cursor.execute(f"delete from {table}")


@pytest.fixture
def light_cleaning(monkeypatch: pytest.MonkeyPatch) -> None:
    """Afterwards only what these tests write is deleted: emptying every table takes two seconds a test."""
    monkeypatch.setattr(TransactionTestCase, "_fixture_teardown", _empty)


@pytest.fixture
def shared_db(light_cleaning: None, transactional_db: None) -> None:
    """A database that other threads and processes see."""


@pytest.fixture
def admin(area: Area) -> User:
    return User.objects.create(username="admin1", role="administrator", area=area, password="!")


@pytest.fixture
def platform(area: Area, admin: User) -> VideoPlatform:
    """A video platform that may register, and has not yet."""
    law_load()
    kinds_load()
    row = VideoPlatform.objects.create(code=PLATFORM, name="东街录像机", area=area)
    return platform_password_set(platform=row, password=PASSWORD, by=admin)


@pytest.fixture
def sip(platform: VideoPlatform) -> Iterator[Sip]:
    with Sip() as running:
        yield running


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
def tank(area: Area, device: Callable[..., Device]) -> Device:
    made = device(code="tank-1", protocol="json", kind="level")
    Series.objects.create(device=made, key="level", unit="m")
    return made


@pytest.fixture
def caller(tank: Device, client: Client) -> Caller:
    return Caller(client, token_of(tank))
