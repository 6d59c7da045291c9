"""Vehicles: their newest fix is where they are, and their day is a track."""

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.test import Client

from anlan.accounts.models import Area
from anlan.monitoring import devices as device_memory
from anlan.monitoring.arrivals import Arrival
from anlan.monitoring.ingest import readings_store
from anlan.monitoring.models import Device, DeviceAccess, Position
from anlan.monitoring.moments import now_ms
from anlan.monitoring.tracks import track_of
from anlan.protocols import decode, protocols

from .gateway import Ingest, until

DeviceMaker = Callable[..., Device]
VECTORS = Path(__file__).parents[1] / "protocols/vectors"
CAR = "13900000001"


def location(time: int, lon: float = 114.35, lat: float = 22.69, **more: float) -> list[Arrival]:
    raw = protocols()["jt808"].encode(CAR, time, {"lon": lon, "lat": lat, "speed": 36.0, "direction": 90.0, **more})
    return [Arrival(source="jt808", event=event) for event in decode("jt808", raw)]


@pytest.fixture
def car(device: DeviceMaker) -> Device:
    return device(code=CAR, protocol="jt808", kind="vehicle", location=None)


def place_of(device: Device) -> tuple[float, float]:
    device.refresh_from_db()
    assert device.location is not None
    return round(device.location.x, 6), round(device.location.y, 6)


@pytest.mark.django_db
def test_a_vehicle_is_where_its_newest_fix_says_and_a_late_one_does_not_move_it_back(car: Device) -> None:
    now = now_ms() // 1000 * 1000
    readings_store(batch=location(now - 5000, 114.36))
    readings_store(batch=[*location(now - 60_000, 114.30), *location(now - 2000, 114.37)])
    assert place_of(car) == (114.37, 22.69)
    readings_store(batch=location(now - 90_000, 114.31))
    assert place_of(car) == (114.37, 22.69)
    position = Position.objects.get(device=car)
    assert (position.time, position.speed, position.direction) == (now - 2000, 36.0, 90.0)


@pytest.mark.django_db
def test_a_report_without_a_fix_leaves_the_vehicle_where_it_was_and_shows_that_it_has_lost_its_fix(car: Device) -> None:
    now = now_ms() // 1000 * 1000
    readings_store(batch=location(now - 400_000))
    readings_store(batch=location(now - 1000, math.nan))
    assert place_of(car) == (114.35, 22.69)
    track = track_of(car, "")
    assert track is not None
    assert (track.stale, track.located) == (True, False)


@pytest.mark.django_db
def test_a_fix_from_the_future_moves_nobody(car: Device) -> None:
    now = now_ms() // 1000 * 1000
    readings_store(batch=location(now - 1000))
    readings_store(batch=location(now + 3_600_000, 114.40))
    assert place_of(car) == (114.35, 22.69)


@pytest.mark.django_db
def test_a_station_that_does_not_move_is_not_moved_by_its_readings(device: DeviceMaker) -> None:
    buoy = device(code=CAR, protocol="jt808", kind="level")
    readings_store(batch=location(now_ms() // 1000 * 1000, 113.0))
    assert place_of(buoy) == (114.35, 22.69)
    assert not Position.objects.exists()


@pytest.mark.django_db
def test_open_maps_hear_where_a_vehicle_is(car: Device, monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[dict[str, Any]] = []
    monkeypatch.setattr(device_memory, "live_publish", lambda topic, **told: heard.append({"topic": topic, **told}))
    readings_store(batch=location(now_ms() // 1000 * 1000, 114.36))
    assert {"topic": "device", "id": car.pk, "lon": 114.36, "lat": 22.69}.items() <= heard[-1].items()


@pytest.mark.django_db
def test_a_day_is_a_line_with_its_length_and_a_table_newest_first(car: Device) -> None:
    now = now_ms() // 1000 * 1000
    for number in range(30):
        readings_store(batch=location(now - 300_000 + 10_000 * number, 114.35 + 0.001 * number), now=now)
    track = track_of(car, "")
    assert track is not None
    assert track.fixes + track_of_yesterday(car) == 30
    if track.fixes == 30:
        assert 2.9 < track.kilometres < 3.1
        assert track.fastest == 36.0
        assert [fix.time for fix in track.rows] == sorted((fix.time for fix in track.rows), reverse=True)
        assert len(track.rows) <= 24
        assert track.start is not None
        assert track.end is not None
        assert track.start[0] < track.end[0]


def track_of_yesterday(car: Device) -> int:
    """What lies before midnight where the test runs across it."""
    today = track_of(car, "")
    assert today is not None
    assert today.before is not None
    before = track_of(car, today.before.isoformat())
    return before.fixes if before else 0


@pytest.mark.django_db
def test_the_page_of_a_vehicle_shows_its_way(car: Device, client: Client, area: Area) -> None:
    now = now_ms() // 1000 * 1000
    readings_store(batch=[*location(now - 20_000), *location(now - 10_000, 114.36)])
    client.force_login(get_user_model().objects.create_user("desk", role="duty_officer", area=area))
    page = client.get(f"/devices/{car.pk}/").content.decode()
    assert "行驶轨迹" in page
    assert "位置有效" in page
    assert client.get(f"/devices/{car.pk}/?day=nonsense").status_code == 200
    assert "这一天没有定位" in client.get(f"/devices/{car.pk}/?day=2020-01-01").content.decode()


def test_a_terminal_registers_reports_and_is_answered_over_the_line(shared_db: None, device: DeviceMaker) -> None:
    car = device(code="123456789", protocol="jt808", kind="vehicle", location=None)
    DeviceAccess.objects.create(device=car, mode=DeviceAccess.Mode.LENIENT)
    recorded = json.loads((VECTORS / "jt808.json").read_text())["valid"]
    register = next(one["hex"] for one in recorded if one["name"] == "0100_register_2019")
    said = protocols()["jt808"].encode("123456789", now_ms(), {"lon": 114.4, "lat": 22.7, "speed": 1.0})
    with Ingest("jt808") as ingest:
        answers = decode("jt808", ingest.ask("jt808", bytes.fromhex(register) + said))
        until(lambda: Device.objects.filter(pk=car.pk, location__isnull=False).exists())
    assert [event.function for event in answers if hasattr(event, "function")] == ["8100", "8001"]
    assert place_of(car) == (114.4, 22.7)
