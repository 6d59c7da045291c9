"""Figures of the yearly summary that supervision counts."""

from typing import Any

from django.db.models import F, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from anlan.kit.figures import Period, figure
from anlan.supervision.flow import HazardState
from anlan.supervision.kinds import HazardLevel
from anlan.supervision.models import Hazard

IN_TIME = Q(overdue_at=None) & (Q(due_at=None) | Q(rectified_at__lte=F("due_at")))


def _span(period: Period) -> tuple[Any, Any]:
    return period.start, period.end


@figure(
    "hazards_found",
    title=_("查处安全隐患"),
    unit=_("项"),
    definition=_("发现日期在统计时段内的隐患数，不含已撤销的。"),
)
def hazards_found(user: Any, period: Period) -> QuerySet[Hazard]:
    rows = Hazard.objects.visible_to(user).filter(found_at__date__range=_span(period))
    return rows.exclude(state=HazardState.WITHDRAWN)


@figure(
    "hazards_major",
    title=_("重大隐患"),
    unit=_("项"),
    definition=_("发现日期在统计时段内、级别为重大的隐患数，不含已撤销的。"),
)
def hazards_major(user: Any, period: Period) -> QuerySet[Hazard]:
    return hazards_found(user, period).filter(level=HazardLevel.MAJOR)


def _rectified(user: Any, period: Period) -> QuerySet[Hazard]:
    rows = Hazard.objects.visible_to(user).filter(closed_at__date__range=_span(period))
    return rows.filter(state=HazardState.CLOSED)


@figure(
    "hazards_rectified",
    title=_("完成整改隐患"),
    unit=_("项"),
    definition=_("销号日期在统计时段内的隐患数：已整改，并由另一人复查合格。"),
)
def hazards_rectified(user: Any, period: Period) -> QuerySet[Hazard]:
    return _rectified(user, period)


@figure(
    "hazards_on_site",
    title=_("现场整改隐患"),
    unit=_("项"),
    definition=_("销号日期在统计时段内、发现时当场整改的隐患数。"),
)
def hazards_on_site(user: Any, period: Period) -> QuerySet[Hazard]:
    return _rectified(user, period).filter(on_site=True)


@figure(
    "hazards_by_deadline",
    title=_("限期整改隐患"),
    unit=_("项"),
    definition=_("销号日期在统计时段内、交办后限期整改的隐患数。"),
)
def hazards_by_deadline(user: Any, period: Period) -> QuerySet[Hazard]:
    return _rectified(user, period).filter(on_site=False)


def _share_in_time(rows: QuerySet[Hazard]) -> float:
    total = rows.count()
    return round(100 * rows.filter(IN_TIME).count() / total, 1) if total else 0


@figure(
    "hazards_in_time",
    title=_("隐患按期整改率"),
    unit="％",
    definition=_("销号日期在统计时段内的隐患中，从未逾期的所占百分比；没有销号的隐患时为 0。"),
    count=_share_in_time,
)
def hazards_in_time(user: Any, period: Period) -> QuerySet[Hazard]:
    return _rectified(user, period)


@figure(
    "hazards_overdue",
    title=_("逾期未整改隐患"),
    unit=_("项"),
    definition=_("发现日期在统计时段内、此刻已过整改时限仍未报告整改的隐患数。"),
)
def hazards_overdue(user: Any, period: Period) -> QuerySet[Hazard]:
    return hazards_found(user, period).overdue()  # type: ignore[attr-defined]
