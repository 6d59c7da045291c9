"""Commands to devices: asked on a page, delivered over the device's own socket, answered, refused or expired."""

import asyncio
import socket
import time

import pytest

from anlan.accounts.models import Area
from anlan.monitoring.commanding import dispatch
from anlan.monitoring.commanding.flow import CommandState, CommandStep
from anlan.monitoring.commanding.services import (
    command_ended,
    command_sent,
    commands_of,
)
from anlan.monitoring.models import CommandFrame
from anlan.monitoring.moments import now_ms
from anlan.monitoring.replaying.links import Tally
from anlan.monitoring.replaying.player import Plan, Player
from anlan.monitoring.replaying.recording import recorded_frame
from anlan.protocols import Frame, decode, protocols

from .commanding import SET_CLOCK, VALUES, DeviceMaker, Dialled, ask, online, person, state
from .gateway import Ingest, until


@pytest.fixture
def quick(shared_db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANLAN_INGEST_COMMAND", "0.05")


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
