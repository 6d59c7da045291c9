"""Finding 发现: a person reports a hazard, with photos and a place; it gets a number and its first clock."""

from collections.abc import Sequence
from typing import Any, Unpack

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from anlan.accounts.acts import Act, form_begin, moment, say
from anlan.accounts.models import Area, User
from anlan.accounts.roles import Role
from anlan.kit.events import publish
from anlan.registry.models import Enterprise
from anlan.supervision.events import HazardFound
from anlan.supervision.flow import FINDERS, ORDERERS, HazardStep
from anlan.supervision.kinds import FoundBy, HazardLevel, Stage
from anlan.supervision.models import Hazard, HazardEntry
from anlan.supervision.services.clocks import clocks_follow
from anlan.supervision.services.photos import photos_add
from anlan.supervision.services.steps import entry_add, hazard_announce
from anlan.supervision.services.telling import SUPERVISORS, area_tell


class Told(Act, total=False):
    """What is known of a hazard when it is found; each as in `Hazard`."""

    source: str
    level: str
    category: Any
    area: Area | None
    address: str
    location: Any
    enterprise: Any
    place: Any
    facility: Any
    organisation: Any


@transaction.atomic
def hazard_report(*, description: str, photos: Sequence[bytes] = (), **told: Unpack[Told]) -> Hazard:
    """The area may be left to the thing that the hazard is at, or to the point. Raises as every step does."""
    act: Act = {"by": told["by"], "at": told.get("at"), "key": told.get("key")}
    facts: dict[str, Any] = {name: value for name, value in told.items() if name not in Act.__annotations__}
    form_begin(act, HazardEntry.objects.all())
    _may_report(act["by"], facts.get("source", ""))
    _complete(facts, act["by"])
    text = say(_("%(how)s发现：%(what)s"), how=say(FoundBy(facts["source"]).label), what=description.strip())
    row = hazard_create(act, text, description=description.strip(), **facts)
    photos_add(row, photos, Stage.FOUND, act)
    if act["by"].role not in ORDERERS:
        area_tell(row, SUPERVISORS, say(_("新隐患待交办：%(what)s"), what=row.brief))
    return row


def hazard_create(act: Act, text: str, *, found: User | None = None, **facts: Any) -> Hazard:
    """Writes the row, starts its clock and tells the world; a major one is told to the leaders. `found`: by whom."""
    at = moment(act)
    row = Hazard(number=_next_number(timezone.localtime(at).year), found_at=at, found_by=found or act["by"], **facts)
    row.clean_fields()
    row.save()
    clocks_follow(row, before=("", None), at=at)
    entry_add(row, text, act=act, step=HazardStep.REPORT)
    publish(HazardFound(hazard_id=row.pk, level=row.level))
    hazard_announce(row)
    if row.level == HazardLevel.MAJOR:
        major_tell(row)
    return row


def major_tell(row: Hazard) -> None:
    title = say(_("发现重大隐患：%(what)s"), what=row.brief)
    area_tell(row, (Role.LEADER, Role.COMMANDER), title, body=row.address, level="alert")


def _may_report(by: User, source: str) -> None:
    own = source == FoundBy.SELF_CHECK if by.role == Role.ENTERPRISE else source not in {"", FoundBy.VIDEO}
    if by.role not in FINDERS or not by.is_active or not own:
        raise PermissionDenied(gettext("您的角色不能这样上报隐患。"))


def _complete(facts: dict[str, Any], by: User) -> None:
    """What follows from what was told: the firm of who reports, its contact, the address, the point, the area."""
    if by.role == Role.ENTERPRISE:
        facts["organisation"] = by.organisation
        facts["enterprise"] = Enterprise.objects.visible_to(by).filter(organisation=by.organisation).first()
        facts["area"] = getattr(by.organisation, "area", None)
    site_complete(facts)
    facts["area"] = facts.get("area") or _area_at(facts.get("location"), by)
    if facts["area"] is None:
        raise ValidationError(gettext("请选择所属区域，或在地图上标出位置。"))
    reach = Area.objects.visible_to(by).filter(pk=facts["area"].pk)
    if by.role != Role.ENTERPRISE and not reach.exists():
        raise PermissionDenied(gettext("该地点不在您的管辖范围内。"))


def site_complete(facts: dict[str, Any]) -> None:
    """Fills what is missing from the enterprise, place or facility that the hazard is at."""
    firm = facts.get("enterprise")
    site = firm or facts.get("place") or facts.get("facility")
    if site is not None:
        facts["area"] = facts.get("area") or site.area
        facts["location"] = facts.get("location") or site.location
        facts["address"] = facts.get("address") or site.address or site.name
        facts["organisation"] = facts.get("organisation") or site.organisation
    if firm is not None and not facts.get("contact_name"):
        facts["contact_name"], facts["contact_phone"] = firm.contact_name, firm.contact_phone


def _area_at(point: Any, by: User) -> Area | None:
    """The smallest area of this person's that holds the point."""
    if point is None:
        return None
    holding = Area.objects.visible_to(by).filter(valid_to=None, boundary__contains=point)
    return max(holding, key=lambda area: area.path.count("."), default=None)


def _next_number(year: int) -> str:
    """The next number of the year; two findings at once wait for each other."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(hashtext('supervision.hazard.number'))")
    last = Hazard.objects.filter(number__startswith=f"YH{year}-").order_by("-number").first()
    return f"YH{year}-{int(last.number.split('-')[1]) + 1 if last else 1:06d}"
