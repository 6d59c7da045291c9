"""What a series will do is told before it does, stands as an alarm of its own, and is scored by what came."""

import contextlib
from collections.abc import Callable

import numpy as np
import pytest
from django.test import Client
from hypothesis import given, settings
from hypothesis import strategies as st

from anlan.accounts.models import Area, User
from anlan.monitoring.forecasting.dynamic import bound_at, bounds_renew, day_kind, profile_of
from anlan.monitoring.forecasting.model import LEAST, Path, TooLittle, crossing, even, forecast
from anlan.monitoring.forecasting.run import forecasts_run
from anlan.monitoring.forecasting.score import first_beyond, forecasts_settle, outcome, scores
from anlan.monitoring.ingest import readings_store
from anlan.monitoring.models import Alarm, Device, DynamicBound, Forecast, Series, ThresholdRule
from anlan.monitoring.moments import HOUR
from anlan.monitoring.rulebook import rulebook

from .frames import MINUTE, NOW, frame

pytestmark = pytest.mark.django_db
STEP = 5 * MINUTE
Maker = Callable[..., Device]


@pytest.fixture
def rule(device: Maker) -> ThresholdRule:
    device()
    return ThresholdRule.objects.create(
        name="水位", device_kind="level", key="39", source="预案", forecast_minutes=60,
        blue_raise=3, blue_clear=2.8, red_raise=6, red_clear=5.5,
    )  # fmt: skip


def rising(until: int, *, start: float = 1.0, by: float = 0.025, steps: int = 60) -> list[tuple[str, int, float]]:
    """A level that rises steadily up to `until`, with a little noise that is always the same."""
    noise = np.random.default_rng(7).normal(0, 0.01, steps)
    return [("39", until - (steps - 1 - i) * STEP, round(start + by * i + float(noise[i]), 4)) for i in range(steps)]


def send(readings: list[tuple[str, int, float]], now: int = NOW) -> None:
    readings_store(batch=[frame(readings)], now=now)


def forecast_alarms() -> list[Alarm]:
    return list(Alarm.objects.filter(kind=Alarm.Kind.FORECAST))


def test_a_steady_rise_is_told_before_it_crosses_with_its_interval_and_as_an_alarm(rule: ThresholdRule) -> None:
    send(rising(NOW, start=1.4))
    assert forecasts_run(now=NOW).outcomes == {"told": 1}
    row = Forecast.objects.get()
    assert (row.level, row.limit, row.state) == (1, 3.0, "standing")
    assert row.early_at <= row.due_at  # type: ignore[operator]
    assert 10 * MINUTE < row.due_at - NOW < 50 * MINUTE  # type: ignore[operator]
    (alarm,) = forecast_alarms()
    assert (alarm.level, alarm.cleared_at) == (1, None)


def test_a_second_run_revises_and_raises_nothing_more(rule: ThresholdRule) -> None:
    send(rising(NOW, start=1.4))
    forecasts_run(now=NOW)
    assert forecasts_run(now=NOW + MINUTE).outcomes == {"revised": 1}
    assert Forecast.objects.count() == len(forecast_alarms()) == 1


def test_a_crossing_makes_it_a_hit_with_its_lead_and_clears_the_forecast(rule: ThresholdRule) -> None:
    send(rising(NOW, start=1.4))
    forecasts_run(now=NOW)
    send([("39", NOW + i * STEP, 2.88 + 0.03 * i) for i in range(1, 11)], NOW + 10 * STEP)
    assert forecasts_settle(now=NOW + 10 * STEP)["hit"] == 1
    row = Forecast.objects.get()
    assert (row.state, row.lead) == ("hit", 5 * STEP)
    assert forecast_alarms()[0].cleared_at is not None
    assert Alarm.objects.get(kind=Alarm.Kind.LEVEL).cleared_at is None


def test_the_real_alarm_takes_the_place_of_the_forecast_at_once(
    rule: ThresholdRule, run_jobs: Callable[[], int]
) -> None:
    send(rising(NOW, start=1.4))
    forecasts_run(now=NOW)
    send([("39", NOW + STEP, 3.4)], NOW + STEP)
    run_jobs()
    assert forecast_alarms()[0].cleared_at is not None


def test_a_rise_that_ends_withdraws_it_and_it_is_a_false_alarm_when_its_time_has_passed(rule: ThresholdRule) -> None:
    send(rising(NOW, start=1.4))
    forecasts_run(now=NOW)
    later = NOW + 24 * STEP
    send([("39", NOW + i * STEP, 2.88 + 0.001 * (i % 3)) for i in range(1, 25)], later)
    assert forecasts_run(now=later).outcomes == {"withdrawn": 1}
    assert forecast_alarms()[0].cleared_at is not None
    assert forecasts_settle(now=later)["false"] == 1
    assert Forecast.objects.get().state == "false"


def test_what_came_untold_is_a_miss_once(rule: ThresholdRule) -> None:
    send([("39", NOW - 2 * STEP, 1.0), ("39", NOW - STEP, 3.5)])
    assert forecasts_settle(now=NOW)["miss"] == 1
    assert forecasts_settle(now=NOW + MINUTE)["miss"] == 0
    assert Forecast.objects.get().state == "miss"


@pytest.mark.parametrize(
    ("readings", "why"),
    [
        (rising(NOW, steps=LEAST - 1), "short"),
        (rising(NOW - 8 * HOUR), "stale"),
        ([("39", NOW - i * STEP, 1.0) for i in range(60)], "flat"),
        (rising(NOW, start=0.1, by=0.0001), "quiet"),
        (rising(NOW, start=6.2), "beyond"),
    ],
)
def test_what_cannot_be_forecast_is_counted_by_its_reason(
    rule: ThresholdRule, readings: list[tuple[str, int, float]], why: str
) -> None:
    send(readings)
    assert forecasts_run(now=NOW).outcomes == {why: 1}
    assert not forecast_alarms()


def test_a_rule_without_forecasts_has_none(rule: ThresholdRule) -> None:
    ThresholdRule.objects.update(forecast_minutes=0)
    send(rising(NOW, start=1.4))
    assert forecasts_run(now=NOW).outcomes == {}


READINGS = st.lists(st.tuples(st.integers(0, 100), st.floats(-10, 10)), max_size=30).map(sorted)


@given(READINGS, st.floats(-9, 9), st.sampled_from([1, -1]), st.integers(0, 100), st.integers(0, 200))
def test_scoring_is_the_same_for_the_same_readings_and_final_once_it_is_told(
    readings: list[tuple[int, float]], limit: float, sign: int, until: int, now: int
) -> None:
    known = [one for one in readings if one[0] <= min(until, now)]
    told = outcome(first_beyond(known, limit, sign), until=until, now=now)
    assert told == outcome(first_beyond(list(known), limit, sign), until=until, now=now)
    later = [one for one in readings if one[0] <= min(until, now + 50)]
    if told is not None:
        assert outcome(first_beyond(later, limit, sign), until=until, now=now + 50) == told
    mirrored = [(time, -value) for time, value in known]
    assert outcome(first_beyond(mirrored, -limit, -sign), until=until, now=now) == told


@given(
    st.lists(st.floats(-5, 5, width=32), min_size=1, max_size=30),
    st.floats(0, 2, width=32),
    st.floats(-6, 6, width=32),
    st.sampled_from([1, -1]),
)
def test_the_interval_crosses_no_later_than_the_mean_and_no_earlier_than_its_far_edge(
    mean: list[float], deviation: float, limit: float, sign: int
) -> None:
    path = Path(start=0, step=STEP, now=0.0, mean=np.array(mean), deviation=np.full(len(mean), deviation))
    found = crossing(path, limit, sign)
    times = [10**15 if at is None else at for at in (found.early, found.due, found.late)]
    assert times == sorted(times)
    assert 0 <= found.chance <= 1
    assert all(at is None or 0 <= at <= len(mean) * STEP for at in (found.early, found.due, found.late))


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 40), st.floats(-1e6, 1e6)), max_size=150))
def test_any_series_is_laid_on_even_steps_or_refused_by_name(drawn: list[tuple[int, float]]) -> None:
    time = np.cumsum([gap for gap, _ in drawn], dtype=np.int64) * MINUTE
    value = np.array([v for _, v in drawn])
    if len(drawn) < LEAST:
        with pytest.raises(TooLittle, match="short"):
            even(time, value)
        return
    with contextlib.suppress(TooLittle):
        step, values = even(time, value)
        assert step > 0
        assert len(values) >= LEAST
        assert np.isfinite(values).all()


def test_a_falling_series_is_forecast_below_its_limit() -> None:
    time = np.arange(60, dtype=np.int64) * STEP
    value = 5 - 0.05 * np.arange(60) + np.random.default_rng(3).normal(0, 0.01, 60)
    found = crossing(forecast(time, value, horizon=HOUR), 1.7, -1)
    assert found.due is not None
    assert 10 * MINUTE < found.due - time[-1] < 50 * MINUTE
    assert found.chance > 0.9


def test_scores_count_each_once_and_say_nothing_where_there_is_nothing() -> None:
    rows = [
        Forecast(series_id=1, made_at=0, state=state, crossed_at=MINUTE * 20)
        for state in ("hit", "hit", "false", "miss")
    ]
    total, _rules, by_series = scores(rows)
    assert (total.right, total.caught, total.lead) == (67, 67, 20.0)
    assert by_series[1].hits == 2
    assert scores([])[0].right is None


def day_of_levels(days: int, night: float = 1.0, noon: float = 2.0) -> tuple[np.ndarray, np.ndarray]:
    """Ten-minute readings that are high from 8 to 20 o'clock in Beijing, as a mill's sewage is."""
    time = np.arange(NOW - days * 24 * HOUR, NOW, 10 * MINUTE)
    hour = (time // HOUR + 8) % 24
    return time, np.where((hour >= 8) & (hour < 20), noon, night) + np.random.default_rng(5).normal(0, 0.02, len(time))


def test_what_is_usual_by_day_is_unusual_by_night() -> None:
    time, value = day_of_levels(28)
    profile = profile_of(time, value)
    cells = profile["workday"]
    assert cells[2] is not None
    assert cells[12] is not None
    assert cells[2][1] < 1.5 < cells[12][1]
    assert profile_of(time[:10], value[:10])["workday"][2] is None
    assert day_kind(1_700_870_400_000) == "restday"


def test_a_dynamic_bound_tightens_the_blue_level_and_nothing_else(rule: ThresholdRule) -> None:
    ThresholdRule.objects.update(dynamic=True, forecast_minutes=0)
    time, value = day_of_levels(7)
    send([("39", int(t), float(v)) for t, v in zip(time, value, strict=True)])
    assert bounds_renew(now=NOW)["bounded"] == 1
    bound, series = DynamicBound.objects.get(), Series.objects.get()
    book = rulebook()
    row = book.table.cells[book.row(series.device_id, "level", "39")]
    assert row["raise_high"][0] == pytest.approx(bound.raise_at)
    assert bound.raise_at < 3  # type: ignore[operator]
    assert row["raise_high"][3] == 6
    ThresholdRule.objects.update(blue_raise=0.5, blue_clear=0.4)
    book = rulebook()
    assert book.table.cells[book.row(series.device_id, "level", "39")]["raise_high"][0] == 0.5
    ThresholdRule.objects.update(dynamic=False)
    assert bounds_renew(now=NOW)["removed"] == 1


def test_a_rule_with_two_sides_has_no_bound() -> None:
    profile = profile_of(*day_of_levels(28))
    assert bound_at(profile, NOW, "outside") is None


def test_the_page_shows_what_stands_and_how_others_turned_out(rule: ThresholdRule, area: Area) -> None:
    send(rising(NOW, start=1.4))
    forecasts_run(now=NOW)
    row = Forecast.objects.get()
    user = User.objects.create(username="duty", role="duty_officer", area=area)
    client = Client()
    client.force_login(user, backend="anlan.accounts.backends.RoleBackend")
    text = client.get("/forecasts/").content.decode()
    assert "预计" in text
    assert "蓝色线 3 m" in text
    assert "chart__band" in client.get(f"/forecasts/{row.pk}/").content.decode()
    assert "有越线预测" in client.get(f"/series/{row.series_id}/").content.decode()
    other = Area.objects.create(code="440310001", name="坪山街道", level="street", parent=area)
    user.area = other
    user.save()
    assert client.get(f"/forecasts/{row.pk}/").status_code == 404
    assert "蓝色线 3 m" not in client.get("/forecasts/").content.decode()
