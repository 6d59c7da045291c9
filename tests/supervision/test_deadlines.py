"""Clocks: what nobody does in time is written down and told, once, and to the right people."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from anlan.kit.bundles import bundles_sweep
from anlan.kit.deadlines import deadlines_sweep
from anlan.kit.models import Notice
from anlan.supervision import services
from anlan.supervision.models import Hazard, HazardEntry

from .conftest import District, ordered, rectified

pytestmark = pytest.mark.django_db


def titles(address: str) -> list[str]:
    return list(Notice.objects.filter(address=address).order_by("pk").values_list("title", flat=True))


def test_a_late_rectification_is_marked_told_and_stays_marked(
    town: District, found: Hazard, run_jobs: Callable[[], int]
) -> None:
    row = ordered(found, town)
    deadlines_sweep(now=row.due_at + timedelta(seconds=1))
    run_jobs()
    deadlines_sweep(now=row.due_at + timedelta(days=1))
    run_jobs()
    row.refresh_from_db()
    assert (row.state, row.overdue_at) == ("ordered", row.due_at)
    assert [entry.text[:5] for entry in row.entries.filter(data__overdue=True)] == ["逾期未整改"]
    assert sum("逾期" in title for title in titles(f"user:{town.maker.pk}")) == 1
    assert sum("逾期" in title for title in titles("role:inspector@990310001")) == 1
    assert not any("逾期" in title for title in titles("role:leader@990310"))
    late = rectified(row, town)
    assert late.overdue_at is not None


def test_a_major_one_that_is_late_is_told_to_the_leaders(
    town: District, found: Hazard, run_jobs: Callable[[], int]
) -> None:
    row = ordered(found, town, level="major")
    deadlines_sweep(now=row.due_at + timedelta(seconds=1))
    run_jobs()
    assert any("逾期未整改" in title for title in titles("role:leader@990310"))
    assert any("逾期未整改" in title for title in titles("role:commander@990310"))


def test_what_is_rectified_too_late_is_late_even_where_no_sweep_saw_it(town: District, found: Hazard) -> None:
    row = ordered(found, town)
    row = rectified(row, town, at=row.due_at + timedelta(hours=2))
    assert row.overdue_at == row.due_at
    assert row.entries.filter(data__overdue=True).count() == 1


def test_a_clock_that_was_met_or_moved_says_nothing(town: District, found: Hazard, run_jobs: Callable[[], int]) -> None:
    row = ordered(found, town)
    first = row.due_at
    services.hazard_ask_more(hazard=row, until=(first + timedelta(days=10)).date(), reason="等备件", by=town.maker)
    deadlines_sweep(now=first + timedelta(seconds=1))
    services.hazard_grant_more(hazard=row, by=town.inspector)
    run_jobs()
    row.refresh_from_db()
    assert row.overdue_at is None
    rectified(row, town)
    deadlines_sweep(now=row.due_at + timedelta(seconds=1))
    run_jobs()
    row.refresh_from_db()
    assert (row.state, row.overdue_at) == ("rectified", None)


def test_nobody_forgets_to_order_or_to_recheck(town: District, found: Hazard, run_jobs: Callable[[], int]) -> None:
    deadlines_sweep(now=found.found_at + timedelta(hours=49))
    run_jobs()
    row = rectified(ordered(found, town), town)
    deadlines_sweep(now=row.rectified_at + timedelta(days=8))
    run_jobs()
    told = titles("role:street@990310001")
    assert [word for word in ("逾期未交办", "逾期未复查") if any(word in title for title in told)] == [
        "逾期未交办", "逾期未复查",
    ]  # fmt: skip
    row.refresh_from_db()
    assert row.overdue_at is None


def test_after_a_long_stop_the_lateness_is_told_and_no_reminder(
    town: District, found: Hazard, run_jobs: Callable[[], int]
) -> None:
    row = ordered(found, town, at=timezone.now() - timedelta(days=40))
    assert row.late
    deadlines_sweep()
    run_jobs()
    assert [set(entry.data) for entry in row.entries.filter(step="")] == [{"overdue"}]


def test_the_responsible_side_is_reminded_before_the_deadline(
    town: District, found: Hazard, run_jobs: Callable[[], int]
) -> None:
    row = ordered(found, town)
    deadlines_sweep(now=row.due_at - timedelta(hours=23))
    run_jobs()
    assert any("将到期" in title for title in titles(f"user:{town.maker.pk}"))
    assert row.entries.filter(data__reminder=True).count() == 1


def test_many_hazards_that_are_late_at_one_moment_are_told_as_one(town: District, run_jobs: Callable[[], int]) -> None:
    told = {"source": "inspection", "category": town.category, "enterprise": town.firm, "by": town.inspector}
    rows = [ordered(services.hazard_report(description=f"第{n}处堵塞", **told), town) for n in range(9)]
    run_jobs()
    before = set(Notice.objects.values_list("pk", flat=True))
    deadlines_sweep(now=max(row.due_at for row in rows if row.due_at) + timedelta(seconds=1))
    run_jobs()
    bundles_sweep(now=timezone.now() + timedelta(minutes=6))
    run_jobs()
    late = Notice.objects.exclude(pk__in=before).filter(address="role:street@990310001", bundle=None, state="sent")
    assert [notice.title for notice in late.order_by("pk")][-1] == "4 条提醒合并:逾期未整改 4"
    assert late.count() == 6
    assert HazardEntry.objects.filter(data__overdue=True).count() == 9
