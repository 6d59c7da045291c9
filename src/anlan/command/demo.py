"""The demo's past: incidents of the year before the demo's day, taken through every step by the services themselves."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from pathlib import Path
from random import Random

from django.contrib.gis.geos import Point
from django.utils import timezone
from django.utils.translation import gettext as _

from anlan.accounts.models import User
from anlan.accounts.roles import Role
from anlan.command import services
from anlan.command.flows import SignalState
from anlan.command.kinds import ReportKind
from anlan.command.models import Incident, Order, Signal
from anlan.command.needs import NEEDS
from anlan.command.services.alarms import signal_from_alarm
from anlan.kit.demo import DemoWorld
from anlan.kit.flow import IllegalStep
from anlan.monitoring.models import Alarm
from anlan.registry.models import Enterprise, Team
from anlan.registry.selectors import nearest_teams

INCIDENTS, DISMISSED = 60, 25
PATIENCE = timedelta(minutes=3)
OVER, KNOWN = "现场电话核实无异常,监测已恢复正常。", "已知情况:供电所正在抢修,现场无险情。"
DAYS = 300


@dataclass(frozen=True, kw_only=True)
class Story:
    """What happens, as people would write it. `{place}` is a firm's address."""

    event_type: str
    source: str
    title: str
    seen: str
    order: str
    result: str


@dataclass(frozen=True, kw_only=True)
class Tales:
    stories: list[Story]
    dismissals: list[str]


def tales() -> Tales:
    """The stories of `data/demo_stories.json`."""
    known = json.loads((Path(__file__).parent / "data/demo_stories.json").read_text(encoding="utf-8"))
    return Tales(stories=[Story(**story) for story in known["stories"]], dismissals=known["dismissals"])


@dataclass(frozen=True, kw_only=True)
class Cast:
    """Who acts in the stories."""

    officer: User
    commander: User
    second: User


def demo(world: DemoWorld) -> None:
    """Closed incidents and dismissed signals; of the devices' own alarms of the last hours a forecast alone stays open."""
    officers = User.objects.filter(role=Role.DUTY_OFFICER).order_by("pk")
    commanders = list(User.objects.filter(role=Role.COMMANDER).order_by("pk")[:2])
    places = list(Enterprise.objects.exclude(location=None).select_related("area").order_by("pk")[:400])
    if not (officers and len(commanders) == 2 and places):
        return
    cast, rng = Cast(officer=officers[0], commander=commanders[0], second=commanders[1]), world.rng("command")
    told = tales()
    for at in _moments(world, rng, world.count(INCIDENTS, least=6)):
        story = rng.choice(told.stories)
        _incident(_signal(story, rng.choice(places), cast, at), story, cast, _Clock(at + timedelta(seconds=40), rng))
    for at in _moments(world, rng, world.count(DISMISSED, least=3)):
        signal = _signal(rng.choice(told.stories), rng.choice(places), cast, at)
        reason, later = rng.choice(told.dismissals), at + timedelta(minutes=4)
        services.signal_dismiss(signal=signal, reason=reason, by=cast.officer, at=later)
    _alarms_seen(cast)
    world.hush("command.")
    counts = {"incidents": Incident.objects.count(), "signals": Signal.objects.count()}
    world.progress(_("突发事件 %(incidents)d 宗，警情 %(signals)d 条") % counts)


def _alarms_seen(cast: Cast) -> None:
    """What monitoring's demo has raised is on the desk at once, and dealt with but for what is still to come."""
    alarms = Alarm.objects.exclude(kind__in=Alarm.FAULTS).exclude(kind=Alarm.Kind.FORECAST, cleared_at=None)
    for alarm in alarms.order_by("pk"):
        if (signal := signal_from_alarm(alarm_id=alarm.pk)) is not None:
            at = min(timezone.now(), signal.arrived_at + PATIENCE)
            _dismissed(signal, OVER if alarm.cleared_at else KNOWN, cast.officer, at)


def signals_tidy(*, now: datetime) -> int:
    """A stand-in for the officer on duty while recorded traffic plays: ends signals that nobody has taken up and whose
    alarm was over before their first report fell due; how many.
    """
    officer = User.objects.filter(role=Role.DUTY_OFFICER, is_active=True).order_by("pk").first()
    over = Signal.objects.filter(state=SignalState.WAITING, alarm__cleared_at__isnull=False)
    old = over.filter(arrived_at__lt=now - PATIENCE).order_by("pk")
    if officer is None:
        return 0
    return sum(_dismissed(signal, OVER, officer) for signal in old)


def _dismissed(signal: Signal, reason: str, by: User, at: datetime | None = None) -> bool:
    """False where somebody was here first."""
    try:
        services.signal_watch(signal=signal, by=by, at=at)
        services.signal_dismiss(signal=signal, reason=reason, by=by, at=at)
    except IllegalStep:
        return False
    return True


def _moments(world: DemoWorld, rng: Random, count: int) -> Iterator[datetime]:
    """Moments of the year before the demo's day, in order."""
    first = timezone.make_aware(datetime.combine(world.day, time(8))) - timedelta(days=DAYS)
    minutes = sorted(rng.randrange(DAYS * 24 * 60 - 2 * 24 * 60) for _ in range(count))
    yield from (first + timedelta(minutes=minute, seconds=rng.randrange(60)) for minute in minutes)


def _signal(story: Story, place: Enterprise, cast: Cast, at: datetime) -> Signal:
    address = place.address or place.name
    signal = services.signal_enter(
        area=place.area,
        title=story.title.format(place=address)[:120],
        source=story.source,
        event_type=story.event_type,
        description=story.seen,
        address=address,
        location=place.location,
        by=cast.officer,
        at=at,
    )
    return services.signal_watch(signal=signal, by=cast.officer, at=at + timedelta(seconds=25))


def _incident(signal: Signal, story: Story, cast: Cast, now: "_Clock") -> Incident:
    by, kind, seen = cast.officer, signal.event_type, story.seen
    level = now.rng.choice([1, 2, 2, 3])
    signal = services.signal_judge(signal=signal, level=level, event_type=kind, by=by, at=now(30, 60))
    services.report_submit(kind=ReportKind.FIRST, signal=signal, situation=seen, by=by, at=now(60, 150))
    signal = services.signal_verify(signal=signal, way="phone", note=seen, by=by, at=now(20, 90))
    incident = services.incident_open(signal=signal, by=by, at=now(10, 40))
    services.incident_appoint(incident=incident, commander=cast.commander, by=cast.commander, at=now(20, 90))
    for team in _teams(incident, cast.commander, now.rng):
        _order(incident, team, story, cast, now)
    return _closed(services.incident_control(incident=incident, by=by, at=now(300, 1800)), story, cast, now)


def _closed(incident: Incident, story: Story, cast: Cast, now: "_Clock") -> Incident:
    services.report_submit(
        kind=ReportKind.FINAL,
        incident=incident,
        situation=story.seen,
        measures=story.order,
        next_steps=story.result,
        by=cast.officer,
        at=now(600, 1800),
    )
    asked = services.incident_request_close(incident=incident, summary=story.result, by=cast.officer, at=now(60, 600))
    return services.incident_approve_close(incident=asked, by=cast.second, at=now(300, 3600))


class _Clock:
    """Moves on by a random span of seconds each time it is asked."""

    def __init__(self, at: datetime, rng: Random) -> None:
        self.at, self.rng = at, rng

    def __call__(self, least: int, most: int) -> datetime:
        self.at += timedelta(seconds=self.rng.randint(least, most))
        return self.at


def _teams(incident: Incident, user: User, rng: Random) -> list[Team]:
    point, needs = incident.location, NEEDS[incident.event_type]
    if point is None:
        return []
    near = nearest_teams(point=point, disciplines=needs.disciplines, limit=2, user=user)
    return [one.row for one in near][: rng.choice([1, 1, 2])]


def _order(incident: Incident, team: Team, story: Story, cast: Cast, now: _Clock) -> Order:
    leader = User.objects.filter(role=Role.TEAM_LEADER, organisation_id=team.organisation_id or -1).first()
    by, spot = leader or cast.officer, incident.location
    order = services.order_send(incident=incident, team=team, text=story.order, by=cast.commander, at=now(20, 120))
    order = services.order_receive(order=order, by=by, at=now(20, 150))
    position = Point(spot.x, spot.y, srid=4490) if spot else None
    order = services.order_arrive(order=order, by=by, position=position, at=now(360, 1200))
    return services.order_finish(order=order, result=story.result, by=by, position=position, at=now(900, 5400))
