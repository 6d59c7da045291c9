"""The figures of the load of alarms equal what a plain loop over the events counts."""

from collections import Counter, defaultdict
from datetime import datetime, timedelta
from typing import NamedTuple

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from anlan.accounts.models import Area, User
from anlan.kit.models import LawRule
from anlan.monitoring.models import Alarm, Device, DutyShift, Series
from anlan.monitoring.operators import Reference, bad_actors, floods_of, slots_of, stale_of

from .alarming import DeviceMaker, person

pytestmark = pytest.mark.django_db
START = datetime(2026, 3, 1, 8, tzinfo=timezone.get_default_timezone())
HOURS = 3
END = START + timedelta(hours=HOURS)
LIMITS = Reference(acceptable=1, flood=3, stale_hours=1, fleeting_seconds=60, chatter_times=3, chatter_seconds=60)


class Event(NamedTuple):
    series: int
    second: int
    lasts: int | None
    told: bool


class Shift(NamedTuple):
    person: int
    minute: int
    minutes: int


Events = st.lists(
    st.builds(
        Event, st.integers(0, 11), st.one_of(st.integers(-900, HOURS * 3600 + 900), st.integers(0, 300)),
        st.one_of(st.none(), st.integers(0, 180), st.just(60)), st.booleans(),
    ),
    max_size=60,
)  # fmt: skip
Shifts = st.lists(st.builds(Shift, st.integers(0, 2), st.integers(-60, 170), st.integers(1, 120)), max_size=5)
settled = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


@pytest.fixture
def people(area: Area) -> list[User]:
    return [person(area, name=name) for name in ("甲", "乙", "丙")]


@pytest.fixture
def series(device: DeviceMaker) -> list[Series]:
    one: Device = device()
    return Series.objects.bulk_create(Series(device=one, key=f"k{n}") for n in range(12))


def written(events: list[Event], series: list[Series]) -> list[Alarm]:
    """The events as rows of an earlier day's list; each cleared at last, so that none stands twice."""
    Alarm.objects.all()._raw_delete("default")
    standing: set[int] = set()
    rows = []
    for event in events:
        row, at = series[event.series], START + timedelta(seconds=event.second)
        lasts = 5 if event.lasts is None and event.series in standing else event.lasts
        standing |= {event.series} if lasts is None else set()
        rows.append(
            Alarm(
                device_id=row.device_id, series=row, area_id=row.device.area_id, kind=0, level=1, highest_level=1,
                raised_at=at, arrived_at=at, announced_at=at if event.told else None,
                cleared_at=None if lasts is None else at + timedelta(seconds=lasts),
            )
        )  # fmt: skip
    return Alarm.objects.bulk_create(rows)


def heard(alarms: list[Alarm]) -> list[Alarm]:
    return [alarm for alarm in alarms if alarm.announced_at is not None and START <= alarm.announced_at < END]


@given(Events, Shifts)
@settled
def test_slots_and_floods_equal_a_loop_over_the_events(
    people: list[User], series: list[Series], area: Area, events: list[Event], shifts: list[Shift]
) -> None:
    DutyShift.objects.all().delete()
    spans = {(s.person, s.minute): s for s in shifts}.values()
    for shift in spans:
        begin = START + timedelta(minutes=shift.minute)
        DutyShift.objects.create(
            person=people[shift.person], role="duty_officer", area=area, starts_at=begin,
            ends_at=begin + timedelta(minutes=shift.minutes),
        )  # fmt: skip
    told = heard(written(events, series))
    slots = slots_of(people[0], START, END)
    assert len(slots) == HOURS * 6
    flood, runs = False, 0
    for number, slot in enumerate(slots):
        begin = number * 10
        inside = sum(begin * 60 <= (a.announced_at - START).total_seconds() < (begin + 10) * 60 for a in told)
        there = {s.person for s in spans if s.minute < begin + 10 and s.minute + s.minutes > begin}
        assert (slot.alarms, slot.people) == (inside, len(there))
        assert slot.each == inside / max(1, len(there))
        runs += slot.each > LIMITS.flood and not flood
        flood = slot.each > LIMITS.flood
    assert len(floods_of(slots, LIMITS.flood)) == runs


@given(Events)
@settled
def test_bad_actors_equal_a_loop_over_the_events(people: list[User], series: list[Series], events: list[Event]) -> None:
    told = heard(written(events, series))
    times: dict[int, list[datetime]] = defaultdict(list)
    for alarm in sorted(told, key=lambda alarm: (alarm.raised_at, alarm.pk)):
        times[alarm.series_id].append(alarm.raised_at)
    chatter = {pk: sum(_chatters(found, place) for place in range(len(found))) for pk, found in times.items()}
    brief = timedelta(seconds=60)
    fleeting = Counter(a.series_id for a in told if a.cleared_at is not None and a.cleared_at - a.raised_at < brief)
    still = Counter(a.series_id for a in told if a.cleared_at is None)
    expected = sorted(times, key=lambda pk: (-len(times[pk]), pk))[:10]
    names = {row.pk: row.key for row in series}
    found = bad_actors(people[0], START, END, reference=LIMITS)
    assert [actor.alarms for actor in found] == [len(times[pk]) for pk in expected]
    assert [names[pk] in actor.series for pk, actor in zip(expected, found, strict=True)] == [True] * len(found)
    for pk, actor in zip(expected, found, strict=True):
        assert (actor.chatter, actor.fleeting, actor.open) == (chatter[pk], fleeting[pk], still[pk])
        assert actor.share == pytest.approx(100 * len(times[pk]) / len(told))


def _chatters(times: list[datetime], place: int) -> bool:
    """Whether an alarm is one of three that came up within a minute."""
    starts = range(max(0, place - 2), place + 1)
    return any(s + 2 < len(times) and times[s + 2] - times[s] <= timedelta(seconds=60) for s in starts)


@given(Events)
@settled
def test_stale_ones_are_those_that_have_stood_for_longer(
    people: list[User], series: list[Series], events: list[Event]
) -> None:
    rows = written(events, series)
    stale = [a.pk for a in rows if a.cleared_at is None and END - a.raised_at > timedelta(hours=LIMITS.stale_hours)]
    assert sorted(stale_of(people[0], END, LIMITS.stale_hours).values_list("pk", flat=True)) == sorted(stale)


def test_a_row_of_an_earlier_version_still_gives_limits(area: Area) -> None:
    LawRule.objects.filter(code="operator_alarm_load").update(value={"acceptable": 2, "flood": 8, "stale_hours": 12})
    reference = Reference.now()
    assert (reference.flood, reference.chatter_times, reference.fleeting_seconds) == (8, 3, 60)
