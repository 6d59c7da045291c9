"""Small words for tests of alarms: people, rules, readings, and the clock moved on."""

from collections.abc import Callable
from datetime import datetime, timedelta

from anlan.accounts.models import Area, User
from anlan.kit.deadlines import deadlines_sweep
from anlan.kit.models import Notice
from anlan.monitoring.ingest import readings_store
from anlan.monitoring.models import Alarm, Device, DutyShift, ThresholdRule
from anlan.monitoring.moments import now_ms

from .frames import frame

DeviceMaker = Callable[..., Device]


def person(area: Area, role: str = "duty_officer", name: str = "王建国") -> User:
    found = User.objects.filter(username=f"{role}-{name}-{area.code}").first()
    return found or User.objects.create(username=f"{role}-{name}-{area.code}", display_name=name, role=role, area=area)


def level_rule(**more: object) -> ThresholdRule:
    """Blue from 3 m, yellow from 4, red from 5; silent after ten minutes."""
    values = {
        "name": "河道水位", "device_kind": "level", "key": "39", "low": -2, "high": 30, "source": "test",
        "blue_raise": 3, "blue_clear": 2.5, "yellow_raise": 4, "yellow_clear": 3.5, "red_raise": 5, "red_clear": 4.5,
        "no_data_minutes": 10, "no_data_level": 1,
    }  # fmt: skip
    return ThresholdRule.objects.create(**(values | more))


def power_rule() -> ThresholdRule:
    return ThresholdRule.objects.create(
        name="主电故障", device_kind="fire_panel", key="45H:ac", yellow_raise=0.5, yellow_clear=0.5, source="test"
    )


def says(value: float, *, code: str = "0011223344", key: str = "39", at: int | None = None) -> int:
    """A device says a value; gives the moment."""
    now = now_ms() if at is None else at
    readings_store(batch=[frame([(key, now, value)], code=code)], now=now)
    return now


def alarm_of(code: str, kind: int = Alarm.Kind.LEVEL) -> Alarm:
    return Alarm.objects.filter(device__code=code, kind=kind).latest("pk")


def on_shift(user: User, role: str = "duty_officer", *, area: Area | None = None, hours: int = 8) -> DutyShift:
    now = datetime.fromtimestamp(now_ms() / 1000).astimezone()
    return DutyShift.objects.create(
        person=user, role=role, area=area or user.area, starts_at=now - timedelta(hours=1),
        ends_at=now + timedelta(hours=hours),
    )  # fmt: skip


def pass_time(run_jobs: Callable[[], int], *, minutes: float = 0) -> None:
    """Sweeps deadlines as if so many minutes had gone by, and runs what comes of it."""
    run_jobs()
    now = datetime.fromtimestamp(now_ms() / 1000).astimezone() + timedelta(minutes=minutes)
    deadlines_sweep(now=now)
    run_jobs()


def told(alarm: Alarm) -> list[str]:
    """Addresses of the notices about an alarm, oldest first."""
    found = Notice.objects.filter(about="monitoring.alarm", about_id=alarm.pk).order_by("pk")
    return list(found.values_list("address", flat=True))


def steps(alarm: Alarm) -> list[str]:
    return list(alarm.steps.order_by("pk").values_list("step", flat=True))
