"""The hazard's loop by random steps of random people: the table is the only way, the timeline only grows."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from anlan.accounts.roles import Role
from anlan.kit.deadlines import deadlines_of
from anlan.kit.flow import IllegalStep
from anlan.supervision import services
from anlan.supervision.flow import HAZARD, HazardState, HazardStep
from anlan.supervision.models import Hazard, HazardEntry
from anlan.supervision.services.clocks import WAITS_IN

from .conftest import District, jpeg

pytestmark = pytest.mark.django_db
REFUSED = (IllegalStep, PermissionDenied, ValidationError)
PEOPLE = (
    "inspector",
    "inspector2",
    "far",
    "maker",
    "maker2",
    "other_maker",
    "leader",
    "commander",
    "street_user",
    "team",
)


def test_every_state_can_be_reached_and_every_step_is_somewhere_possible() -> None:
    reached = {HazardState.FOUND} | {move.to for move in HAZARD.moves.values()}
    assert reached == set(HazardState)
    assert {step for _state, step in HAZARD.moves} | {HazardStep.REPORT} == set(HazardStep)


def test_an_enterprise_neither_orders_nor_rechecks_and_who_only_looks_on_steers_nothing() -> None:
    for (_state, step), move in HAZARD.moves.items():
        assert not move.roles & {Role.ADMINISTRATOR, Role.TEAM_LEADER}
        if Role.ENTERPRISE in move.roles:
            assert step in {HazardStep.RECTIFY, HazardStep.ASK_MORE}


def steps(hazard: Hazard, town: District) -> dict[str, Callable[..., Any]]:
    day = timezone.localdate()
    side = {"contact_name": "李安全"}
    return {
        "order": lambda by: services.hazard_order(hazard=hazard, requirement="清除", by=by, level="major", **side),
        "order_general": lambda by: services.hazard_order(hazard=hazard, requirement="清除", by=by, **side),
        "reassign": lambda by: services.hazard_reassign(hazard=hazard, reason="权属变更", enterprise=town.firm, by=by),
        "ask_more": lambda by: services.hazard_ask_more(
            hazard=hazard, until=day + timedelta(days=33), reason="等备件", by=by
        ),
        "grant_more": lambda by: services.hazard_grant_more(hazard=hazard, by=by),
        "refuse_more": lambda by: services.hazard_refuse_more(hazard=hazard, reason="不必", by=by),
        "rectify": lambda by: services.hazard_rectify(hazard=hazard, note="已清除", photos=[jpeg()], by=by),
        "pass": lambda by: services.hazard_pass(hazard=hazard, by=by),
        "send_back": lambda by: services.hazard_send_back(hazard=hazard, reason="仍堵塞", by=by),
        "list": lambda by: services.hazard_list(hazard=hazard, by=by),
        "release": lambda by: services.hazard_release(hazard=hazard, by=by),
        "withdraw": lambda by: services.hazard_withdraw(hazard=hazard, reason="不构成", by=by),
    }


def holds(row: Hazard) -> None:
    """What is true of a hazard whatever was done to it."""
    assert row.state != "closed" or (row.checked_by is not None and row.checked_by != row.rectified_by)
    assert row.state != "closed" or row.listed_by is None or row.released_by.role in {"leader", "commander"}
    assert row.state != "ordered" or row.due_at is not None
    assert row.returns == row.entries.filter(step="send_back").count()
    running = deadlines_of(row).filter(met_at=None).values_list("kind", flat=True)
    assert all(WAITS_IN[kind] == row.state for kind in running if kind in WAITS_IN)
    assert row.state not in WAITS_IN.values() or any(kind in WAITS_IN for kind in running)


@settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(taken=st.lists(st.tuples(st.integers(0, 11), st.integers(0, len(PEOPLE) - 1)), min_size=6, max_size=50))
def test_a_hazard_goes_only_where_its_table_leads(town: District, found: Hazard, taken: list[tuple[int, int]]) -> None:
    with transaction.atomic():
        row, table = found, steps(found, town)
        before = list(HazardEntry.objects.order_by("id").values_list("id", "text"))
        for number, who in taken:
            name, person, state = list(table)[number], getattr(town, PEOPLE[who]), row.state
            try:
                with transaction.atomic():
                    table[name](person)
            except REFUSED:
                row.refresh_from_db()
                assert row.state == state
            else:
                row.refresh_from_db()
                move = HAZARD.moves[HazardState(state), HazardStep(row.entries.exclude(step="").last().step)]
                assert (row.state, person.role in move.roles) == (move.to, True)
                assert person.area.path in ("990310.", "990310.990310001.")
            holds(row)
            now = list(HazardEntry.objects.order_by("id").values_list("id", "text"))
            assert now[: len(before)] == before
            before = now
        transaction.set_rollback(True)
    found.refresh_from_db()


def test_the_database_refuses_to_change_or_remove_a_line_of_the_timeline_or_a_photo(found: Hazard) -> None:
    for row, change in ((found.entries.get(), {"text": "另一说法"}), (found.photos.get(), {"sha256": "0" * 64})):
        rows = type(row).objects.filter(pk=row.pk)
        with pytest.raises(IntegrityError, match="never changed or removed"), transaction.atomic():
            rows.update(**change)
        with pytest.raises(IntegrityError, match="never changed or removed"), transaction.atomic():
            rows.delete()
        assert rows.exists()


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"state": "withdrawn"}, "理由"),
        ({"state": "ordered"}, "时限"),
        ({"state": "closed"}, "复查合格"),
        ({"state": "rectified"}, "整改情况"),
        ({"state": "closed", "enterprise": None, "organisation": None, "contact_name": ""}, "由谁整改"),
        ({"checked_by": "maker", "rectified_by": "maker"}, "另一人"),
        ({"listed_by": "leader"}, "重大隐患"),
        ({"extension_asked_by": "maker", "extension_decided_by": "maker"}, "申请人以外"),
    ],
)
def test_what_may_never_be_is_refused_by_the_database_and_told_in_words(
    town: District, found: Hazard, change: dict[str, Any], sentence: str
) -> None:
    for name, value in change.items():
        setattr(found, name, getattr(town, value) if name.endswith("_by") else value)
    with pytest.raises(ValidationError, match=sentence):
        found.validate_constraints()
    with pytest.raises(IntegrityError), transaction.atomic():
        found.save()
