"""Orders 指令: sent to a team, received, arrived, done, or answered with why not. The team's status follows."""

from typing import Any, Unpack

from django.contrib.gis.geos import Point
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from anlan.accounts.acts import Act, clock_text, moment, say
from anlan.accounts.models import User
from anlan.accounts.roles import Role
from anlan.accounts.telling import TITLE_LENGTH, Word, duty_tell
from anlan.command.events import OrderSent
from anlan.command.flows import (
    ANSWERED,
    INCIDENT,
    ORDER,
    ORDER_ARRIVAL,
    ORDER_RECEIPT,
    IncidentStep,
    OrderState,
    OrderStep,
)
from anlan.command.kinds import EntryKind
from anlan.command.models import Incident, Order
from anlan.command.services.clocks import clock_due, clock_rule, clock_stop, clocks_start
from anlan.command.services.steps import entry_add, incident_announce, locked, order_announce
from anlan.kit.events import publish
from anlan.kit.live import live_publish
from anlan.kit.notices import Message, notices_send
from anlan.registry.models import Team


@transaction.atomic
def order_send(
    *,
    incident: Incident,
    team: Team,
    text: str,
    minutes: int | None = None,
    destination: Point | None = None,
    **act: Unpack[Act],
) -> Order:
    """召: `minutes` to arrive, the law row's where not said. Sending one form twice raises `AlreadyDone`."""
    row, at = locked(incident, act), moment(act)
    move = INCIDENT.take(row.state, IncidentStep.ORDER, act["by"])
    if not text.strip():
        raise ValidationError(gettext("指令内容不能为空。"))
    order = _order_create(row, team, text.strip(), minutes, destination, act)
    row.state = move.to
    row.save(update_fields=["state"])
    said = say(_("向%(team)s下达第%(number)s号指令：%(text)s"), team=team, number=order.number, text=order.text)
    entry_add(kind=EntryKind.ORDER, step=IncidentStep.ORDER, text=said, act=act, at=at, order=order)
    _team_follows(order)
    _team_notice(order, say(_("新指令：%(title)s"), title=row.title))
    publish(OrderSent(order_id=order.pk, incident_id=row.pk, team_id=team.pk))
    order_announce(order)
    incident_announce(row)
    return order


def _order_create(
    incident: Incident, team: Team, text: str, minutes: int | None, destination: Point | None, act: Act
) -> Order:
    at = moment(act)
    receipt, arrival = clock_rule(ORDER_RECEIPT, at=at), clock_rule(ORDER_ARRIVAL, at=at)
    if minutes is not None:
        arrival = {"minutes": minutes, "chase_minutes": [minutes]}
    last = incident.orders.aggregate(last=Max("number"))["last"] or 0
    order = Order.objects.create(
        incident=incident,
        number=last + 1,
        team=team,
        text=text,
        destination=destination or incident.location,
        sent_at=at,
        sent_by=act["by"],
        receipt_due_at=clock_due(receipt, at),
        due_at=clock_due(arrival, at),
    )
    clocks_start(kind=ORDER_RECEIPT, subject=Order, starts={order.pk: at}, rule=receipt)
    clocks_start(kind=ORDER_ARRIVAL, subject=Order, starts={order.pk: at}, rule=arrival)
    return order


def order_locked(order: Order, act: Act, step: OrderStep) -> tuple[Order, OrderState, tuple[str, ...]]:
    """The order and its incident, locked (the incident first, as closing does), with the state after the step."""
    Incident.objects.select_for_update(of=("self",)).get(pk=order.incident_id)
    row = locked(order, act)
    move = ORDER.take(row.state, step, act["by"])
    if not Order.objects.visible_to(act["by"]).filter(pk=row.pk).exists():
        raise PermissionDenied(gettext("这不是您的队伍的指令。"))
    return row, move.to, move.stops


def _order_step(order: Order, step: OrderStep, text: str, act: Act, **changes: Any) -> Order:
    row, row_state, stops = order_locked(order, act, step)
    for name, value in changes.items():
        setattr(row, name, value)
    row.state = row_state
    row.validate_constraints()
    row.save()
    for kind in stops:
        clock_stop(kind=kind, subject=row, at=moment(act))
    said = say(_("%(team)s（第%(number)s号指令）：%(text)s"), team=row.team, number=row.number, text=text)
    entry_add(kind=EntryKind.ORDER, step=step, text=said, act=act, order=row, data=_where(act))
    _team_follows(row)
    order_announce(row)
    return row


def _where(act: Act) -> dict[str, Any]:
    position = act.get("position")
    return {"lon": position.x, "lat": position.y} if position else {}


@transaction.atomic
def order_receive(*, order: Order, **act: Unpack[Act]) -> Order:
    changes = {"received_at": moment(act), "received_position": act.get("position")}
    return _order_step(order, OrderStep.RECEIVE, say(_("签收")), act, **changes)


@transaction.atomic
def order_arrive(*, order: Order, **act: Unpack[Act]) -> Order:
    changes = {"arrived_at": moment(act), "arrived_position": act.get("position")}
    return _order_step(order, OrderStep.ARRIVE, say(_("到达现场")), act, **changes)


@transaction.atomic
def order_feedback(*, order: Order, text: str, **act: Unpack[Act]) -> Order:
    """Word from the field that changes no state."""
    if not text.strip():
        raise ValidationError(gettext("反馈不能为空。"))
    return _order_step(order, OrderStep.FEEDBACK, say(_("反馈：%(text)s"), text=text.strip()), act)


@transaction.atomic
def order_finish(*, order: Order, result: str, **act: Unpack[Act]) -> Order:
    changes = {"result": result.strip(), "ended_at": moment(act), "ended_position": act.get("position")}
    return _order_step(order, OrderStep.FINISH, say(_("完成：%(text)s"), text=result.strip()), act, **changes)


@transaction.atomic
def order_decline(*, order: Order, reason: str, **act: Unpack[Act]) -> Order:
    """The team cannot; the desk is told at once."""
    changes = {"reason": reason.strip(), "ended_at": moment(act), "ended_position": act.get("position")}
    row = _order_step(order, OrderStep.DECLINE, say(_("无法执行：%(text)s"), text=reason.strip()), act, **changes)
    title = say(_("%(team)s无法执行指令"), team=row.team)
    _desk_notice(row, title, row.reason, (Role.DUTY_OFFICER, Role.COMMANDER), "alert")
    return row


@transaction.atomic
def order_withdraw(*, order: Order, reason: str, **act: Unpack[Act]) -> Order:
    changes = {"reason": reason.strip(), "ended_at": moment(act)}
    row = _order_step(order, OrderStep.WITHDRAW, say(_("撤回：%(text)s"), text=reason.strip()), act, **changes)
    _team_notice(row, say(_("指令已撤回：%(title)s"), title=row.incident.title))
    return row


def order_chase(*, order_id: int, kind: str, minute: int) -> None:
    """Asks the team again and tells who sent the order."""
    order = _order_waiting(order_id, kind)
    if order is None:
        return
    what = say(_("签收") if kind == ORDER_RECEIPT else _("到达"))
    title = say(_("%(team)s已%(minute)s分钟未%(what)s"), team=order.team, minute=minute, what=what)
    tag = say(_("指令催办"))
    _team_notice(order, say(_("请尽快%(what)s：%(title)s"), what=what, title=order.incident.title), tag)
    _desk_notice(order, title, order.text, (Role.DUTY_OFFICER,), "warn", tag)
    entry_add(kind=EntryKind.CLOCK, text=say(_("%(title)s，已催办"), title=title), order=order)


def order_breach(*, order_id: int, kind: str) -> None:
    """Writes on the timeline that a deadline of the order passed, and tells the commanders."""
    order = _order_waiting(order_id, kind)
    if order is None:
        return
    due = order.receipt_due_at if kind == ORDER_RECEIPT else order.due_at
    what = say(_("签收") if kind == ORDER_RECEIPT else _("到达"))
    text = say(_("%(team)s%(what)s超时，时限 %(due)s"), team=order.team, what=what, due=clock_text(due))
    entry_add(kind=EntryKind.CLOCK, text=text, order=order, data={"breach": kind})
    _desk_notice(order, text, order.text, (Role.COMMANDER,), "alert", say(_("指令超时")))
    order_announce(order)


def _order_waiting(order_id: int, kind: str) -> Order | None:
    order = Order.objects.select_for_update(of=("self",)).get(pk=order_id)
    waits = {OrderState.SENT} if kind == ORDER_RECEIPT else {OrderState.SENT, OrderState.RECEIVED}
    return order if order.state in waits else None


def _team_follows(order: Order) -> None:
    """Dispatched while any of its orders is unanswered, on standby afterwards."""
    team = Team.objects.select_for_update(of=("self",)).get(pk=order.team_id)
    busy = Order.objects.filter(team=team).exclude(state__in=ANSWERED).exists()
    status = Team.Status.DISPATCHED if busy else Team.Status.STANDBY
    if team.status != status:
        team.status = status
        team.save(update_fields=["status"])
        spot = team.location
        place = {"lon": spot.x, "lat": spot.y} if spot else {}
        live_publish("team", area_path=team.area.path, id=team.pk, title=team.name, status=status, **place)


def _team_notice(order: Order, title: str, tag: str = "") -> None:
    leaders = User.objects.filter(role=Role.TEAM_LEADER, is_active=True, organisation_id=order.team.organisation_id)
    notices_send(
        Message(
            address=f"user:{leader.pk}",
            title=title[:TITLE_LENGTH],
            body=order.text,
            level="alert",
            url=f"/orders/{order.pk}/",
            about=order,
            tag=tag,
            place=str(order.incident.area),
            urgent=bool(tag),
        )
        for leader in (leaders if order.team.organisation_id else [])
    )


def _desk_notice(order: Order, title: str, body: str, roles: tuple[Role, ...], level: str, tag: str = "") -> None:
    word = Word(
        roles=roles,
        area=order.incident.area,
        title=title,
        body=body,
        level=level,
        url=f"/incidents/{order.incident_id}/",
        about=order,
        tag=tag,
        urgent=bool(tag),
    )
    duty_tell(word)
