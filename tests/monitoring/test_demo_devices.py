"""The demo's devices: where they say they are, and those that the recording speaks for."""

import json
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest
from django.db import transaction
from django.db.models import F
from pytest_django import DjangoDbBlocker

from anlan.accounts import demo as accounts_demo
from anlan.kit.demo import DemoWorld
from anlan.monitoring import demo as monitoring_demo
from anlan.monitoring.arrivals import Arrival
from anlan.monitoring.ingest import readings_store
from anlan.monitoring.models import (
    Alarm,
    Camera,
    Device,
    Series,
    Sighting,
    SightingClaim,
    SightingSource,
    ThresholdRule,
    VideoPlatform,
)
from anlan.monitoring.replaying.recording import SHIPPED, recording_read
from anlan.monitoring.replaying.scenario import recording
from anlan.monitoring.rules_load import rules_load
from anlan.protocols import Frame, decode
from anlan.registry import demo as registry_demo
from anlan.site.paths import ROOT

NOW = 1_795_000_000_000


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[DemoWorld]:
    """A small district, made once for this module and taken back at its end."""
    with django_db_blocker.unblock(), transaction.atomic():
        made = DemoWorld(scale=0.01)
        accounts_demo.demo(made)
        registry_demo.demo(made)
        monitoring_demo.demo(made)
        rules_load()
        yield made
        transaction.set_rollback(True)


def facts() -> list[tuple[Any, ...]]:
    fields = ("protocol", "code", "name", "kind", "area__code", "location", "facility__name", "enterprise__name")
    return list(Device.objects.order_by("protocol", "code").values_list(*fields))


def test_every_kind_of_device_is_there_at_the_smallest_scale(world: DemoWorld) -> None:
    kinds = Counter(Device.objects.values_list("kind", flat=True))
    assert kinds["rain"] + kinds["level"] >= 8
    assert min(kinds["gas"], kinds["fire_panel"], kinds["water_quality"]) >= 6
    assert set(Device.objects.values_list("protocol", flat=True)) == {
        "sl651",
        "hj212",
        "gb26875",
        "json",
        "jt808",
        "cjt188",
        "modbus",
    }
    assert Device.objects.filter(protocol="json").count() >= 6


def test_every_device_lies_inside_its_own_area_and_has_a_token_of_its_own(world: DemoWorld) -> None:
    assert not Device.objects.filter(location=None).exists()
    assert not Device.objects.exclude(area__boundary__contains=F("location")).exists()
    tokens = list(Device.objects.values_list("token_hash", flat=True))
    assert all(len(token) == 64 for token in tokens)
    assert len(set(tokens)) == len(tokens)


def test_the_same_seed_gives_the_same_devices(world: DemoWorld) -> None:
    first = facts()
    with transaction.atomic():
        ThresholdRule.objects.exclude(device=None).delete()
        Series.objects.all().delete()
        Device.objects.all().delete()
        SightingClaim.objects.all().delete()
        Sighting.objects.all().delete()
        Camera.objects.all().delete()
        SightingSource.objects.all().delete()
        VideoPlatform.objects.all().delete()
        monitoring_demo.demo(world)
        assert facts() == first
        transaction.set_rollback(True)


def test_at_full_scale_there_are_several_hundred_devices(world: DemoWorld) -> None:
    made = list(monitoring_demo.demo_posts(DemoWorld()))
    assert len(made) > 400
    assert len({(post.group.protocol, post.code) for post in made}) == len(made)


def test_the_shipped_recording_is_what_its_makers_make() -> None:
    made = recording(ROOT / "tests/protocols/vectors")
    assert [one.line() for one in made] == SHIPPED.read_text().splitlines()


def test_the_recording_has_something_to_say_every_few_seconds() -> None:
    frames = [json.loads(line)["offset_ms"] for line in SHIPPED.read_text().splitlines()]
    assert max(after - before for before, after in pairwise(frames)) <= 3000


@pytest.fixture(scope="module")
def replayed(world: DemoWorld) -> list[int]:
    """Alarms raised, by second of the recording; all of it has been stored as if it had come at its own pace."""
    raised = []
    for one in recording_read(SHIPPED.read_text().splitlines()):
        batch = [Arrival(source=one.protocol, event=e) for e in decode(one.protocol, one.at(NOW + one.offset))]
        result = readings_store(batch=batch, now=NOW + one.offset)
        raised += [one.offset // 1000] * len(result.raised)
        assert all(isinstance(arrival.event, Frame) for arrival in batch)
    return raised


def test_every_device_of_the_recording_is_registered(world: DemoWorld) -> None:
    senders = {(one.protocol, one.device) for one in recording_read(SHIPPED.read_text().splitlines())}
    assert senders <= set(Device.objects.values_list("protocol", "code"))


def test_an_alarm_is_raised_about_each_minute_and_all_are_cleared_at_the_end(replayed: list[int]) -> None:
    assert len(replayed) >= 10
    assert len({second // 60 for second in replayed}) >= 8
    assert not Alarm.objects.filter(cleared_at=None).exists()


def test_rain_rises_to_red_at_a_waterlogging_point_and_the_river_to_orange(replayed: list[int]) -> None:
    rain = Alarm.objects.get(device__code="4403101001", series__key="22")
    assert rain.highest_level == 4
    assert Alarm.objects.get(device__code="4403102001", series__key="39").highest_level == 3


def test_kinds_of_trouble_of_every_kind_of_device(replayed: list[int]) -> None:
    kinds = set(Alarm.objects.values_list("device__kind", flat=True))
    assert kinds == {"rain", "level", "gas", "water_quality", "fire_panel", "vehicle", "other"}
