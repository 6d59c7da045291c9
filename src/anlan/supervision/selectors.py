"""What the pages of supervision read, always as far as the person sees."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Case, Count, IntegerField, Q, QuerySet, Value, When
from django.utils import timezone
from django.utils.translation import gettext as _

from anlan.registry.models import Enterprise, Facility, Place
from anlan.supervision.flow import ENDED, HAZARD, HazardState, HazardStep
from anlan.supervision.kinds import HazardLevel, Stage
from anlan.supervision.models import Hazard, HazardEntry, HazardPhoto

SOON = timedelta(days=3)
SITES: dict[str, Any] = {"enterprise": Enterprise, "place": Place, "facility": Facility}
OFFERED = 8


def hazards_of(user: Any) -> QuerySet[Hazard]:
    """The most pressing first: late ones, what stands by level and deadline, then what has ended, newest first."""
    rank = Case(
        When(urgency="overdue", then=Value(0)),
        When(state__in=ENDED, then=Value(3)),
        When(level=HazardLevel.MAJOR, then=Value(1)),
        default=Value(2),
        output_field=IntegerField(),
    )
    rows = Hazard.objects.visible_to(user).with_urgency()
    related = ("area", "category", "enterprise", "organisation", "found_by", "sighting")
    return rows.select_related(*related).annotate(rank=rank).order_by("rank", "due_at", "-found_at", "-pk")


def hazards_standing(user: Any) -> dict[str, int]:
    """How many wait for what."""
    now = timezone.now()
    ordered = Q(state=HazardState.ORDERED)
    counts = {
        "found": Count("pk", filter=Q(state=HazardState.FOUND)),
        "ordered": Count("pk", filter=ordered),
        "overdue": Count("pk", filter=ordered & Q(due_at__lt=now)),
        "soon": Count("pk", filter=ordered & Q(due_at__gte=now, due_at__lt=now + SOON)),
        "rectified": Count("pk", filter=Q(state__in=[HazardState.RECTIFIED, HazardState.CHECKED])),
        "major": Count("pk", filter=Q(level=HazardLevel.MAJOR)),
    }
    return Hazard.objects.visible_to(user).standing().aggregate(**counts)


def hazard_steps(row: Hazard, user: Any) -> frozenset[str]:
    """The steps that make sense for this person now; the services check again."""
    found = set(HAZARD.possible(row.state, user)) - {HazardStep.CHECK}
    if not row.extension_waits or row.extension_asked_by == user:
        found -= {HazardStep.GRANT_MORE, HazardStep.REFUSE_MORE}
    if row.extension_asked_by_id or row.late:
        found -= {HazardStep.ASK_MORE}
    if row.level != HazardLevel.MAJOR or row.listed_by_id:
        found -= {HazardStep.LIST}
    if hazard_own_work(row, user):
        found -= {HazardStep.PASS, HazardStep.SEND_BACK}
    return frozenset(found)


def hazard_own_work(row: Hazard, user: Any) -> bool:
    """True where this person rectified it or reported that, and so may not re-check it."""
    return row.state == HazardState.RECTIFIED and (row.rectified_by == user or row.rectifier == str(user))


def hazard_timeline(row: Hazard) -> QuerySet[HazardEntry]:
    return row.entries.select_related("actor").order_by("-at", "-pk")


@dataclass(frozen=True, kw_only=True)
class Album:
    """The photos of one stage; `turn` counts the rectifications that were sent back before it."""

    stage: Stage
    turn: int
    photos: list[HazardPhoto]


def hazard_albums(row: Hazard) -> list[Album]:
    """In the order in which things happened."""
    found: dict[tuple[int, str], list[HazardPhoto]] = {}
    for photo in row.photos.order_by("turn", "uploaded_at", "pk"):
        found.setdefault((photo.turn, photo.stage), []).append(photo)
    return [Album(stage=Stage(stage), turn=turn, photos=photos) for (turn, stage), photos in found.items()]


def sites_like(user: Any, words: str) -> list[Any]:
    """Enterprises, places and facilities whose name holds the words, a few of each."""
    if len(words.strip()) < 2:
        return []
    rows = [model.objects.visible_to(user).filter(name__icontains=words.strip()) for model in SITES.values()]
    return [row for found in rows for row in found.order_by("name", "pk")[:OFFERED]]


def site_named(user: Any, words: str) -> dict[str, Any]:
    """`{"enterprise": row}` and alike for a name or credit code written in full; empty for empty words.

    Raises `ValidationError` where nothing or more than one thing is named so.
    """
    name = words.strip()
    if not name:
        return {}
    known = [
        (kind, row)
        for kind, model in SITES.items()
        for row in model.objects.visible_to(user).filter(_named(kind, name))[:2]
    ]
    if not known:
        raise ValidationError(_("没有名为“%(name)s”的企业、场所或设施，请从候选中选择。") % {"name": name})
    if len(known) > 1:
        raise ValidationError(_("“%(name)s”不止一个，请改填统一社会信用代码，或留空。") % {"name": name})
    return dict(known)


def _named(kind: str, name: str) -> Q:
    return Q(name=name) | Q(credit_code=name) if kind == "enterprise" else Q(name=name)
