"""A sensor that speaks and tells nothing is found in what is stored, without any rule that watches for it."""

import math

import numpy as np
import pytest
from django.contrib.gis.geos import Point
from django.test import Client

from anlan.accounts.models import Area
from anlan.kit.models import LawRule
from anlan.monitoring.blind import blind_renew
from anlan.monitoring.forecasting.days import DAY
from anlan.monitoring.ingest import readings_store
from anlan.monitoring.models import BlindSpot, Device, SeriesDay, ThresholdRule
from anlan.monitoring.moments import moment
from anlan.monitoring.series_days import days_sum

from .alarming import DeviceMaker, level_rule, person
from .frames import MINUTE, NOW, frame

pytestmark = pytest.mark.django_db
STEP = 15 * MINUTE
CODE = "0011223344"


@pytest.fixture
def rule(area: Area) -> ThresholdRule:
    """Nothing watches for flat, drifting or silent series."""
    return level_rule(no_data_minutes=0)


def tells(*series: tuple[str, str, list[float] | np.ndarray]) -> None:
    """Device, key and a value each quarter of an hour up to now."""
    readings_store(
        batch=[
            frame([(key, NOW - (len(v) - 1 - i) * STEP, float(one)) for i, one in enumerate(v)], code=code)
            for code, key, v in series
        ],
        now=NOW,
    )


def look(now: int = NOW) -> dict[str, str]:
    """Device code by kind of blindness, after the days up to now were summed up."""
    Device.objects.exclude(status="never").update(last_seen_at=moment(now), status="online")
    days_sum(now=now)
    blind_renew(now=moment(now))
    return {spot.kind: spot.device.code for spot in BlindSpot.objects.select_related("device")}  # type: ignore[union-attr]


def wobbling(number: int, *, seed: int = 1, level: float = 1.0) -> np.ndarray:
    return np.round(level + np.random.default_rng(seed).normal(0, 0.02, number), 3)


def test_a_level_that_holds_one_value_for_two_days_is_stuck_and_is_well_again_when_it_moves(
    rule: ThresholdRule, device: DeviceMaker
) -> None:
    device(status="online")
    tells((CODE, "39", [*wobbling(96), *[1.5] * 196]))
    assert look() == {"flat": CODE}
    spot = BlindSpot.objects.get()
    assert "停在 1.5 m 不变" in spot.detail
    assert spot.since == moment(NOW - 195 * STEP)
    readings_store(batch=[frame([("39", NOW + STEP, 1.52)])], now=NOW + STEP)
    assert look(NOW + STEP) == {}


@pytest.mark.parametrize("held", [40, 180])
def test_a_level_that_rests_for_less_than_its_kind_may_is_not_stuck(
    rule: ThresholdRule, device: DeviceMaker, held: int
) -> None:
    device(status="online")
    tells((CODE, "39", [*wobbling(96), *[1.5] * held]))
    assert look() == {}


def test_a_rule_that_says_how_long_it_may_hold_goes_before_the_kind(rule: ThresholdRule, device: DeviceMaker) -> None:
    ThresholdRule.objects.update(flat_minutes=60 * 24 * 7)
    device(status="online")
    tells((CODE, "39", [1.5] * 300))
    assert look() == {}


def test_what_rests_by_its_nature_is_not_stuck(rule: ThresholdRule, device: DeviceMaker) -> None:
    ThresholdRule.objects.update(low=0, high=1)
    device(status="online")
    device("rain", kind="rain", status="online")
    level_rule(device_kind="rain", key="rain")
    tells((CODE, "39", [0.0] * 300), ("rain", "rain", [0.0] * 300))
    assert look() == {}


def test_a_sensor_that_mostly_tells_nonsense_is_mute_though_some_readings_pass(
    rule: ThresholdRule, device: DeviceMaker
) -> None:
    device(status="online")
    tells((CODE, "39", [(1.0 + 0.01 * i, 99.0, math.nan)[i % 3] for i in range(60)]))
    assert look() == {"invalid": CODE}
    assert "67% 的读数无效或超量程" in BlindSpot.objects.get().detail
    LawRule.objects.filter(code="blind_invalid_share").update(value=0.7)
    assert look() == {}


def around(device: DeviceMaker, number: int = 5) -> list[str]:
    codes = [f"s{k}" for k in range(number)]
    for k, code in enumerate(codes):
        device(code, status="online", location=Point(114.35 + 0.004 * k, 22.69, srid=4490))
    return codes


def test_the_one_that_moves_away_from_its_neighbours_drifts_and_they_do_not(
    rule: ThresholdRule, device: DeviceMaker
) -> None:
    number = 96 * 9
    weather = np.cumsum(np.random.default_rng(9).normal(0, 0.01, number))
    away = np.linspace(0, 2, number) ** 3 / 4
    tells(*(
        (code, "39", np.round(wobbling(number, seed=k, level=1.0 + k) + weather + away * (k == 2), 3))
        for k, code in enumerate(around(device))
    ))  # fmt: skip
    assert look() == {"drift": "s2"}
    assert "4 个邻近站" in BlindSpot.objects.get().detail
    LawRule.objects.filter(code="blind_drift").update(value={"metres": 0, "neighbours": 3, "days": 5, "times": 6})
    assert look() == {}


def test_a_step_of_all_neighbours_together_is_weather_and_a_lone_station_has_nothing_to_drift_from(
    rule: ThresholdRule, device: DeviceMaker
) -> None:
    number = 96 * 9
    flood = np.where(np.arange(number) > 96 * 6, 1.5, 0.0)
    device("far", status="online", location=Point(115.0, 22.0, srid=4490))
    tells(
        *((c, "39", np.round(wobbling(number, seed=k) + flood, 3)) for k, c in enumerate(around(device, 4))),
        ("far", "39", np.round(wobbling(number, seed=8) + np.linspace(0, 3, number), 3)),
    )
    assert look() == {}


def test_days_are_summed_up_once_and_old_ones_go(rule: ThresholdRule, device: DeviceMaker) -> None:
    device(status="online")
    tells((CODE, "39", wobbling(200)))
    look()
    before = list(SeriesDay.objects.order_by("day").values_list("day", "number", "changed"))
    assert sum(number for _day, number, _changed in before) == 200
    look()
    assert list(SeriesDay.objects.order_by("day").values_list("day", "number", "changed")) == before
    days_sum(now=NOW + 30 * DAY)
    assert not SeriesDay.objects.exists()


def test_the_device_page_says_why_it_counts_as_blind(rule: ThresholdRule, device: DeviceMaker, area: Area) -> None:
    one = device(status="online")
    tells((CODE, "39", [*wobbling(10), *[1.5] * 200]))
    look()
    client = Client()
    client.force_login(person(area), backend="anlan.accounts.backends.RoleBackend")
    text = client.get(f"/devices/{one.pk}/").content.decode()
    assert "计入监测盲区" in text
    assert "停在 1.5 m 不变" in text
