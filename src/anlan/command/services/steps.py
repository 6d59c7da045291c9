"""What every step of command shares: who acts, the lock, the form that was sent twice, the timeline, the open pages."""

from datetime import datetime
from typing import Any, Required, TypedDict, TypeVar
from uuid import UUID

from django.conf import settings
from django.contrib.gis.geos import Point
from django.db import connection, models
from django.utils import timezone
from django.utils.translation import override

from anlan.accounts.models import User
from anlan.command.flows import ASPECT_OF
from anlan.command.models import Entry, Incident, Order, Report, Signal
from anlan.kit.live import live_publish

R = TypeVar("R", bound=models.Model)


class AlreadyDone(Exception):
    """The form with this key has done its work before; nothing was done now."""


class Act(TypedDict, total=False):
    """Who takes a step, when (now, if not said), with which form, and where the phone was."""

    by: Required[User]
    at: datetime | None
    key: UUID | None
    position: Point | None


def moment(act: Act) -> datetime:
    return act.get("at") or timezone.now()


def locked(row: R, act: Act) -> R:
    """The row as it is now, locked to the end of the transaction. Raises `AlreadyDone`."""
    fresh = type(row)._default_manager.select_for_update(of=("self",)).get(pk=row.pk)
    form_begin(act)
    return fresh


def form_begin(act: Act) -> None:
    """Makes two sendings of one form wait for each other; raises `AlreadyDone` for the second."""
    if key := act.get("key"):
        with connection.cursor() as cursor:
            cursor.execute("select pg_advisory_xact_lock(hashtextextended(%s, 0))", [str(key)])
        if Entry.objects.filter(key=key).exists():
            raise AlreadyDone(key)


def say(template: Any, **values: Any) -> str:
    """A sentence of the record: always in the instance's own language, whatever language the page is in."""
    with override(settings.LANGUAGE_CODE):
        return str(template) % values if values else str(template)


def clock_text(at: datetime) -> str:
    """Local time of day, to the second."""
    return timezone.localtime(at).strftime("%H:%M:%S")


def entry_add(
    *,
    kind: str,
    text: str,
    act: Act | None = None,
    at: datetime | None = None,
    step: str = "",
    aspect: str = "",
    signal: Signal | None = None,
    incident: Incident | None = None,
    order: Order | None = None,
    report: Report | None = None,
    strikes: Entry | None = None,
    data: dict[str, Any] | None = None,
) -> Entry:
    """Appends to the timeline; without `act` it is the system that speaks."""
    return Entry.objects.create(
        at=at or (moment(act) if act else timezone.now()),
        actor=act["by"] if act else None,
        key=act.get("key") if act else None,
        kind=kind,
        step=step,
        aspect=aspect or ASPECT_OF.get(step, ""),
        text=text,
        data=data or {},
        signal=signal,
        incident=incident or (signal.incident if signal else None) or (order.incident if order else None),
        order=order,
        report=report,
        strikes=strikes,
    )


def _spot(location: Point | None) -> dict[str, float | None]:
    return {"lon": location.x if location else None, "lat": location.y if location else None}


def signal_announce(signal: Signal) -> None:
    """Tells the open pages that a signal is new or different."""
    live_publish(
        "signal",
        area_path=signal.area.path,
        id=signal.pk,
        title=signal.title,
        level=signal.level,
        state=signal.state,
        **_spot(signal.location),
    )


def incident_announce(incident: Incident) -> None:
    """Tells the open pages that an incident is new or different; `level` 4 is the gravest, as an alarm's red."""
    live_publish(
        "incident",
        area_path=incident.area.path,
        id=incident.pk,
        title=incident.title,
        level=5 - incident.grade,
        state=incident.state,
        **_spot(incident.location),
    )


def order_announce(order: Order) -> None:
    """Tells the open pages that an order is new or different, and its incident with it."""
    live_publish(
        "order",
        area_path=order.incident.area.path,
        id=order.pk,
        incident=order.incident_id,
        title=str(order.team),
        level=5 - order.incident.grade,
        state=order.state,
        **_spot(order.destination),
    )
