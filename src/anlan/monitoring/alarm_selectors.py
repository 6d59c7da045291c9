"""What an alarm's page tells of its handling: clocks, reminders, what it hides, who audits it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Q
from django.utils import timezone

from anlan.accounts.models import User
from anlan.kit.models import Deadline, Notice
from anlan.monitoring.alarm_flow import AlarmStepName
from anlan.monitoring.clocks import CHAIN, REPEAT, SUBJECT, chain_of
from anlan.monitoring.health import AUDIT_LATE, audit_age
from anlan.monitoring.models import Alarm, AlarmStep, DutyRole
from anlan.monitoring.wording import alarm_title

HIDES_SHOWN = 20
NOTICES_SHOWN = 12
FRESH = 500
"""Newest lines of all timelines among which pages look for what has just come up."""
NAMED = 10
ASKS = (AlarmStepName.RAISE, AlarmStepName.ESCALATE, AlarmStepName.RELEASE, AlarmStepName.UNSHELVE)
"""Steps after which an alarm asks for a person anew."""


@dataclass(frozen=True, kw_only=True)
class Handling:
    """`next_role` is to whom it goes next, `hides` the alarms hidden under it, the open ones first."""

    repeat_at: datetime | None
    chain_at: datetime | None
    next_role: str
    notices: list[tuple[Notice, str]]
    notice_count: int
    hides: list[Alarm]
    counts: dict[str, int]


def handling_of(alarm: Alarm) -> Handling:
    rows = Deadline.objects.filter(subject=SUBJECT, subject_id=alarm.pk, met_at=None, passed_at=None)
    due = dict(rows.values_list("kind", "due_at"))
    chain, place = chain_of(alarm), alarm.chain_place
    notices = Notice.objects.filter(about=SUBJECT, about_id=alarm.pk)
    return Handling(
        repeat_at=due.get(REPEAT),
        chain_at=due.get(CHAIN),
        next_role=str(DutyRole(chain[place].role).label) if place < len(chain) else "",
        notices=_named(list(notices[:NOTICES_SHOWN])),
        notice_count=notices.count(),
        hides=_hides(alarm),
        counts=Alarm.objects.below(alarm.pk).aggregate(
            all=Count("pk"),
            active=Count("pk", filter=Q(cleared_at=None, released_at=None)),
            cleared=Count("pk", filter=Q(cleared_at__isnull=False, released_at=None)),
            released=Count("pk", filter=Q(released_at__isnull=False)),
        ),
    )


def _hides(alarm: Alarm) -> list[Alarm]:
    rows = Alarm.objects.below(alarm.pk).select_related("device", "series").order_by("cleared_at", "-level", "-pk")
    return list(rows[:HIDES_SHOWN])


def _named(notices: list[Notice]) -> list[tuple[Notice, str]]:
    ids = [int(n.address.partition(":")[2]) for n in notices if n.address.startswith("user:")]
    names = {f"user:{user.pk}": str(user) for user in User.objects.filter(pk__in=ids)}
    return [(notice, names.get(notice.address, "")) for notice in notices]


def alarms_fresh(user: Any) -> list[dict[str, Any]]:
    """What came up of late and waits for a person: the id of that step, the level, a sentence for the newest of them;
    the worst and newest first.
    """
    last = AlarmStep.objects.order_by("-pk").values("pk")[:FRESH]
    waiting = Alarm.objects.visible_to(user).waiting().exclude(announced_at=None)
    steps = AlarmStep.objects.filter(pk__in=last, step__in=ASKS, alarm__in=waiting).order_by("pk")
    newest = {alarm: (step, level) for alarm, step, level in steps.values_list("alarm_id", "pk", "alarm__level")}
    named = sorted(newest, key=lambda alarm: -newest[alarm][0])[:NAMED]
    words = {one.pk: alarm_words(one) for one in Alarm.objects.filter(pk__in=named).select_related("device", "series")}
    found = sorted(newest.items(), key=lambda item: (-item[1][1], -item[1][0]))
    return [{"step": step, "level": level, "words": words.get(alarm, "")} for alarm, (step, level) in found]


def alarm_words(alarm: Alarm) -> str:
    return f"{alarm.get_level_display()} {alarm_title(alarm)}"


def audit_late() -> int | None:
    """Minutes since the last audit where it is too long ago; None while all is well or nothing ever ran."""
    seconds = audit_age(timezone.now()) or 0
    return int(seconds // 60) if seconds > AUDIT_LATE else None
