"""Charts of a forecast against what came, and of what is usual by the hour, as SVG geometry in a box of 1000 × 100."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.utils import timezone

from anlan.monitoring import store
from anlan.monitoring.forecasting.dynamic import cell_at
from anlan.monitoring.models import DynamicBound, Forecast
from anlan.monitoring.moments import HOUR, moment

BEFORE = 2 * HOUR
MOST = 400
Point = tuple[float, float]


@dataclass(frozen=True, kw_only=True)
class ForecastChart:
    """SVG path data. `rows` and `columns` are labels from the top and from the left; `limit`, `made` and `crossed` are
    places of lines, None where they are out of sight.
    """

    actual: str
    mean: str
    band: str
    limit: float | None
    made: float | None
    crossed: float | None
    rows: list[str]
    columns: list[str]


@dataclass(frozen=True, kw_only=True)
class _Box:
    left: float
    right: float
    bottom: float
    top: float

    def x(self, at: float) -> float:
        return round(1000 * (at - self.left) / (self.right - self.left), 1)

    def y(self, value: float) -> float:
        return round(100 - 100 * (value - self.bottom) / (self.top - self.bottom), 2)

    def line(self, points: Iterable[Point]) -> str:
        drawn = "L".join(f"{self.x(at):g} {self.y(value):g}" for at, value in points)
        return f"M{drawn}" if drawn else ""

    def area(self, upper: Sequence[Point], lower: Sequence[Point]) -> str:
        return f"{self.line([*upper, *reversed(lower)])}Z" if upper else ""

    def labels(self) -> list[str]:
        return [f"{self.top - i * (self.top - self.bottom) / 4:.4g}" for i in range(5)]


def _box(left: float, right: float, values: Sequence[float]) -> _Box:
    low, high = min(values), max(values)
    margin = 0.06 * (high - low) or abs(high) * 0.1 or 1.0
    return _Box(left=left, right=right, bottom=low - margin, top=high + margin)


def forecast_chart(row: Forecast) -> ForecastChart | None:
    """From two hours before it was made to the end of its horizon; None where nothing was stored then."""
    end = max(row.until, int(row.path[-1][0]) if row.path else 0, row.made_at + HOUR // 2)
    start = row.made_at - BEFORE
    rows = store.readings(row.series_id, start=start, end=end + 1, limit=100_000)
    actual = [(float(time), value) for time, value, _ in rows[:: max(1, len(rows) // MOST)]]
    path = [point for point in row.path if point[0] <= end]
    if not actual and not path:
        return None
    spread = [value for point in path for value in point[1:]]
    box = _box(start, end, [v for _, v in actual] + spread + [row.limit])
    return ForecastChart(
        actual=box.line(actual),
        mean=box.line([(p[0], p[1]) for p in path]),
        band=box.area([(p[0], p[3]) for p in path], [(p[0], p[2]) for p in path]),
        limit=box.y(row.limit),
        made=box.x(row.made_at),
        crossed=None if row.crossed_at is None else box.x(row.crossed_at),
        rows=box.labels(),
        columns=[_clock(start + i * (end - start) / 4) for i in range(5)],
    )


def _clock(ms: float) -> str:
    return f"{timezone.localtime(moment(int(ms))):%H:%M}"


def bound_chart(bound: DynamicBound, kind: str, limit: float | None) -> ForecastChart | None:
    """What is usual by the hour on this kind of day, with the lowest fixed threshold and the hour in force."""
    cells = [(hour, cell) for hour in range(24) if (cell := cell_at(bound.profile, kind, hour))]
    if not cells:
        return None
    values = [value for _, cell in cells for value in cell[:3]]
    box = _box(0, 23, values if limit is None else [*values, limit])
    return ForecastChart(
        actual="",
        mean=box.line([(hour, cell[2]) for hour, cell in cells]),
        band=box.area([(hour, cell[1]) for hour, cell in cells], [(hour, cell[0]) for hour, cell in cells]),
        limit=None if limit is None else box.y(limit),
        made=box.x(bound.hour),
        crossed=None,
        rows=box.labels(),
        columns=["00:00", "06:00", "12:00", "17:00", "23:00"],
    )
