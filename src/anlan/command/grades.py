"""The grade of an accident by the table of 国务院令第493号 第三条; the table itself is a row of law data."""

from collections.abc import Mapping, Sequence
from typing import Any

LAW = "accident_grade_493"


def grade_for(
    *, deaths: int, serious_injuries: int, loss: float, missing: int = 0, table: Sequence[Mapping[str, Any]]
) -> int:
    """The gravest grade that any of the three scales reaches, 1 the gravest; `loss` is CNY.

    `table` holds `code`, `deaths_min`, `serious_injury_min`, `loss_cny_min` a grade; 以上 includes the number itself.
    Missing people count as dead for reporting (第十二条). Raises `ValueError` for a negative or unknown number.
    """
    scales = {"deaths_min": deaths + missing, "serious_injury_min": serious_injuries, "loss_cny_min": loss}
    if not all(value >= 0 for value in (deaths, missing, *scales.values())):
        raise ValueError("casualties and loss are numbers from zero up")
    reached = [int(row["code"]) for row in table if any(value >= row[name] for name, value in scales.items())]
    return min(reached)
