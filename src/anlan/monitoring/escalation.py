"""Who is told of an alarm: by the roster of the moment, again and again, and step by step further up."""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from anlan.accounts.models import User
from anlan.monitoring.alarm_flow import AlarmStepName
from anlan.monitoring.clocks import ChainStep
from anlan.monitoring.models import Alarm, AlarmStep, DutyRole
from anlan.monitoring.telling import Turn
from anlan.monitoring.wording import say

COMES_UP = (AlarmStepName.RAISE, AlarmStepName.ESCALATE, AlarmStepName.RELEASE, AlarmStepName.NOTIFY)


@transaction.atomic
def chains_start(*, alarm_ids: Iterable[int], now: datetime | None = None) -> None:
    """Begins at the first step: for new alarms, and again for those that reached a higher level."""
    turn = Turn(now or timezone.now())
    alarms = _waiting(alarm_ids)
    told = _told(alarms)
    for alarm in alarms:
        if alarm.pk not in told:
            alarm.chain_place = 0
            _advance(turn, alarm)
            turn.clock(alarm, chain=True)
    turn.finish()


def chain_start(*, alarm_id: int, now: datetime | None = None) -> None:
    chains_start(alarm_ids=[alarm_id], now=now)


@transaction.atomic
def chains_continue(*, alarm_ids: Iterable[int], now: datetime | None = None) -> None:
    """The next step is due, nobody has acknowledged: those told before are told that it went further up."""
    turn = Turn(now or timezone.now())
    for alarm in _waiting(alarm_ids):
        before = _reached(turn, alarm)
        reached = _advance(turn, alarm, due=True)
        if before:
            words = (
                _("已 %(minutes)d 分钟未确认,已上报上一级。")
                if reached
                else _("已 %(minutes)d 分钟未确认,上级无人在岗。")
            )
            turn.tell(alarm, before, say(words, minutes=_age(alarm, turn.at)))
        turn.clock(alarm, chain=True)
    turn.finish()


@transaction.atomic
def alarms_repeat(*, alarm_ids: Iterable[int], now: datetime | None = None) -> None:
    """Tells everybody whom the chains have reached once more."""
    turn = Turn(now or timezone.now())
    for alarm in _waiting(alarm_ids):
        words = say(_("再次提醒:已 %(minutes)d 分钟未确认。"), minutes=_age(alarm, turn.at))
        turn.tell(alarm, _reached(turn, alarm), words)
        turn.clock(alarm, chain=False)
    turn.finish()


def _reached(turn: Turn, alarm: Alarm) -> list[User]:
    """Who holds now the duties to which the chain has come."""
    reached = turn.chains.of(alarm)[: alarm.chain_place]
    return list({person.pk: person for step in reached for person in turn.people(step.role, alarm)}.values())


def _age(alarm: Alarm, at: datetime) -> int:
    """Minutes since people were told of it first."""
    return max(0, int((at - (alarm.announced_at or alarm.arrived_at)).total_seconds() // 60))


def chain_hand_up(alarm: Alarm, at: datetime) -> ChainStep | None:
    """Takes the next step of a locked alarm at once, at a person's wish; None where there is no further one."""
    turn = Turn(at)
    steps = turn.chains.of(alarm)
    if alarm.chain_place >= len(steps):
        return None
    step = steps[alarm.chain_place]
    _take(turn, alarm, step, counted=False)
    if alarm.is_waiting:
        turn.clock(alarm, chain=True)
    else:
        alarm.save(update_fields=["chain_place"])
    turn.finish()
    return step


def _waiting(alarm_ids: Iterable[int]) -> list[Alarm]:
    """Those of these alarms that ask for a person, locked in order of id."""
    rows = Alarm.objects.select_for_update(of=("self",)).filter(pk__in=list(alarm_ids)).order_by("pk")
    related = rows.select_related("area", "device__facility", "device__enterprise", "series")
    return [alarm for alarm in related if alarm.is_waiting]


def _told(alarms: Iterable[Alarm]) -> set[int]:
    """Of whom somebody was told since they last came up or grew worse: both may be news of one batch."""
    rows = AlarmStep.objects.filter(alarm__in=[alarm.pk for alarm in alarms], step__in=COMES_UP)
    last = rows.order_by("alarm_id", "-id").distinct("alarm_id").values_list("alarm_id", "step")
    return {pk for pk, step in last if step == AlarmStepName.NOTIFY}


def _advance(turn: Turn, alarm: Alarm, *, due: bool = False) -> bool:
    """Takes what is due; where nobody holds a duty, the next step follows at once. True where somebody was told."""
    steps, reached, told = turn.chains.of(alarm), False, alarm.chain_place > 0
    ready = due or not steps or steps[0].after == 0
    while ready and alarm.chain_place < len(steps):
        reached = _take(turn, alarm, steps[alarm.chain_place])
        if reached:
            break
    if alarm.chain_place >= len(steps) and not reached and not told:
        turn.tell(alarm, (), say(_("无人在岗可上报,请在岗人员处理。")))
    return reached


def _take(turn: Turn, alarm: Alarm, step: ChainStep, *, counted: bool = True) -> bool:
    """One step: tells who is on duty, or reports that nobody is. True where somebody was told."""
    people = turn.people(step.role, alarm)
    role = DutyRole(step.role).label
    names = "、".join(str(person) for person in people)
    turn.step(alarm, say(_("%(role)s:%(names)s"), role=role, names=names or _("无人在岗,转下一级")))
    if not people:
        turn.nobody(say(f"{alarm.area} · {role}"))
        return False
    turn.tell(alarm, people, say(_("由%(role)s处理;确认后停止提醒。"), role=role), counted=counted)
    return True


def tell_assignee(alarm: Alarm, note: str) -> None:
    """The person to whom an alarm was given."""
    turn = Turn(timezone.now())
    turn.tell(alarm, [alarm.assigned_to], note or say(_("该报警已指派给您。")), counted=False)
    turn.finish()
