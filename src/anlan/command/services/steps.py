"""What every step of command shares: the lock, the timeline, the open pages."""

from datetime import datetime
from typing import Any, TypedDict, TypeVar, Unpack

from django.contrib.gis.geos import Point
from django.db import models
from django.utils import timezone

from anlan.accounts import acts
from anlan.accounts.acts import Act, moment
from anlan.command.flows import ASPECT_OF
from anlan.command.models import Entry, Incident, Order, Report, Signal
from anlan.kit.live import live_publish

R = TypeVar("R", bound=models.Model)


def locked(row: R, act: Act) -> R:
    """The row as it is now, locked to the end of the transaction. Raises `AlreadyDone`."""
    return acts.locked(row, act, Entry.objects.all())


def form_begin(act: Act) -> None:
    """Raises `AlreadyDone` for a form whose work stands on the timeline."""
    acts.form_begin(act, Entry.objects.all())


class About(TypedDict, total=False):
    """What an entry of the timeline refers to."""

    signal: Signal | None
    incident: Incident | None
    order: Order | None
    report: Report | None
    strikes: Entry | None
    data: dict[str, Any]


def entry_add(
    *,
    kind: str,
    text: str,
    act: Act | None = None,
    at: datetime | None = None,
    step: str = "",
    aspect: str = "",
    **about: Unpack[About],
) -> Entry:
    """Appends to the timeline; without `act` it is the system that speaks."""
    signal, order = about.get("signal"), about.get("order")
    around = (signal.incident if signal else None) or (order.incident if order else None)
    about["incident"] = about.get("incident") or around
    return Entry.objects.create(
        at=at or (moment(act) if act else timezone.now()),
        actor=act["by"] if act else None,
        key=act.get("key") if act else None,
        kind=kind,
        step=step,
        aspect=aspect or ASPECT_OF.get(step, ""),
        text=text,
        **about,
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
