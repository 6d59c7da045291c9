"""Ordering 交办: who must rectify, what and by when; passing it to another side; withdrawing what is no hazard."""

from datetime import date, datetime, time
from typing import Any, TypedDict, Unpack

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from anlan.accounts.acts import Act, moment, say
from anlan.accounts.models import Organisation
from anlan.supervision.flow import HazardStep
from anlan.supervision.kinds import HazardLevel
from anlan.supervision.models import Hazard, HazardCategory
from anlan.supervision.services.clocks import day_end, deadlines_rule
from anlan.supervision.services.finding import major_tell, site_complete
from anlan.supervision.services.steps import day_text, hazard_locked, hazard_write
from anlan.supervision.services.telling import person_tell, responsible_tell


class Side(TypedDict, total=False):
    """Who must rectify: an enterprise, another body, or at least a name."""

    enterprise: Any
    organisation: Organisation | None
    contact_name: str
    contact_phone: str


class OrderAct(Act, Side, total=False):
    """A step with the responsible side."""


def _parted(told: OrderAct) -> tuple[Act, dict[str, Any]]:
    act: Act = {"by": told["by"], "at": told.get("at"), "key": told.get("key"), "position": told.get("position")}
    return act, {name: value for name, value in told.items() if name in Side.__annotations__}


@transaction.atomic
def hazard_order(
    *,
    hazard: Hazard,
    requirement: str,
    level: str = "",
    category: HazardCategory | None = None,
    due_on: date | None = None,
    **told: Unpack[OrderAct],
) -> Hazard:
    """`due_on` None: the law row's days for the level. The finding's level and category may be put right here."""
    act, side = _parted(told)
    row = hazard_locked(hazard, act, HazardStep.ORDER)
    at, graver = moment(act), level == HazardLevel.MAJOR != row.level
    row.level, row.category = level or row.level, category or row.category
    due = _due(row, due_on, at)
    _side_take(row, side)
    if not requirement.strip():
        raise ValidationError(gettext("请写明整改要求。"))
    words = {"whom": side_text(row), "due": day_text(due), "what": requirement.strip()}
    text = say(_("交办%(whom)s整改，时限 %(due)s：%(what)s"), **words)
    changes: dict[str, Any] = {"requirement": requirement.strip(), "due_at": due, "ordered_at": at}
    row = hazard_write(row, HazardStep.ORDER, text, act, ordered_by=act["by"], **changes)
    responsible_tell(row, say(_("隐患须整改：%(what)s"), what=row.brief), body=text)
    if graver:
        major_tell(row)
    return row


@transaction.atomic
def hazard_reassign(*, hazard: Hazard, reason: str, **told: Unpack[OrderAct]) -> Hazard:
    """To another side, with the reason; the deadline stays."""
    act, side = _parted(told)
    row = hazard_locked(hazard, act, HazardStep.REASSIGN)
    before = side_text(row)
    row.enterprise = row.organisation = None
    row.contact_name = row.contact_phone = ""
    _side_take(row, side)
    if not reason.strip():
        raise ValidationError(gettext("请写明改派理由。"))
    words = {"before": before, "after": side_text(row), "why": reason.strip()}
    text = say(_("由%(before)s改派%(after)s：%(why)s"), **words)
    row = hazard_write(row, HazardStep.REASSIGN, text, act)
    responsible_tell(row, say(_("隐患须整改：%(what)s"), what=row.brief), body=row.requirement)
    return row


@transaction.atomic
def hazard_withdraw(*, hazard: Hazard, reason: str, **act: Unpack[Act]) -> Hazard:
    """It is no hazard; never without a reason."""
    row = hazard_locked(hazard, act, HazardStep.WITHDRAW)
    text = say(_("撤销：%(why)s"), why=reason.strip())
    row = hazard_write(row, HazardStep.WITHDRAW, text, act, reason=reason.strip())
    if row.ordered_at:
        responsible_tell(row, say(_("隐患已撤销：%(what)s"), what=row.brief), body=text, level="info")
    elif row.found_by != act["by"]:
        person_tell(row, row.found_by, say(_("隐患已撤销：%(what)s"), what=row.brief), body=text)
    return row


def _due(row: Hazard, due_on: date | None, at: datetime) -> datetime:
    if due_on is None:
        return day_end(at, deadlines_rule(row.level, at=at)["rectify_days"])
    due = timezone.make_aware(datetime.combine(due_on, time(23, 59, 59)))
    if due <= at:
        raise ValidationError(gettext("整改时限须在今天或以后。"))
    return due


def _side_take(row: Hazard, side: dict[str, Any]) -> None:
    """Lays what was chosen over the row; what an enterprise tells of itself fills the rest."""
    facts = {name: getattr(row, name) for name in ("area", "location", "address", *Side.__annotations__)}
    chosen = {name: value for name, value in side.items() if value}
    if chosen.get("enterprise") and chosen["enterprise"] != row.enterprise:
        facts |= {"organisation": None, "contact_name": "", "contact_phone": ""}
    facts |= chosen
    site_complete(facts)
    for name in Side.__annotations__:
        setattr(row, name, facts[name])


def side_text(row: Hazard) -> str:
    """Who must rectify, in words."""
    bodies = [row.enterprise or row.organisation, row.contact_name]
    return "·".join(str(one) for one in bodies if one) or say(_("责任方"))
