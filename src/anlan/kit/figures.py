"""Figures: every number on a page opens to its definition, its rows and the moment it was counted."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import QuerySet


@dataclass(frozen=True, kw_only=True)
class Period:
    """Whole days, both ends included."""

    start: date
    end: date


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A countable figure. `rows` gives the rows behind it, `count` folds them (the number of rows by default)."""

    key: str
    title: Any
    unit: Any
    definition: str
    rows: Callable[[Any, Period], QuerySet[Any]]
    count: Callable[[QuerySet[Any]], float]


_FIGURES: dict[str, Figure] = {}

Rows = Callable[[Any, Period], QuerySet[Any]]


def figure(
    key: str, *, title: Any, unit: Any, count: Callable[[QuerySet[Any]], float] | None = None
) -> Callable[[Rows], Rows]:
    """Declares a figure in an app's `figures.py`; the function's docstring is its definition.

    The function takes the user and a `Period` and returns the visible rows behind the figure.
    """

    def declare(rows: Rows) -> Rows:
        if key in _FIGURES:
            raise ValueError(f"figure {key} is declared twice")
        _FIGURES[key] = Figure(
            key=key,
            title=title,
            unit=unit,
            definition=(rows.__doc__ or "").strip(),
            rows=rows,
            count=count or (lambda found: found.count()),
        )
        return rows

    return declare


def figures() -> dict[str, Figure]:
    return dict(_FIGURES)
