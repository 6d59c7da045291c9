"""REST for every declared entity, and the figures."""

from datetime import date
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import Query, Router, Schema
from ninja.errors import HttpError

from anlan.kit.entities import entities
from anlan.kit.figures import FigureValue, Period, figure_value, figures, year_period
from anlan.kit.rest.routes import attach

router = Router()

for _entity in entities().values():
    attach(router, _entity)


class FigureOut(Schema):
    key: str
    title: str
    unit: str
    definition: str
    value: float
    start: date
    end: date
    as_of: Any


class PeriodQuery(Schema):
    """Whole days; the current year where left out."""

    start: date | None = None
    end: date | None = None


@router.get("/figures", response=list[FigureOut], summary="数据指标", tags=["figures"])
def figures_list(request: HttpRequest, period: Query[PeriodQuery]) -> list[FigureValue]:
    """Every countable figure with its definition and the moment it was counted."""
    return [figure_value(key, request.user, _period(period)) for key in figures()]


@router.get("/figures/{key}", response=FigureOut, summary="一项数据指标", tags=["figures"])
def figure_get(request: HttpRequest, key: str, period: Query[PeriodQuery]) -> FigureValue:
    """One figure."""
    if key not in figures():
        raise HttpError(404, _("没有这项指标。"))
    return figure_value(key, request.user, _period(period))


def _period(asked: PeriodQuery) -> Period:
    usual = year_period()
    return Period(start=asked.start or usual.start, end=asked.end or usual.end)
