"""The demo's roster and cause tree: three watches a day, leaders by the day, panels whose power explains their house."""

from collections.abc import Iterator
from datetime import datetime, time, timedelta

from django.utils import timezone

from anlan.accounts.models import Area, User
from anlan.kit.demo import DemoWorld
from anlan.monitoring.models import CauseRule, Device, DutyRole, DutyShift

BEFORE, DAYS = 7, 120
WATCH = timedelta(hours=8)
HOLDERS = {
    DutyRole.DUTY_OFFICER: ("duty_officer", "commander"),
    DutyRole.SHIFT_LEADER: ("commander",),
    DutyRole.BUREAU_LEADER: ("leader",),
}


def duty_demo(world: DemoWorld) -> None:
    if DutyShift.objects.exists():
        return
    district = Area.objects.get(level=Area.Level.DISTRICT)
    world.insert(list(_shifts(world, district)))
    world.insert(
        [
            CauseRule(
                name="主电故障", device_kind=Device.Kind.FIRE_PANEL, key="*:power", scope=CauseRule.Scope.FACILITY
            ),
            CauseRule(
                name="监测线路故障", device_kind=Device.Kind.FIRE_PANEL, key="*:link", scope=CauseRule.Scope.DEVICE
            ),
        ]
    )


def _shifts(world: DemoWorld, district: Area) -> Iterator[DutyShift]:
    first = timezone.make_aware(datetime.combine(world.day - timedelta(days=BEFORE), time(8)))
    for role, roles in HOLDERS.items():
        people = list(User.objects.filter(role__in=roles).order_by("username"))
        length = WATCH if role == DutyRole.DUTY_OFFICER else timedelta(days=1)
        for number in range(DAYS * timedelta(days=1) // length if people else 0):
            start = first + number * length
            yield DutyShift(
                person=people[number % len(people)], role=role, area=district, starts_at=start, ends_at=start + length
            )
