"""Incidents: numbers, grades, closing by a second person, reopening with its history."""

from collections.abc import Callable

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, connection, transaction

from anlan.command.models import Entry, Incident, Report, Signal
from anlan.command.services import (
    AlreadyDone,
    incident_appoint,
    incident_approve_close,
    incident_assess,
    incident_note,
    incident_open,
    incident_refuse_close,
    incident_relate,
    incident_reopen,
    incident_request_close,
    incident_strike,
    order_send,
    report_submit,
    signal_enter,
)
from anlan.kit.flow import IllegalStep
from anlan.kit.models import Notice

from .conftest import District, done, ready_to_close, verified

pytestmark = pytest.mark.django_db


def test_an_unverified_signal_opens_no_incident(town: District, signal: Signal) -> None:
    with pytest.raises(IllegalStep, match="待接警"):
        incident_open(signal=signal, by=town.officer)
    assert not Incident.objects.exists()


def test_incidents_are_numbered_within_the_year(town: District, incident: Incident) -> None:
    second = signal_enter(area=town.street, title="积水", source="110", event_type="waterlogging", by=town.officer)
    opened = incident_open(signal=verified(second, town), by=town.officer)
    assert int(opened.number[-5:]) == int(incident.number[-5:]) + 1


def test_the_grade_follows_the_casualties_and_a_graver_one_is_told(town: District, incident: Incident) -> None:
    row = incident_assess(incident=incident, deaths=1, missing=2, minor_injuries=5, loss=200_000, by=town.officer)
    assert (row.grade, row.get_grade_display()) == (3, "较大")
    told = set(Notice.objects.filter(title__contains="较大").values_list("address", flat=True))
    assert told == {"role:commander@990310", "role:leader@990310"}
    assert incident_assess(incident=row, missing=0, by=town.officer).grade == 4
    assert Notice.objects.filter(title__contains="较大").count() == 2


def test_only_a_commander_of_the_area_is_appointed(town: District, incident: Incident) -> None:
    assert (
        incident_appoint(incident=incident, commander=town.commander2, by=town.commander).commander == town.commander2
    )
    with pytest.raises(ValidationError, match="指挥长须由"):
        incident_appoint(incident=incident, commander=town.officer, by=town.commander)
    town.commander2.area = town.other_street
    town.commander2.save()
    with pytest.raises(ValidationError, match="指挥长须由"):
        incident_appoint(incident=incident, commander=town.commander2, by=town.commander)


def test_a_wrong_line_is_struck_by_a_later_one_and_stays(town: District, incident: Incident) -> None:
    wrong = incident_note(incident=incident, text="疏散95人", by=town.officer)
    strike = incident_strike(incident=incident, entry=wrong, reason="应为85人", by=town.officer)
    assert Entry.objects.get(pk=wrong.pk).struck_by == strike
    with pytest.raises(ValidationError, match="尚未更正"):
        incident_strike(incident=incident, entry=wrong, reason="再改", by=town.officer)
    with pytest.raises(ValidationError, match="尚未更正"):
        incident_strike(incident=incident, entry=strike, reason="再改", by=town.officer)


def test_a_line_of_another_incident_is_not_struck(town: District, incident: Incident) -> None:
    other = signal_enter(area=town.street, title="积水", source="110", event_type="waterlogging", by=town.officer)
    foreign = Entry.objects.get(signal=other)
    with pytest.raises(ValidationError, match="尚未更正"):
        incident_strike(incident=incident, entry=foreign, reason="错", by=town.officer)


def test_related_incidents_are_seen_from_both(town: District, incident: Incident) -> None:
    second = signal_enter(area=town.street, title="停电", source="110", event_type="other", by=town.officer)
    other = incident_open(signal=verified(second, town), by=town.officer)
    incident_relate(incident=incident, other=other, by=town.officer)
    assert list(other.related.all()) == [incident]
    assert Entry.objects.filter(incident=other, text__contains=incident.number).exists()
    with pytest.raises(ValidationError, match="尚未关联"):
        incident_relate(incident=other, other=incident, by=town.officer)


def test_closing_waits_for_every_order_and_the_final_report(town: District, incident: Incident) -> None:
    order = order_send(incident=incident, team=town.team, text="灭火", by=town.commander)
    report_submit(kind="first", incident=incident, situation="起火", by=town.officer)
    Incident.objects.update(state="controlled")
    with pytest.raises(ValidationError) as refused:
        incident_request_close(incident=incident, by=town.officer)
    assert refused.value.messages == ["还有1条指令未办结。", "尚未提交终报。"]
    done(order, town)
    report_submit(kind="final", incident=incident, situation="已灭", by=town.officer)
    assert incident_request_close(incident=incident, by=town.officer).state == "closing"


def test_the_person_who_asked_does_not_approve_the_closing(town: District, incident: Incident) -> None:
    asked = incident_request_close(incident=ready_to_close(incident, town), by=town.commander)
    with pytest.raises(PermissionDenied, match="申请人以外的另一人"):
        incident_approve_close(incident=asked, by=town.commander)
    assert incident_approve_close(incident=asked, by=town.commander2).state == "closed"


def test_a_duty_officer_does_not_approve_a_closing(town: District, incident: Incident) -> None:
    asked = incident_request_close(incident=ready_to_close(incident, town), by=town.officer)
    with pytest.raises(PermissionDenied):
        incident_approve_close(incident=asked, by=town.officer2)


def test_the_database_itself_wants_a_second_person(town: District, incident: Incident) -> None:
    sql = "update command_incident set state = 'closed', closed_at = now(), close_requested_by_id = %s, close_approved_by_id = %s where id = %s"
    one, two = town.commander.pk, town.commander2.pk
    for asked, approved in [(one, one), (None, one), (one, None), (None, None)]:
        with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql, [asked, approved, incident.pk])
    with connection.cursor() as cursor:
        cursor.execute(sql, [one, two, incident.pk])


def test_a_refused_closing_goes_back_to_work_with_the_reason(town: District, incident: Incident) -> None:
    asked = incident_request_close(incident=ready_to_close(incident, town), by=town.officer)
    with pytest.raises(ValidationError, match="必须写明理由"):
        incident_refuse_close(incident=asked, reason=" ", by=town.commander)
    back = incident_refuse_close(incident=asked, reason="损失未核定", by=town.commander)
    assert (back.state, back.close_requested_by) == ("controlled", None)


def test_reopening_keeps_the_history_and_asks_for_a_new_final_report(
    town: District, incident: Incident, run_jobs: Callable[[], int]
) -> None:
    asked = incident_request_close(incident=ready_to_close(incident, town), by=town.officer)
    closed = incident_approve_close(incident=asked, by=town.commander)
    lines = list(Entry.objects.of_incident(closed).values_list("pk", flat=True))
    with pytest.raises(ValidationError, match="必须写明理由"):
        incident_reopen(incident=closed, reason="", by=town.commander)
    again = incident_reopen(incident=closed, reason="现场复燃", by=town.commander)
    assert (again.state, again.closed_at, again.close_approved_by) == ("responding", None, None)
    assert list(Entry.objects.of_incident(again).values_list("pk", flat=True))[: len(lines)] == lines
    Incident.objects.update(state="controlled")
    with pytest.raises(ValidationError, match="尚未提交终报"):
        incident_request_close(incident=again, by=town.officer)
    run_jobs()


def test_closing_files_the_whole_course_as_a_document(town: District, incident: Incident) -> None:
    asked = incident_request_close(incident=ready_to_close(incident, town), by=town.officer)
    closed = incident_approve_close(incident=asked, by=town.commander)
    record = Report.objects.get(incident=closed, kind="record")
    assert (record.number, len(record.sha256)) == (3, 64)


def test_nothing_is_done_on_a_closed_incident(town: District, incident: Incident) -> None:
    asked = incident_request_close(incident=ready_to_close(incident, town), by=town.officer)
    closed = incident_approve_close(incident=asked, by=town.commander)
    with pytest.raises(IllegalStep, match="已结案"):
        order_send(incident=closed, team=town.team, text="返回", by=town.commander)
    with pytest.raises(IllegalStep, match="已结案"):
        incident_note(incident=closed, text="补记", by=town.officer)


def test_one_form_sent_twice_opens_one_incident(town: District, signal: Signal) -> None:
    from uuid import uuid4

    key, row = uuid4(), verified(signal, town)
    incident_open(signal=row, by=town.officer, key=key)
    with pytest.raises(AlreadyDone):
        incident_open(signal=row, by=town.officer, key=key)
    assert Incident.objects.count() == 1
