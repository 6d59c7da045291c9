"""Every loop by random steps: the table is the only way, no illegal state is reached, the timeline only grows."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from anlan.accounts.courses import Course
from anlan.accounts.roles import Role
from anlan.command import services
from anlan.command.flows import INCIDENT, ORDER, SIGNAL, IncidentStep, OrderStep, SignalState, SignalStep
from anlan.command.models import Entry, Incident, Order, Signal
from anlan.kit.flow import IllegalStep

from .conftest import District

pytestmark = pytest.mark.django_db
REFUSED = (IllegalStep, PermissionDenied, ValidationError)
WALK = settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
PEOPLE = ("officer", "commander", "commander2", "leader", "street_user")


@pytest.mark.parametrize("course", [SIGNAL, INCIDENT, ORDER], ids=["signal", "incident", "order"])
def test_every_state_of_a_loop_can_be_reached_and_every_step_is_somewhere_possible(course: Course[Any, Any]) -> None:
    first = next(iter(course.states))
    reached = {first} | {move.to for move in course.moves.values()}
    assert reached == set(course.states)
    assert {step for _state, step in course.moves} == set(course.steps)


@pytest.mark.parametrize("course", [SIGNAL, INCIDENT, ORDER], ids=["signal", "incident", "order"])
def test_nobody_steers_a_loop_who_only_looks_on(course: Course[Any, Any]) -> None:
    lookers = {Role.LEADER, Role.STREET, Role.DEPARTMENT, Role.COMMUNITY, Role.ENTERPRISE, Role.ADMINISTRATOR}
    assert all(not move.roles & lookers for move in course.moves.values())


def signal_steps(signal: Signal) -> dict[str, Callable[..., Any]]:
    return {
        SignalStep.WATCH: lambda by: services.signal_watch(signal=signal, by=by),
        SignalStep.TAKE_OVER: lambda by: services.signal_take_over(signal=signal, by=by),
        SignalStep.JUDGE: lambda by: services.signal_judge(signal=signal, level=3, event_type="fire", by=by),
        SignalStep.VERIFY: lambda by: services.signal_verify(signal=signal, way="phone", note="属实", by=by),
        SignalStep.REPORT: lambda by: services.report_submit(kind="first", signal=signal, situation="起火", by=by),
        SignalStep.OPEN: lambda by: services.incident_open(signal=signal, by=by),
        SignalStep.DISMISS: lambda by: services.signal_dismiss(signal=signal, reason="误报", by=by),
    }


def incident_steps(incident: Incident, town: District) -> dict[str, Callable[..., Any]]:
    return {
        IncidentStep.RESPOND: lambda by: services.incident_respond(incident=incident, by=by),
        IncidentStep.CONTROL: lambda by: services.incident_control(incident=incident, by=by),
        IncidentStep.RELAPSE: lambda by: services.incident_relapse(incident=incident, note="复燃", by=by),
        IncidentStep.REQUEST_CLOSE: lambda by: services.incident_request_close(incident=incident, by=by),
        IncidentStep.REFUSE_CLOSE: lambda by: services.incident_refuse_close(incident=incident, reason="不全", by=by),
        IncidentStep.APPROVE_CLOSE: lambda by: services.incident_approve_close(incident=incident, by=by),
        IncidentStep.REOPEN: lambda by: services.incident_reopen(incident=incident, reason="复燃", by=by),
        IncidentStep.APPOINT: lambda by: services.incident_appoint(incident=incident, commander=town.commander, by=by),
        IncidentStep.ASSESS: lambda by: services.incident_assess(incident=incident, deaths=1, by=by),
        IncidentStep.NOTE: lambda by: services.incident_note(incident=incident, text="到场", by=by),
        "first": lambda by: services.report_submit(kind="first", incident=incident, situation="起火", by=by),
        "final": lambda by: services.report_submit(kind="final", incident=incident, situation="已灭", by=by),
    }


def order_steps(order: Order) -> dict[str, Callable[..., Any]]:
    return {
        OrderStep.RECEIVE: lambda by: services.order_receive(order=order, by=by),
        OrderStep.ARRIVE: lambda by: services.order_arrive(order=order, by=by),
        OrderStep.FEEDBACK: lambda by: services.order_feedback(order=order, text="正在靠近", by=by),
        OrderStep.FINISH: lambda by: services.order_finish(order=order, result="完成", by=by),
        OrderStep.DECLINE: lambda by: services.order_decline(order=order, reason="车辆故障", by=by),
        OrderStep.WITHDRAW: lambda by: services.order_withdraw(order=order, reason="已无需要", by=by),
    }


def walk(
    row: Any, course: Course[Any, Any], steps: dict[str, Any], taken: list[tuple[int, int]], town: District
) -> None:
    """Takes steps in any order by anybody; after each, the state is the table's and the timeline has not shrunk."""
    before = list(Entry.objects.order_by("id").values_list("id", "text"))
    for number, who in taken:
        name = list(steps)[number % len(steps)]
        state, person = row.state, getattr(town, PEOPLE[who % len(PEOPLE)])
        try:
            with transaction.atomic():
                steps[name](person)
        except REFUSED:
            row.refresh_from_db()
            assert row.state == state
        else:
            row.refresh_from_db()
            step = "report" if name in {"first", "final"} else name
            move = course.moves[course.states(state), course.steps(step)]
            assert (row.state, person.role in move.roles) == (move.to, True)
        now = list(Entry.objects.order_by("id").values_list("id", "text"))
        assert now[: len(before)] == before
        before = now


turns = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), min_size=4, max_size=60)


@WALK
@given(taken=turns)
def test_a_signal_goes_only_where_its_table_leads(town: District, signal: Signal, taken: list[tuple[int, int]]) -> None:
    with transaction.atomic():
        walk(signal, SIGNAL, signal_steps(signal), taken, town)
        assert (signal.state == SignalState.OPENED) == (signal.incident is not None)
        transaction.set_rollback(True)
    signal.refresh_from_db()


@WALK
@given(taken=turns)
def test_an_incident_goes_only_where_its_table_leads(
    town: District, incident: Incident, taken: list[tuple[int, int]]
) -> None:
    with transaction.atomic():
        walk(incident, INCIDENT, incident_steps(incident, town), taken, town)
        assert incident.state != "closed" or incident.close_approved_by != incident.close_requested_by
        transaction.set_rollback(True)
    incident.refresh_from_db()


@WALK
@given(taken=turns)
def test_an_order_goes_only_where_its_table_leads(town: District, order: Order, taken: list[tuple[int, int]]) -> None:
    with transaction.atomic():
        walk(order, ORDER, order_steps(order), taken, town)
        order.team.refresh_from_db()
        answered = order.state in {"done", "unable", "withdrawn"}
        assert order.team.status == ("standby" if answered else "dispatched")
        transaction.set_rollback(True)
    order.refresh_from_db()


def test_the_database_refuses_to_change_or_remove_a_line_of_the_timeline(signal: Signal) -> None:
    entry = Entry.objects.filter(signal=signal).get()
    with pytest.raises(IntegrityError, match="never changed or removed"), transaction.atomic():
        Entry.objects.filter(pk=entry.pk).update(text="另一说法")
    with pytest.raises(IntegrityError, match="never changed or removed"), transaction.atomic():
        Entry.objects.filter(pk=entry.pk).delete()
    assert Entry.objects.get(pk=entry.pk).text == entry.text
