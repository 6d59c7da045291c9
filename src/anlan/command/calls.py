"""Calls that the desk has to make now: whom, why, and where the number stands. The number itself is shown on asking."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db import models
from django.http import Http404
from django.utils import timezone
from django.utils.translation import gettext as _

from anlan.command.flows import OrderState, SignalState
from anlan.command.models import Order, Signal
from anlan.command.selectors import signals_open
from anlan.kit.masking import may_reveal
from anlan.kit.signals import tell_sensitive_read
from anlan.registry.models import Enterprise, Team

PHONES: dict[str, tuple[type[models.Model], str]] = {
    "signal": (Signal, "reporter_phone"),
    "team": (Team, "leader_phone"),
    "enterprise": (Enterprise, "contact_phone"),
}
SHOWN = 12


@dataclass(frozen=True, kw_only=True)
class Call:
    """`kind` and `pk` name the number in `PHONES`."""

    who: str
    why: str
    url: str
    kind: str
    pk: int


def calls_to_make(user: Any) -> list[Call]:
    return [*_orders_not_received(user), *_signals_to_verify(user)][:SHOWN]


def _signals_to_verify(user: Any) -> Iterator[Call]:
    rows = signals_open(user).filter(state__in=[SignalState.WATCHED, SignalState.JUDGED])
    for signal in rows.select_related("alarm__device__enterprise"):
        url = f"/signals/{signal.pk}/"
        enterprise = signal.alarm.device.enterprise if signal.alarm else None
        if enterprise and enterprise.contact_phone:
            who = f"{enterprise.contact_name} · {enterprise.name}"
            yield Call(who=who, why=_("核实：%s") % signal.title, url=url, kind="enterprise", pk=enterprise.pk)
        elif signal.reporter_phone:
            who = signal.reporter_name or _("报告人")
            yield Call(who=who, why=_("核实：%s") % signal.title, url=url, kind="signal", pk=signal.pk)


def _orders_not_received(user: Any) -> Iterator[Call]:
    rows = Order.objects.visible_to(user).filter(state=OrderState.SENT).select_related("team", "incident")
    for order in rows.order_by("sent_at"):
        if order.team.leader_phone and (timezone.now() - order.sent_at).total_seconds() > 60:
            who = f"{order.team.leader_name} · {order.team.name}"
            why = _("未签收指令：%s") % order.incident.title
            yield Call(who=who, why=why, url=f"/incidents/{order.incident_id}/", kind="team", pk=order.team_id)


def phone_reveal(*, kind: str, pk: int, user: Any) -> str:
    """The number in full; the reading is told to the audit log. Raises `Http404` where the person may not see it."""
    if kind not in PHONES or not may_reveal(user, PHONES[kind][0]):
        raise Http404
    model, field = PHONES[kind]
    row = model._default_manager.visible_to(user).filter(pk=pk).first()  # type: ignore[attr-defined]
    number = getattr(row, field, "")
    if not number:
        raise Http404
    tell_sensitive_read(model, user=user, ids=[pk], fields=[field], action="detail")
    return str(number)
