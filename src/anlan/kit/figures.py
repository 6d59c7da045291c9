"""Figures: every number on a page opens to its definition, its rows and the moment it was counted."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone


@dataclass(frozen=True, kw_only=True)
class Period:
    """Whole days, both ends included."""

    start: date
    end: date


def year_period(year: int | None = None) -> Period:
    """A whole calendar year, the current one where None."""
    chosen = year or timezone.localdate().year
    return Period(start=date(chosen, 1, 1), end=date(chosen, 12, 31))


@dataclass(frozen=True, kw_only=True)
class FigureValue:
    """A figure as counted for one person at one moment."""

    key: str
    title: str
    unit: str
    definition: str
    value: float
    start: date
    end: date
    as_of: datetime


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A countable figure. `rows` gives the rows behind it, `count` folds them (the number of rows by default)."""

    key: str
    title: Any
    unit: Any
    definition: Any
    rows: Callable[[Any, Period], QuerySet[Any]]
    count: Callable[[QuerySet[Any]], float]


_FIGURES: dict[str, Figure] = {}

Rows = Callable[[Any, Period], QuerySet[Any]]


def figure(
    key: str,
    *,
    title: Any,
    unit: Any,
    definition: Any = "",
    count: Callable[[QuerySet[Any]], float] | None = None,
) -> Callable[[Rows], Rows]:
    """Declares a figure in an app's `figures.py`; its docstring is the definition where none is given in words.

    The function takes the user and a `Period` and returns the visible rows behind the figure.
    """

    def declare(rows: Rows) -> Rows:
        if key in _FIGURES:
            raise ValueError(f"figure {key} is declared twice")
        _FIGURES[key] = Figure(
            key=key,
            title=title,
            unit=unit,
            definition=definition or (rows.__doc__ or "").strip(),
            rows=rows,
            count=count or (lambda found: found.count()),
        )
        return rows

    return declare


def figures() -> dict[str, Figure]:
    return dict(_FIGURES)


def figure_value(key: str, user: Any, period: Period) -> FigureValue:
    """Counts a figure over the rows that this person sees; raises `KeyError`."""
    declared = _FIGURES[key]
    return FigureValue(
        key=key,
        title=str(declared.title),
        unit=str(declared.unit),
        definition=str(declared.definition),
        value=declared.count(declared.rows(user, period)) or 0,
        start=period.start,
        end=period.end,
        as_of=timezone.now(),
    )
