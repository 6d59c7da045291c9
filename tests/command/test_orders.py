"""Orders: sent once, chased, answered or taken back; the team's status follows."""

from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import pytest
from django.contrib.gis.geos import Point
from django.core.exceptions import PermissionDenied, ValidationError

from anlan.command.models import Entry, Incident, Order
from anlan.command.services import (
    AlreadyDone,
    order_arrive,
    order_decline,
    order_finish,
    order_receive,
    order_send,
    order_withdraw,
)
from anlan.kit.deadlines import deadlines_sweep
from anlan.kit.flow import IllegalStep
from anlan.kit.models import Notice

from .conftest import District, done

pytestmark = pytest.mark.django_db
RunJobs = Callable[[], int]


def pass_minutes(order: Order, minutes: float, run_jobs: RunJobs) -> None:
    deadlines_sweep(now=order.sent_at + timedelta(minutes=minutes))
    run_jobs()


def test_an_order_tells_the_teams_leader_and_sends_the_team_out(town: District, order: Order) -> None:
    town.team.refresh_from_db()
    order.incident.refresh_from_db()
    assert (town.team.status, order.incident.state) == ("dispatched", "responding")
    assert Notice.objects.filter(address=f"user:{town.leader.pk}", url=f"/orders/{order.pk}/").exists()
    assert not Notice.objects.filter(address=f"user:{town.other_leader.pk}").exists()


def test_each_answer_is_kept_with_its_time_and_place(town: District, order: Order) -> None:
    spot = Point(114.36, 22.70, srid=4490)
    order = order_receive(order=order, by=town.leader, position=spot)
    order = order_arrive(order=order, by=town.leader, position=spot)
    order = order_finish(order=order, result="扑灭", by=town.leader, position=spot)
    order.refresh_from_db()
    assert order.sent_at < order.received_at < order.arrived_at < order.ended_at
    assert order.received_position.coords == order.arrived_position.coords == order.ended_position.coords == spot.coords
    town.team.refresh_from_db()
    assert town.team.status == "standby"


def test_a_team_stays_out_while_another_order_waits(town: District, incident: Incident, order: Order) -> None:
    order_send(incident=incident, team=town.team, text="警戒", by=town.commander)
    done(order, town)
    town.team.refresh_from_db()
    assert town.team.status == "dispatched"


def test_an_order_withdrawn_is_not_answered_any_more(town: District, order: Order) -> None:
    order_withdraw(order=order, reason="火已灭", by=town.commander)
    for answer in (order_receive, order_arrive):
        with pytest.raises(IllegalStep, match="已撤回"):
            answer(order=order, by=town.leader)
    town.team.refresh_from_db()
    assert town.team.status == "standby"


def test_the_same_answer_twice_is_a_clear_sentence(town: District, order: Order) -> None:
    order_receive(order=order, by=town.leader)
    with pytest.raises(IllegalStep, match="指令当前为“已签收”，不能“签收”"):
        order_receive(order=order, by=town.leader)
    assert Entry.objects.filter(order=order, step="receive").count() == 1


def test_one_form_sent_twice_sends_one_order(town: District, incident: Incident) -> None:
    key = uuid4()
    order_send(incident=incident, team=town.team, text="灭火", by=town.commander, key=key)
    with pytest.raises(AlreadyDone):
        order_send(incident=incident, team=town.team, text="灭火", by=town.commander, key=key)
    assert Order.objects.count() == 1


def test_another_teams_leader_does_not_answer(town: District, order: Order) -> None:
    with pytest.raises(PermissionDenied, match="不是您的队伍"):
        order_receive(order=order, by=town.other_leader)


def test_the_desk_may_write_down_what_a_leader_says_by_radio(town: District, order: Order) -> None:
    assert order_receive(order=order, by=town.officer).state == "received"
    assert Entry.objects.get(order=order, step="receive").actor == town.officer


@pytest.mark.parametrize("service", [order_decline, order_withdraw])
def test_an_order_is_not_ended_without_a_reason(town: District, order: Order, service: Callable[..., Order]) -> None:
    with pytest.raises(ValidationError, match="必须写明原因"):
        service(order=order, reason="  ", by=town.commander)


def test_an_order_is_not_done_without_a_result(town: District, order: Order) -> None:
    order_receive(order=order, by=town.leader)
    order_arrive(order=order, by=town.leader)
    with pytest.raises(ValidationError, match="必须写明处置结果"):
        order_finish(order=order, result="", by=town.leader)


def test_a_team_that_cannot_is_told_to_the_desk_at_once(town: District, order: Order) -> None:
    order_decline(order=order, reason="车辆故障", by=town.leader)
    told = Notice.objects.filter(title="综合一队无法执行指令")
    assert {n.address for n in told} == {"role:duty_officer@990310", "role:commander@990310"}


def test_a_missing_receipt_is_chased_and_its_breach_recorded(town: District, order: Order, run_jobs: RunJobs) -> None:
    pass_minutes(order, 3, run_jobs)
    assert Notice.objects.filter(address=f"user:{town.leader.pk}", title__contains="请尽快签收").count() == 1
    assert not Entry.objects.filter(order=order, text__contains="签收超时").exists()
    pass_minutes(order, 5, run_jobs)
    assert Entry.objects.filter(order=order, text__contains="签收超时").count() == 1
    assert Notice.objects.filter(address="role:commander@990310", title__contains="签收超时").count() == 1


def test_a_received_order_is_chased_for_its_arrival_only(town: District, order: Order, run_jobs: RunJobs) -> None:
    order_receive(order=order, by=town.leader)
    pass_minutes(order, 29, run_jobs)
    assert not Entry.objects.filter(order=order, kind="clock").exists()
    pass_minutes(order, 30, run_jobs)
    assert Entry.objects.filter(order=order, kind="clock", text__contains="到达超时").count() == 1


def test_the_sender_may_set_the_minutes_to_arrive(town: District, incident: Incident, run_jobs: RunJobs) -> None:
    order = order_send(incident=incident, team=town.team, text="灭火", minutes=10, by=town.commander)
    assert order.due_at - order.sent_at == timedelta(minutes=10)
    order_receive(order=order, by=town.leader)
    pass_minutes(order, 10, run_jobs)
    assert Entry.objects.filter(order=order, text__contains="到达超时").count() == 1


def test_an_answered_order_is_chased_no_more(town: District, order: Order, run_jobs: RunJobs) -> None:
    done(order, town)
    pass_minutes(order, 120, run_jobs)
    assert not Entry.objects.filter(order=order, kind="clock").exists()


def test_a_team_leader_sees_the_orders_of_their_own_body_only(town: District, order: Order) -> None:
    assert list(Order.objects.visible_to(town.leader)) == [order]
    assert list(Order.objects.visible_to(town.other_leader)) == []
    town.leader.organisation = None
    assert list(Order.objects.visible_to(town.leader)) == []
