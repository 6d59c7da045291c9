"""What every step of command shares: the lock, the timeline, the open pages."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Required, TypedDict, TypeVar, Unpack

from django.contrib.gis.geos import Point
from django.core.exceptions import ObjectDoesNotExist
from django.db import models
from django.utils import timezone

from anlan.accounts import acts
from anlan.accounts.acts import Act, moment
from anlan.command.flows import ASPECT_OF
from anlan.command.models import Entry, Incident, Order, Report, Signal
from anlan.kit.live import live_publish, live_publish_all

R = TypeVar("R", bound=models.Model)


def locked(row: R, act: Act) -> R:
    """The row as it is now, locked to the end of the transaction. Raises `AlreadyDone`."""
    return acts.locked(row, act, Entry.objects.all())


def form_begin(act: Act) -> None:
    """Raises `AlreadyDone` for a form whose work stands on the timeline."""
    acts.form_begin(act, Entry.objects.all())


def locked_all(rows: models.QuerySet[R], ids: Iterable[int]) -> dict[int, R]:
    """Rows by id as they are now, locked in one order, so that two batches never wait for each other in a ring.

    Raises `ObjectDoesNotExist` where one is missing.
    """
    wanted = set(ids)
    locking = rows.select_for_update(of=("self",), no_key=True).filter(pk__in=wanted)
    found = {row.pk: row for row in locking.order_by("pk")}
    if missing := wanted - found.keys():
        raise ObjectDoesNotExist(f"{rows.model._meta.label_lower} {sorted(missing)}")
    return found


class About(TypedDict, total=False):
    """What an entry of the timeline refers to."""

    signal: Signal | None
    incident: Incident | None
    order: Order | None
    report: Report | None
    strikes: Entry | None
    data: dict[str, Any]


class Said(About, total=False):
    """An entry of the timeline; without `act` it is the system that speaks, without `at` now."""

    kind: Required[str]
    text: Required[str]
    act: Act | None
    at: datetime | None
    step: str
    aspect: str


def entry_new(**said: Unpack[Said]) -> Entry:
    """An entry that is not yet written."""
    act, step = said.get("act"), said.get("step", "")
    about: dict[str, Any] = {name: said.get(name) for name in About.__annotations__ if name in said}
    signal, order = said.get("signal"), said.get("order")
    around = (signal.incident if signal else None) or (order.incident if order else None)
    about["incident"] = about.get("incident") or around
    return Entry(
        at=said.get("at") or (moment(act) if act else timezone.now()),
        actor=act["by"] if act else None,
        key=act.get("key") if act else None,
        kind=said["kind"],
        step=step,
        aspect=said.get("aspect") or ASPECT_OF.get(step, ""),
        text=said["text"],
        **about,
    )


def entry_add(**said: Unpack[Said]) -> Entry:
    """Appends to the timeline."""
    entry = entry_new(**said)
    entry.save(force_insert=True)
    return entry


def _spot(location: Point | None) -> dict[str, float | None]:
    return {"lon": location.x if location else None, "lat": location.y if location else None}


def signal_announce(*signals: Signal) -> None:
    """Tells the open pages that signals are new or different."""
    live_publish_all("signal", [(signal.area.path, _news(signal)) for signal in signals])


def _news(signal: Signal) -> dict[str, Any]:
    shown = {"id": signal.pk, "title": signal.title, "level": signal.level, "state": signal.state}
    return {**shown, **_spot(signal.location)}


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
