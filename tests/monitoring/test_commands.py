"""Commands to devices: asked on a page, delivered over the device's own socket, answered, refused or expired."""

import asyncio
import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.utils import timezone

from anlan.accounts.models import Area, User
from anlan.kit.flow import IllegalStep
from anlan.monitoring.commanding import dispatch
from anlan.monitoring.commanding.dispatch import due_commands
from anlan.monitoring.commanding.flow import CommandState, CommandStep
from anlan.monitoring.commanding.services import (
    MOST_WAITING,
    TooMany,
    command_answered,
    command_cancel,
    command_ended,
    command_queue,
    command_sent,
    commands_of,
    may_command,
)
from anlan.monitoring.models import CommandFrame, Device, DeviceCommand
from anlan.monitoring.moments import now_ms
from anlan.monitoring.replaying.links import Tally
from anlan.monitoring.replaying.player import Plan, Player
from anlan.monitoring.replaying.recording import recorded_frame
from anlan.protocols import Frame, decode, protocols
from anlan.protocols.commands import Answer, ParameterError
from anlan.protocols.frames import Simulator

from .gateway import Ingest, until

DeviceMaker = Callable[..., Device]
VALUES = {
    "sl651": ("0011223344", {"39": 1.5, "38": 12.1}),
    "hj212": ("M1", {"w01018-Rtd": 20.0}),
    "gb26875": ("77", {"part-1-1-9:fire": 0.0}),
}
SET_CLOCK = {"sl651": "4A", "hj212": "1012", "gb26875": "90"}


def person(area: Area, role: str = "duty_officer") -> User:
    return User.objects.get_or_create(
        username=f"{role}-{area.code}", defaults={"display_name": "王建国", "role": role, "area": area}
    )[0]


@pytest.fixture
def quick(shared_db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANLAN_INGEST_COMMAND", "0.05")


class Dialled:
    """A simulated device on a real socket: it reports once, then obeys until it is hung up."""

    def __init__(self, one: socket.socket, simulator: Simulator, report: bytes, *, deaf: int = 0) -> None:
        self.asked: list[bytes] = []
        self._socket, self._simulator, self._deaf = one, simulator, deaf
        one.sendall(report)
        one.settimeout(0.05)
        self._thread = threading.Thread(target=self._obey)
        self._stop = threading.Event()
        self._thread.start()

    def _obey(self) -> None:
        while not self._stop.is_set():
            with contextlib.suppress(TimeoutError, OSError):
                data = self._socket.recv(65536)
                answer = self._simulator.feed(data, now_ms())
                if answer:
                    self.asked.append(data)
                    if len(self.asked) > self._deaf:
                        self._socket.sendall(answer)

    def stop(self) -> None:
        self._stop.set()
        self._thread.join(5)


@contextlib.contextmanager
def online(ingest: Ingest, protocol: str, **more: Any) -> Iterator[Dialled]:
    code, values = VALUES[protocol]
    spec = protocols()[protocol]
    assert spec.simulator is not None
    with ingest.dial(protocol) as one:
        device = Dialled(one, spec.simulator(code, values), spec.encode(code, now_ms(), values), **more)
        try:
            yield device
        finally:
            device.stop()


def ask(one: Device, key: str, by: User, minutes: int = 5, **values: str) -> DeviceCommand:
    return command_queue(device=one, key=key, values=values, minutes=minutes, by=by)


def state(row: DeviceCommand) -> str:
    row.refresh_from_db()
    return str(row.state)


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("protocol", sorted(VALUES))
def test_a_command_goes_out_over_the_devices_own_line_and_its_answer_comes_back(
    device: DeviceMaker, area: Area, protocol: str
) -> None:
    one = device(code=VALUES[protocol][0], protocol=protocol)
    with Ingest(protocol) as ingest, online(ingest, protocol):
        row = ask(one, SET_CLOCK[protocol], person(area))
        until(lambda: state(row) == CommandState.ANSWERED)
    frames = list(CommandFrame.objects.filter(command=row))
    assert (frames[0].down, frames[-1].down, row.attempts) == (True, False, 1)
    assert row.finished_at is not None
    assert row.said


@pytest.mark.usefixtures("quick")
def test_a_command_waits_until_its_device_comes_online(device: DeviceMaker, area: Area) -> None:
    row = ask(device(), "37", person(area))
    with Ingest("sl651") as ingest:
        time.sleep(0.3)
        assert state(row) == CommandState.QUEUED
        with online(ingest, "sl651"):
            until(lambda: state(row) == CommandState.ANSWERED)
    assert row.said == "收到 2 个读数"


@pytest.mark.usefixtures("quick")
def test_a_station_that_would_sleep_is_asked_to_stay_while_a_command_waits(device: DeviceMaker, area: Area) -> None:
    """ESC in place of EOT."""
    one, spec = device(), protocols()["sl651"]
    row = ask(one, "51", person(area))

    def end(line: socket.socket, minute: int) -> object:
        """How the report is confirmed, whatever else comes down the line."""
        line.sendall(spec.encode(one.code, now_ms() - minute * 60_000, {"39": 1.0}))
        decoder = spec.decoder()
        while True:
            for event in decoder.feed(line.recv(1000)):
                if isinstance(event, Frame) and event.function == "32":
                    return event.fields["end"]

    with Ingest("sl651") as ingest:
        time.sleep(0.3)
        with ingest.dial("sl651") as line:
            assert end(line, 0) == "ESC"
            command_ended(pk=row.pk, step=CommandStep.EXPIRE, said="", now=now_ms())
            time.sleep(0.3)
            assert end(line, 1) == "EOT"


@pytest.mark.usefixtures("quick")
def test_a_device_that_does_not_answer_is_asked_again_with_the_same_bytes(
    device: DeviceMaker, area: Area, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dispatch, "AGAIN", 200)
    row = ask(device(), "51", person(area))
    with Ingest("sl651") as ingest, online(ingest, "sl651", deaf=1) as dialled:
        until(lambda: state(row) == CommandState.ANSWERED)
        assert row.attempts == 2
        events = decode("sl651", b"".join(dialled.asked))
        times = [event.raw for event in events if isinstance(event, Frame) and event.function == "51"]
        assert len(times) >= 2
        assert len(set(times)) == 1


@pytest.mark.usefixtures("quick")
def test_who_never_answers_lets_the_command_expire_after_three_times(
    device: DeviceMaker, area: Area, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dispatch, "AGAIN", 100)
    row = ask(device(), "51", person(area))
    with Ingest("sl651") as ingest, online(ingest, "sl651", deaf=99):
        until(lambda: state(row) == CommandState.EXPIRED)
    assert (row.attempts, row.said) == (3, "设备没有应答")


@pytest.mark.usefixtures("quick")
def test_a_refusal_ends_the_command_with_the_devices_own_reason(device: DeviceMaker, area: Area) -> None:
    one = device(code="M1", protocol="hj212")
    spec = protocols()["hj212"]
    with Ingest("hj212") as ingest, ingest.dial("hj212") as line:
        simulator = spec.simulator("M1", {}) if spec.simulator else None
        assert simulator is not None
        simulator.password = "999999"  # type: ignore[attr-defined]
        dialled = Dialled(line, simulator, spec.encode("M1", now_ms(), {"w01018-Rtd": 1.0}))
        row = ask(one, "1061", person(area))
        until(lambda: state(row) == CommandState.FAILED)
        dialled.stop()
    assert row.said == "密码错误"


@pytest.mark.usefixtures("quick")
def test_the_check_of_who_is_on_watch_waits_for_the_person_and_not_only_for_the_unit(
    device: DeviceMaker, area: Area
) -> None:
    one = device(code="77", protocol="gb26875")
    with Ingest("gb26875") as ingest, online(ingest, "gb26875"):
        row = ask(one, "91", person(area))
        until(lambda: state(row) == CommandState.ANSWERED)
    assert row.said == "值班人员已应答查岗"
    assert CommandFrame.objects.filter(command=row, down=False).count() == 2


@pytest.mark.usefixtures("quick")
def test_a_picture_in_many_packets_answers_one_command(device: DeviceMaker, area: Area) -> None:
    row = ask(device(), "36", person(area))
    with Ingest("sl651") as ingest, online(ingest, "sl651"):
        until(lambda: state(row) == CommandState.ANSWERED)
    assert row.said == "收到图片 774 字节"


@pytest.mark.usefixtures("quick")
def test_a_device_that_changes_its_identity_on_a_line_is_reached_under_both(device: DeviceMaker, area: Area) -> None:
    first, second = device(code="0011223344"), device(code="0011223355")
    spec = protocols()["sl651"]
    rows = [ask(first, "51", person(area)), ask(second, "51", person(area))]
    with Ingest("sl651") as ingest, ingest.dial("sl651") as line:
        one, other = (spec.simulator(code, {"39": 1.0}) for code in ("0011223344", "0011223355"))  # type: ignore[misc]

        class Both:
            def feed(self, data: bytes, now: int) -> bytes:
                return one.feed(data, now) + other.feed(data, now)

        report = b"".join(spec.encode(code, now_ms(), {"39": 1.0}) for code in ("0011223344", "0011223355"))
        dialled = Dialled(line, Both(), report)
        until(lambda: {state(row) for row in rows} == {CommandState.ANSWERED})
        dialled.stop()


@pytest.mark.usefixtures("quick")
def test_after_a_restart_what_had_been_sent_is_still_matched(device: DeviceMaker, area: Area) -> None:
    one = device()
    row = ask(one, "51", person(area))
    spec = protocols()["sl651"]
    last = spec.decoder().feed(spec.encode(one.code, now_ms(), {"39": 1.0}))[0]
    raw = commands_of("sl651")["51"].write(last, row.pk, now_ms(), {})  # type: ignore[arg-type]
    assert command_sent(pk=row.pk, raw=raw, now=now_ms())
    assert spec.simulator is not None
    answer = spec.simulator(one.code, {}).feed(raw, now_ms())
    with Ingest("sl651") as ingest, ingest.dial("sl651") as line:
        time.sleep(0.3)
        line.sendall(answer)
        until(lambda: state(row) == CommandState.ANSWERED)
    assert row.attempts == 1


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


def browse(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="anlan.accounts.backends.RoleBackend")
    return client


@pytest.mark.django_db
def test_a_person_sends_a_command_from_the_device_page_and_sees_it_there(device: DeviceMaker, area: Area) -> None:
    one, client = device(), browse(person(area))
    form = client.get(f"/devices/{one.pk}/commands/new/?key=38").content.decode()
    assert "召测时段数据" in form
    assert 'type="datetime-local"' in form
    assert "修改运行参数" not in form
    answer = client.post(f"/devices/{one.pk}/commands/new/", {"key": "4A", "patience": "120"})
    assert answer.status_code == 302
    page = client.get(f"/devices/{one.pk}/").content.decode()
    assert "校时" in page
    assert "待发送" in page
    row = DeviceCommand.objects.get()
    assert (row.deadline - row.asked_at).total_seconds() == 7200
    assert row.asked_at <= timezone.now()


@pytest.mark.django_db
def test_a_wrong_parameter_comes_back_with_its_sentence(device: DeviceMaker, area: Area) -> None:
    one = device(code="M1", protocol="hj212")
    answer = browse(person(area, "administrator")).post(
        f"/devices/{one.pk}/commands/new/", {"key": "1062", "RtdInterval": "0"}
    )
    assert answer.status_code == 422
    assert "须为 1 至 9999 之间的整数" in answer.content.decode()


@pytest.mark.django_db
def test_nobody_commands_another_areas_device(device: DeviceMaker, area: Area) -> None:
    here = Area.objects.create(code="440310001", name="坪山街道", level="street", parent=area)
    one = device()
    stranger = browse(person(here))
    assert stranger.get(f"/devices/{one.pk}/commands/new/").status_code == 404
    assert stranger.post(f"/devices/{one.pk}/commands/new/", {"key": "4A"}).status_code == 404
    row = ask(one, "51", person(area))
    assert stranger.post(f"/devices/{one.pk}/commands/{row.pk}/cancel/").status_code == 404


@pytest.mark.django_db
def test_a_leader_sees_commands_and_has_no_button(device: DeviceMaker, area: Area) -> None:
    one = device()
    ask(one, "51", person(area))
    client = browse(person(area, "leader"))
    page = client.get(f"/devices/{one.pk}/").content.decode()
    assert "查询时钟" in page
    assert "commands/new" not in page
    assert "查询时钟" in client.get(f"/devices/{one.pk}/commands/").content.decode()
    assert client.get(f"/devices/{one.pk}/commands/new/").status_code == 403


@pytest.mark.usefixtures("quick")
def test_a_replayed_device_obeys_and_its_recording_goes_on(device: DeviceMaker, area: Area) -> None:
    one = device()
    raw = [protocols()["sl651"].encode(one.code, 1_767_225_600_000 + k * 60_000, {"39": 1.5}) for k in range(60)]
    frames = [recorded_frame(k * 50, "sl651", each) for k, each in enumerate(raw)]
    rows = [ask(one, key, person(area)) for key in ("51", "37", "36")]
    stop = asyncio.Event()

    async def whole(ports: dict[str, int]) -> Tally:
        player = Player(frames, Plan(host="127.0.0.1", ports=ports, loop=True))
        playing = asyncio.create_task(player.play(stop))
        async with asyncio.timeout(20):
            while player.tally.obeyed < 3 or player.tally.acknowledged < 5:
                await asyncio.sleep(0.05)
        stop.set()
        await playing
        return player.tally

    with Ingest("sl651") as ingest:
        tally = asyncio.run(whole(ingest.ports))
        until(lambda: {state(row) for row in rows} == {CommandState.ANSWERED})
    assert (tally.repeated, tally.missing) == (0, 0)
