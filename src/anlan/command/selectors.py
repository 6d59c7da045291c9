"""What the pages of command read. Rows come through `visible_to`."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.contrib.gis.geos import Point
from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from anlan.command.flows import ANSWERED, OPEN_SIGNALS, IncidentState, OrderState, SignalState
from anlan.command.models import Entry, Incident, Order, Signal
from anlan.command.needs import NEEDS
from anlan.registry.models import Shelter, Stock, Team
from anlan.registry.selectors import Suggestion, nearest_shelters, nearest_stock, nearest_teams

TEAMS, SHELTERS, GOODS = 6, 4, 5
WAITING_LIMIT = 60


@dataclass(frozen=True, kw_only=True)
class Suggestions:
    """`about`: the point is only the middle of the area, since nobody has placed the incident yet."""

    teams: list[Suggestion[Team]]
    shelters: list[Suggestion[Shelter]]
    stock: list[Suggestion[Stock]]
    about: bool


@dataclass(frozen=True, kw_only=True)
class Running:
    """A clock that runs, for the desk's list."""

    what: str
    title: str
    url: str
    start: datetime
    due: datetime


@dataclass(frozen=True, kw_only=True)
class Desk:
    waiting: list[Signal]
    more: int
    clocks: list[Running]
    incidents: list[Incident]
    counts: dict[str, int]
    now: datetime


def signals_open(user: Any) -> QuerySet[Signal]:
    """Signals that nobody has ended, the gravest first, among equals the one whose clock ends first."""
    rows = Signal.objects.visible_to(user).filter(state__in=OPEN_SIGNALS)
    return rows.select_related("area", "assigned_to", "alarm").order_by("-level", "first_report_due_at")


def incidents_open(user: Any) -> QuerySet[Incident]:
    rows = Incident.objects.visible_to(user).exclude(state=IncidentState.CLOSED)
    counts = {
        "orders_total": Count("orders", distinct=True),
        "orders_waiting": Count("orders", filter=~Q(orders__state__in=ANSWERED), distinct=True),
    }
    return rows.select_related("area", "commander").annotate(**counts).order_by("grade", "-opened_at")


def orders_waiting(user: Any) -> QuerySet[Order]:
    """Orders that the team has not arrived with yet, the soonest deadline first."""
    rows = Order.objects.visible_to(user).filter(state__in=[OrderState.SENT, OrderState.RECEIVED])
    return rows.select_related("team", "incident").order_by("receipt_due_at")


def desk(user: Any) -> Desk:
    """Everything on the duty desk at one moment."""
    signals = list(signals_open(user)[: WAITING_LIMIT + 1])
    incidents = list(incidents_open(user))
    orders = list(orders_waiting(user))
    return Desk(
        waiting=signals[:WAITING_LIMIT],
        more=max(0, signals_open(user).count() - WAITING_LIMIT),
        clocks=_clocks(user, orders),
        incidents=incidents,
        counts=_counts(user, signals, incidents),
        now=timezone.now(),
    )


def _counts(user: Any, signals: list[Signal], incidents: list[Incident]) -> dict[str, int]:
    day = timezone.now() - timedelta(hours=24)
    teams = Team.objects.visible_to(user)
    return {
        "waiting": sum(s.state == SignalState.WAITING for s in signals),
        "watched": sum(s.state != SignalState.WAITING for s in signals),
        "incidents": len(incidents),
        "late": Signal.objects.visible_to(user).filter(first_report_breached_at__gte=day).count(),
        "standby": teams.filter(status=Team.Status.STANDBY).count(),
        "dispatched": teams.filter(status=Team.Status.DISPATCHED).count(),
    }


def _clocks(user: Any, orders: list[Order]) -> list[Running]:
    """First reports of opened incidents, receipts and arrivals; those of waiting signals stand on their cards."""
    opened = Signal.objects.visible_to(user).filter(state=SignalState.OPENED, first_report_at=None)
    found = [
        Running(
            what="report",
            title=signal.title,
            url=f"/incidents/{signal.incident_id}/",
            start=signal.arrived_at,
            due=signal.first_report_due_at,
        )
        for signal in opened
    ]
    return sorted([*found, *(_order_clock(order) for order in orders)], key=lambda clock: clock.due)


def _order_clock(order: Order) -> Running:
    receipt = order.state == OrderState.SENT
    return Running(
        what="receipt" if receipt else "arrival",
        title=f"{order.team} · {order.incident}",
        url=f"/incidents/{order.incident_id}/#order-{order.pk}",
        start=order.sent_at,
        due=order.receipt_due_at if receipt else order.due_at,
    )


def incident_timeline(incident: Incident) -> list[Entry]:
    rows = Entry.objects.of_incident(incident).select_related("actor", "struck_by", "order__team")
    return list(rows)


def signal_timeline(signal: Signal) -> list[Entry]:
    return list(Entry.objects.of_signal(signal).select_related("actor", "struck_by"))


def incident_spot(incident: Incident) -> tuple[Point | None, bool]:
    """Where the incident is, and whether that is only the middle of its area."""
    if incident.location:
        return incident.location, False
    boundary = incident.area.boundary
    return (boundary.point_on_surface if boundary else None), True


def incident_suggestions(incident: Incident, user: Any) -> Suggestions:
    """Teams, shelters and goods by distance, with the reason for each."""
    needs = NEEDS[incident.event_type]
    point, about = incident_spot(incident)
    if point is None:
        return Suggestions(teams=[], shelters=[], stock=[], about=about)
    shelters = nearest_shelters(point=point, limit=SHELTERS, user=user) if needs.shelter else []
    return Suggestions(
        teams=nearest_teams(point=point, disciplines=needs.disciplines, limit=TEAMS, user=user),
        shelters=shelters,
        stock=nearest_stock(point=point, categories=needs.goods, limit=GOODS, user=user),
        about=about,
    )


def orders_of_team(user: Any) -> QuerySet[Order]:
    """A team leader's orders, those that wait for something first."""
    rows = Order.objects.visible_to(user).select_related("incident", "team", "incident__area")
    return rows.annotate(ended=Count("pk", filter=Q(state__in=ANSWERED))).order_by("ended", "-sent_at")
