"""Commands that wait: one of a device at a time, who may ask for which, and what is kept of them."""

import pytest
from django.core.exceptions import PermissionDenied

from anlan.accounts.models import Area
from anlan.kit.flow import IllegalStep
from anlan.monitoring.commanding.dispatch import due_commands
from anlan.monitoring.commanding.flow import CommandState
from anlan.monitoring.commanding.services import (
    MOST_WAITING,
    TooMany,
    command_answered,
    command_cancel,
    command_sent,
    commands_of,
    may_command,
)
from anlan.monitoring.moments import now_ms
from anlan.protocols.commands import Answer, ParameterError

from .commanding import DeviceMaker, ask, person, state


@pytest.mark.django_db
def test_a_command_past_its_deadline_expires(device: DeviceMaker, area: Area) -> None:
    row = ask(device(), "51", person(area))
    assert due_commands(now_ms() + 6 * 60_000) == []
    assert state(row) == CommandState.EXPIRED
    assert row.said == "有效期内设备没有上线"


@pytest.mark.django_db
def test_one_command_of_a_device_is_under_way_at_a_time(device: DeviceMaker, area: Area) -> None:
    one = device()
    first, second = ask(one, "51", person(area)), ask(one, "45", person(area))
    assert [due.row.pk for due in due_commands(now_ms())] == [first.pk]
    command_sent(pk=first.pk, raw=b"x", now=now_ms())
    command_answered(pk=first.pk, raw=b"y", answer=Answer(ok=True, said="好"), now=now_ms())
    assert [due.row.pk for due in due_commands(now_ms())] == [second.pk]


@pytest.mark.django_db
def test_an_answer_to_a_command_that_has_ended_changes_nothing(device: DeviceMaker, area: Area) -> None:
    row = ask(device(), "51", person(area))
    command_cancel(command=row, by=person(area))
    command_answered(pk=row.pk, raw=b"y", answer=Answer(ok=True, said="好"), now=now_ms())
    assert state(row) == CommandState.CANCELLED


@pytest.mark.django_db
def test_what_was_sent_cannot_be_taken_back(device: DeviceMaker, area: Area) -> None:
    row = ask(device(), "51", person(area))
    command_sent(pk=row.pk, raw=b"x", now=now_ms())
    with pytest.raises(IllegalStep):
        command_cancel(command=row, by=person(area))


@pytest.mark.django_db
def test_a_grave_command_is_for_an_administrator_and_is_sent_once(device: DeviceMaker, area: Area) -> None:
    one, command = device(), commands_of("sl651")["42"]
    assert not may_command(person(area), command)
    assert may_command(person(area, "administrator"), command)
    with pytest.raises(PermissionDenied):
        ask(one, "42", person(area), parameter="20", value="1")
    row = ask(one, "42", person(area, "administrator"), parameter="20", value="1")
    assert command_sent(pk=row.pk, raw=b"x", now=now_ms())
    assert not command_sent(pk=row.pk, raw=b"x", now=now_ms(), attempts=1)


@pytest.mark.django_db
def test_of_two_processes_only_one_sends(device: DeviceMaker, area: Area) -> None:
    row = ask(device(), "51", person(area))
    assert [command_sent(pk=row.pk, raw=b"x", now=now_ms(), attempts=0) for _ in range(2)] == [True, False]
    assert command_sent(pk=row.pk, raw=b"x", now=now_ms(), attempts=1)


@pytest.mark.django_db
@pytest.mark.parametrize("role", ["leader", "inspector", "street", "enterprise", "community"])
def test_other_roles_send_no_commands(device: DeviceMaker, area: Area, role: str) -> None:
    with pytest.raises(PermissionDenied):
        ask(device(), "51", person(area, role))


@pytest.mark.django_db
def test_a_device_has_a_bounded_queue(device: DeviceMaker, area: Area) -> None:
    one = device()
    for _ in range(MOST_WAITING):
        ask(one, "51", person(area))
    with pytest.raises(TooMany):
        ask(one, "51", person(area))


@pytest.mark.django_db
def test_a_password_is_kept_in_no_row_and_no_frame(device: DeviceMaker, area: Area) -> None:
    row = ask(device(), "49", person(area, "administrator"), old="1234", new="ABCD")
    command_sent(pk=row.pk, raw=b"\x12\x34\xab\xcd", now=now_ms())
    command_answered(pk=row.pk, raw=b"\xab\xcd", answer=Answer(ok=True, said="好"), now=now_ms())
    row.refresh_from_db()
    assert "ABCD" not in str(row.values)
    assert {bytes(frame.raw) for frame in row.frames.all()} == {b""}


@pytest.mark.django_db
@pytest.mark.parametrize(("key", "values"), [("42", {"parameter": "zz", "value": "1"}), ("42", {"parameter": "20"})])
def test_a_parameter_that_cannot_be_is_refused_with_its_name(
    device: DeviceMaker, area: Area, key: str, values: dict[str, str]
) -> None:
    with pytest.raises(ParameterError) as caught:
        ask(device(), key, person(area, "administrator"), **values)
    assert caught.value.key in values or caught.value.key == "value"
