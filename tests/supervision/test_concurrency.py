"""Two people, or one form twice, at the same moment: the work is done once, the other is told."""

from typing import Any
from uuid import uuid4

import pytest

from anlan.kit.flow import IllegalStep
from anlan.supervision import services
from anlan.supervision.models import Hazard, HazardEntry
from together import together

from .conftest import District, jpeg, ordered, rectified

pytestmark = pytest.mark.django_db(transaction=True)


def test_of_two_who_order_at_the_same_moment_one_is_told_it_is_done(town: District, found: Hazard) -> None:
    out = together(
        lambda: services.hazard_order(hazard=found, requirement="清空", by=town.inspector),
        lambda: services.hazard_order(hazard=found, requirement="搬走", by=town.officer),
    )
    assert sorted(type(one).__name__ for one in out) == ["Hazard", "IllegalStep"]
    assert "当前为“整改中”" in str(next(one for one in out if isinstance(one, IllegalStep)))
    assert HazardEntry.objects.filter(hazard=found, step="order").count() == 1


def test_a_recheck_that_passes_and_one_that_sends_back_never_both_count(town: District, found: Hazard) -> None:
    row = rectified(ordered(found, town), town)
    together(
        lambda: services.hazard_pass(hazard=row, by=town.inspector),
        lambda: services.hazard_send_back(hazard=row, reason="仍堵塞", by=town.inspector2),
    )
    row.refresh_from_db()
    assert (row.state, row.returns) in {("closed", 0), ("ordered", 1)}


def test_one_report_sent_by_three_clicks_at_once_is_one_hazard_and_two_reports_get_two_numbers(
    town: District,
) -> None:
    told: dict[str, Any] = {
        "source": "patrol",
        "category": town.category,
        "enterprise": town.firm,
        "by": town.inspector,
    }
    key, content = uuid4(), jpeg()
    click = [lambda: services.hazard_report(description="堵塞", photos=[content], key=key, **told)] * 3
    assert sorted(type(one).__name__ for one in together(*click)) == ["AlreadyDone", "AlreadyDone", "Hazard"]
    together(*(lambda n=n: services.hazard_report(description=f"第{n}条", **told) for n in range(3)))
    assert len(set(Hazard.objects.values_list("number", flat=True))) == 4
