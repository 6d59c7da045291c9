"""What a series will do is told before it does, stands as an alarm of its own, and is scored by what came."""

import contextlib
import importlib.util
from collections.abc import Callable
from datetime import date, timedelta

import numpy as np
import pytest
from django.test import Client
from hypothesis import given, settings
from hypothesis import strategies as st

from anlan.accounts.models import Area, User
from anlan.monitoring.forecasting.days import DAY, EPOCH, calendar, day_kind
from anlan.monitoring.forecasting.dynamic import bound_at, bounds_renew, profile_of
from anlan.monitoring.forecasting.model import Path, crossing, forecast
from anlan.monitoring.forecasting.run import forecasts_run
from anlan.monitoring.forecasting.score import Cover, first_beyond, forecasts_settle, outcome, scores
from anlan.monitoring.forecasting.soundness import LEAST, TooLittle, even
from anlan.monitoring.ingest import readings_store
from anlan.monitoring.models import (
    Alarm,
    CalendarDay,
    Device,
    DynamicBound,
    Forecast,
    ForecastCover,
    Series,
    SeriesForecast,
    ThresholdRule,
)
from anlan.monitoring.moments import HOUR
from anlan.monitoring.rulebook import rulebook
from anlan.site.paths import ROOT

from .frames import MINUTE, NOW, frame

spec = importlib.util.spec_from_file_location("benchmark_forecast", ROOT / "benchmarks/forecast.py")
assert spec is not None
assert spec.loader is not None
benchmark = importlib.util.module_from_spec(spec)
spec.loader.exec_module(benchmark)

pytestmark = pytest.mark.django_db
STEP = 5 * MINUTE
SATURDAY = 1_700_870_400_000
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


def shallow(minutes: int = 30, level: float = 0.12) -> list[float]:
    """A road's water by the minute, quiet and low."""
    noise = np.random.default_rng(11).normal(0, 0.001, minutes)
    return [round(level + float(one), 3) for one in noise]


def by_the_minute(values: list[float], *, end: int = NOW) -> list[tuple[str, int, float]]:
    return [("39", end - (len(values) - 1 - i) * MINUTE, value) for i, value in enumerate(values)]


def late(values: list[float], at: int, value: float) -> list[list[tuple[str, int, float]]]:
    """A high value that came first, and the history before it that came afterwards."""
    rows = by_the_minute(values)
    return [[("39", rows[at][1] + 7_000, value)], rows]


NO_COURSE = {
    "all one value and a little more at the end": [by_the_minute([0.12] * 60 + [0.13])],
    "all one value, a high one in between": [by_the_minute([0.12] * 56 + [0.4, 0.12, 0.12, 0.13])],
    "a high value came first and its history later": late([0.12] * 59 + [0.13], -2, 0.4),
    "a noisy history around a high value that came first": late([*shallow(60), 0.13], -2, 0.4),
    "a step among the last readings": [by_the_minute([*shallow(60), *shallow(4, 0.2)])],
    "a step at the last reading": [by_the_minute([*shallow(60), 0.22])],
    "two steps one after the other": [by_the_minute([*shallow(60), *shallow(2, 0.17), *shallow(2, 0.22)])],
    "two high values": [by_the_minute([*shallow(50), 0.3, *shallow(4), 0.32, 0.13])],
    "two readings a second apart that differ": [[*by_the_minute(shallow(60)), ("39", NOW + 1000, 0.22)]],
    "a handful of readings": [by_the_minute([0.1, 0.12, 0.15, 0.19, 0.22])],
    "less history than the time ahead": [by_the_minute([0.1 + 0.005 * i for i in range(28)])],
    "mostly gaps": [[row for i, row in enumerate(by_the_minute([0.05 + 0.001 * i for i in range(120)])) if i % 7 in (0, 3)]
                    + by_the_minute([0.17, 0.171], end=NOW)],
}  # fmt: skip


@pytest.mark.parametrize("name", NO_COURSE)
def test_a_history_that_has_no_course_raises_nothing_and_is_counted_as_that(rule: ThresholdRule, name: str) -> None:
    ThresholdRule.objects.update(
        forecast_minutes=30, blue_raise=0.1, blue_clear=0.08, yellow_raise=0.27, yellow_clear=0.2, red_raise=0.4,
        red_clear=0.35,
    )  # fmt: skip
    for batch in NO_COURSE[name]:
        send(batch, NOW + 1000)
    for later in range(1000, 10 * MINUTE, 2 * MINUTE):
        (outcome_of,) = forecasts_run(now=NOW + later).outcomes
        assert outcome_of in {"flat", "jump", "quiet", "short", "gaps", "irregular", "stale"}
        assert SeriesForecast.objects.get().outcome == outcome_of
    assert not forecast_alarms()
    assert not Forecast.objects.exists()


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_up_to_two_steps_or_single_high_values_on_quiet_water_are_never_a_course(data: st.DataObject) -> None:
    number = data.draw(st.integers(40, 120))
    values = np.round(0.12 + np.random.default_rng(data.draw(st.integers(0, 99))).normal(0, 0.001, number), 3)
    for _ in range(data.draw(st.integers(1, 2))):
        begin = data.draw(st.integers(0, number - 1))
        lasting = data.draw(st.sampled_from([1, 2, 5, number]))
        values[begin : begin + lasting] += data.draw(st.floats(0.02, 1))
    limit = float(values[-1]) + data.draw(st.floats(0.02, 0.4))
    path = forecast(np.arange(number, dtype=np.int64) * MINUTE, values, horizon=30 * MINUTE)
    assert path.bare is None or crossing(path.bare, limit, 1).due is None or crossing(path.bare, limit, 1).chance < 0.35


def test_a_rise_that_goes_on_over_several_readings_is_a_course_though_it_began_suddenly(rule: ThresholdRule) -> None:
    ThresholdRule.objects.update(forecast_minutes=30)
    send(by_the_minute([*shallow(60, 2.0), *(round(2 + 0.04 * i, 3) for i in range(1, 13))]))
    assert forecasts_run(now=NOW).outcomes == {"told": 1}


def test_pairs_of_readings_a_second_apart_count_as_one(rule: ThresholdRule) -> None:
    steady = rising(NOW, start=1.4)
    send(steady + [(key, time - 1000, value) for key, time, value in steady])
    assert forecasts_run(now=NOW).outcomes == {"told": 1}


def test_what_an_interval_held_is_noted_and_the_next_is_as_wide_as_it_must_be(rule: ThresholdRule) -> None:
    quiet = np.round(np.random.default_rng(2).normal(1, 0.01, 300), 3)
    send([("39", NOW - (60 - i) * STEP, float(quiet[i])) for i in range(60)])
    forecasts_run(now=NOW)
    send([("39", NOW + (i + 1) * STEP, 1.2 + 0.01 * (i % 2)) for i in range(13)], NOW + 13 * STEP)
    forecasts_run(now=NOW + 13 * STEP)
    cover, note = ForecastCover.objects.get(), SeriesForecast.objects.get()
    assert (cover.held, cover.checked, note.checked) == (0, 1, 1)
    assert min(note.scale) > 1.1
    send([("39", NOW + (i + 14) * STEP, 1.2 + 0.01 * (i % 2)) for i in range(13)], NOW + 26 * STEP)
    forecasts_run(now=NOW + 26 * STEP)
    cover.refresh_from_db()
    assert cover.checked == 2
    assert cover.held > 0.9


def test_a_new_series_begins_with_the_widths_usual_for_its_rule(rule: ThresholdRule, device: Maker) -> None:
    for code, scale in (("1", [2.0, 3.0, 4.0]), ("2", [2.0, 5.0, 6.0]), ("3", [1.0, 3.0, 9.0])):
        series = Series.objects.create(device=device(code), key="39")
        SeriesForecast.objects.create(series=series, rule=rule, outcome="quiet", since=0, at=0, scale=scale, checked=9)
    send(rising(NOW, start=1.4))
    forecasts_run(now=NOW)
    assert SeriesForecast.objects.get(series__device__code="0011223344").scale == [2.0, 3.0, 6.0]


def test_a_series_whose_rule_forecasts_no_more_is_forgotten(rule: ThresholdRule) -> None:
    send(rising(NOW, start=1.4))
    forecasts_run(now=NOW)
    ThresholdRule.objects.update(forecast_minutes=0)
    forecasts_run(now=NOW)
    assert not SeriesForecast.objects.exists()


@pytest.mark.parametrize("kind", benchmark.KINDS, ids=lambda kind: kind.__name__)
def test_the_interval_holds_eighty_per_cent_of_what_comes_of_each_kind_of_series(
    kind: Callable[[np.random.Generator], np.ndarray],
) -> None:
    held = []
    for seed in range(20, 23):
        values, ours = kind(np.random.default_rng(seed)), benchmark.Ours()
        for cut in range(benchmark.SEEN, len(values) - benchmark.AHEAD, 3):
            _mean, low, high = ours(values, cut)
            came = values[cut : cut + benchmark.AHEAD]
            held.append(float(((low <= came) & (came <= high)).mean()))
    assert 0.75 < np.mean(held) < 0.85


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


SERIES = Series(pk=1, device=Device(pk=1, kind="level"))


def test_scores_count_each_once_and_say_nothing_where_there_is_nothing() -> None:
    rows = [
        Forecast(series=SERIES, made_at=0, state=state, crossed_at=MINUTE * 20)
        for state in ("hit", "hit", "false", "miss")
    ]
    found = scores(rows, [Cover(1, 7, "level", 7.2, 9), Cover(2, 7, "rain", 0.9, 1)])
    assert (found.total.right, found.total.caught, found.total.lead) == (67, 67, 20.0)
    assert found.series[1].hits == 2
    assert (found.kinds["level"].covered, found.kinds["rain"].covered, found.rules[7].covered) == (80, 90, 81)
    assert scores([]).total.right is scores([]).total.covered is None


def day_of_levels(days: int, night: float = 1.0, noon: float = 2.0) -> tuple[np.ndarray, np.ndarray]:
    """Ten-minute readings that are high from 8 to 20 o'clock in Beijing, as a mill's sewage is."""
    time = np.arange(NOW - days * 24 * HOUR, NOW, 10 * MINUTE)
    hour = (time // HOUR + 8) % 24
    return time, np.where((hour >= 8) & (hour < 20), noon, night) + np.random.default_rng(5).normal(0, 0.02, len(time))


def test_what_is_usual_by_day_is_unusual_by_night() -> None:
    time, value = day_of_levels(28)
    profile = profile_of(time, value, {})
    cells = profile["workday"]
    assert cells[2] is not None
    assert cells[12] is not None
    assert cells[2][1] < 1.5 < cells[12][1]
    assert profile_of(time[:10], value[:10], {})["workday"][2] is None
    assert day_kind(SATURDAY, {}) == "weekend"


def test_the_calendar_makes_a_workday_a_holiday_and_a_weekend_a_workday() -> None:
    day = (EPOCH + timedelta(days=(SATURDAY + 8 * HOUR) // DAY)) - timedelta(days=1)
    CalendarDay.objects.create(day=day, kind="holiday", source="test")
    CalendarDay.objects.create(day=day + timedelta(days=1), kind="workday", source="test")
    days = calendar()
    assert [day_kind(SATURDAY + k * DAY, days) for k in (-2, -1, 0, 1)] == ["workday", "holiday", "workday", "weekend"]


def test_a_holiday_does_not_count_among_workdays_and_is_as_a_weekend_until_it_has_a_history_of_its_own() -> None:
    """A mill that stands still at weekends and on holidays, 2 m on workdays."""
    time = np.arange(SATURDAY - 28 * DAY, SATURDAY, 10 * MINUTE)
    day = (time + 8 * HOUR) // DAY
    today = (SATURDAY + 8 * HOUR) // DAY
    free = today - 3
    still = ((day + 3) % 7 >= 5) | (day == free)
    value = np.where(still, 1.0, 2.0) + np.random.default_rng(5).normal(0, 0.02, len(time))
    days = {free: "holiday", today + 2: "holiday"}
    knowing, blind = profile_of(time, value, days), profile_of(time, value, {})
    noon = 12
    assert knowing["workday"][noon][0] > 1.9 > 1.1 > blind["workday"][noon][0]  # type: ignore[index]
    assert knowing["holiday"][noon] is None
    monday = SATURDAY + 2 * DAY
    assert bound_at(knowing, monday, "above", days) == bound_at(knowing, SATURDAY, "above", days)
    assert bound_at(knowing, monday, "above", {})[0] > 2  # type: ignore[index]


def test_an_entered_holiday_renews_the_bounds_at_the_next_hour(rule: ThresholdRule) -> None:
    ThresholdRule.objects.update(dynamic=True, forecast_minutes=0)
    time, value = day_of_levels(7)
    send([("39", int(t), float(v)) for t, v in zip(time, value, strict=True)])
    bounds_renew(now=NOW)
    bounds_renew(now=NOW + HOUR)
    before = DynamicBound.objects.get()
    row = CalendarDay.objects.create(day=date(2023, 11, 20), kind="holiday", source="test")
    CalendarDay.objects.filter(pk=row.pk).update(changed_at=before.computed_at + timedelta(minutes=1))
    bounds_renew(now=NOW + 2 * HOUR)
    assert DynamicBound.objects.get().computed_at > before.computed_at


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
    profile = profile_of(*day_of_levels(28), {})
    assert bound_at(profile, NOW, "outside", {}) is None


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
    assert "新预测 1" in text
    assert "站0011223344" in client.get("/forecasts/outcome/told/").content.decode()
    assert "历史比要预测的时长还短" in client.get("/forecasts/outcome/short/").content.decode()
    assert client.get("/forecasts/outcome/none/").status_code == 404
    other = Area.objects.create(code="440310001", name="坪山街道", level="street", parent=area)
    user.area = other
    user.save()
    assert client.get(f"/forecasts/{row.pk}/").status_code == 404
    assert "站0011223344" not in client.get("/forecasts/outcome/told/").content.decode()
    assert "蓝色线 3 m" not in client.get("/forecasts/").content.decode()
