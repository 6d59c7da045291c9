"""Tells people of many alarms with few statements: collects what one transaction decides, and writes it at the end."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from anlan.accounts.models import User
from anlan.kit.notices import Message, notices_send
from anlan.monitoring.alarm_flow import AlarmStepName
from anlan.monitoring.clocks import Chains, chains_set, paths_above, repeats_set
from anlan.monitoring.findings import finding_note
from anlan.monitoring.models import Alarm, AlarmFinding, AlarmStep, DutyShift, Level
from anlan.monitoring.wording import alarm_title, say

ALERT_FROM = 3


def on_duty(*, role: str, path: str, at: datetime) -> list[User]:
    """Who holds this duty at a moment for the area of this path: those of the nearest area that has any."""
    shifts = DutyShift.objects.filter(
        role=role, starts_at__lte=at, ends_at__gt=at, area__path__in=paths_above(path), person__is_active=True
    ).select_related("person", "area")
    nearest = max((shift.area.path for shift in shifts), key=len, default="")
    found = {shift.person_id: shift.person for shift in shifts if shift.area.path == nearest}
    return [found[pk] for pk in sorted(found)]


class Turn:
    """One transaction's work on locked alarms; nothing of it is written before `finish`."""

    def __init__(self, at: datetime) -> None:
        self.at = at
        self.chains = Chains()
        self._people: dict[tuple[str, str], list[User]] = {}
        self._steps: list[AlarmStep] = []
        self._messages: list[Message] = []
        self._nobody: set[str] = set()
        self._moved: dict[int, Alarm] = {}
        self._repeated: dict[int, Alarm] = {}

    def people(self, role: str, alarm: Alarm) -> list[User]:
        """Who holds a duty now for an alarm's area."""
        key = role, alarm.area.path
        if key not in self._people:
            self._people[key] = on_duty(role=role, path=alarm.area.path, at=self.at)
        return self._people[key]

    def step(self, alarm: Alarm, note: str) -> None:
        """A step of the chain was taken."""
        alarm.chain_place += 1
        self._steps.append(
            AlarmStep(alarm=alarm, step=AlarmStepName.NOTIFY, at=self.at, level=alarm.level, note=note[:500])
        )

    def nobody(self, subject: str) -> None:
        self._nobody.add(subject)

    def clock(self, alarm: Alarm, *, chain: bool) -> None:
        """The next reminder is counted from now, and with `chain` the next step up."""
        self._repeated[alarm.pk] = alarm
        if chain:
            self._moved[alarm.pk] = alarm

    def tell(self, alarm: Alarm, people: Iterable[Any], why: str, *, counted: bool = True) -> None:
        """Messages to these people; to the duty officers' role where there is nobody.

        Not `counted`, a message is meant for this person and never becomes part of a bundle.
        """
        addresses = [f"user:{person.pk}" for person in people]
        district = paths_above(alarm.area.path)[0].rstrip(".")
        level = say(Level(alarm.level).label)
        title = say(_("【%(level)s】%(alarm)s"), level=level, alarm=alarm_title(alarm))[:200]
        at = f"{timezone.localtime(alarm.raised_at):%m-%d %H:%M:%S}"
        body = say(_("%(area)s %(at)s 触发。%(why)s"), area=alarm.area, at=at, why=why)
        self._messages += [
            Message(
                address=address, title=title, body=body, level="alert" if alarm.level >= ALERT_FROM else "warn",
                url=f"/alarms/{alarm.pk}/", about=alarm, tag=level if counted else "", place=_place(alarm),
                urgent=alarm.level >= Level.RED,
            )
            for address in addresses or [f"role:duty_officer@{district}"]
        ]  # fmt: skip

    def finish(self) -> None:
        AlarmStep.objects.bulk_create(self._steps)
        Alarm.objects.bulk_update(self._moved.values(), ["chain_place"])
        chains_set(self._moved.values(), self.chains, self.at)
        repeats_set(self._repeated.values(), self.chains, self.at)
        for subject in sorted(self._nobody):
            finding_note(kind=AlarmFinding.Kind.NOBODY, subject=subject, now=self.at)
        notices_send(self._messages)


def _place(alarm: Alarm) -> str:
    """Where people look for it: the facility, else the enterprise, else the area."""
    device = alarm.device
    return str(device.facility or device.enterprise or alarm.area)
