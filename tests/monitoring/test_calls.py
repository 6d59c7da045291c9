"""Calls to cameras over real sockets: invited, refused, given up, accepted too late, hung up, and never left sending."""

import asyncio
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.utils import timezone

from anlan.accounts.models import User
from anlan.monitoring.gateway.sip_exchange import Patience
from anlan.monitoring.models import CameraStream, PlaySession, VideoPlatform
from anlan.monitoring.replaying.camera import Device
from anlan.protocols.sip import SipMessage

from .calling import closed, opened, said, state, watch
from .media_server import Media
from .sip_server import CAMERA, CHANNELS, SERVER, Sip, waited

pytestmark = pytest.mark.usefixtures("shared_db")
HASTY = Patience(first=0.1, last=0.5, ringing=0.7)


def rings(device: Device, invite: SipMessage) -> None:
    device.answer(invite, 100)


def silent(_device: Device, _invite: SipMessage) -> None:
    """Answers when the test wants it."""


@pytest.fixture
def sip(platform: VideoPlatform, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Iterator[Sip]:
    """Patient, except where the test gives a patience as the fixture's parameter."""
    with Sip(patience=getattr(request, "param", None)) as running:
        monkeypatch.setenv("ANLAN_PORT_SIP", str(running.port))
        yield running


@pytest.mark.parametrize("transport", ["UDP", "TCP"])
def test_a_camera_is_invited_to_the_media_servers_port_and_told_to_stop(
    sip: Sip, media: Media, officer: User, transport: str
) -> None:
    async def play(device: Device, made: PlaySession) -> None:
        await waited(lambda: state(made) == "playing")
        await closed(made, officer)
        await waited(lambda: state(made) == "ended" and "BYE" in said(device))
        assert said(device) == ["INVITE", "ACK", "BYE"]
        (invite,) = device.invites
        text = invite.body.decode()
        assert "c=IN IP4 192.0.2.7\r\n" in text
        assert "m=video 30000 RTP/AVP 96" in text
        assert "a=setup" not in text
        assert f"y={made.stream.ssrc}\r\n" in text
        assert invite.get("subject").startswith(f"{CAMERA}:{made.stream.ssrc},")

    row = watch(play, sip, officer, transport=transport)
    assert media.paths()[0] == "openRtpServer"
    words = media.asked[0][2]
    assert (words["secret"], words["stream_id"], words["tcp_mode"]) == ("s3cret", row.name, "0")
    assert "closeRtpServer" in media.paths()
    assert row.urls["whep"] == f"{media.url}/index/api/whep?app=rtp&stream={row.name}&type=play"
    assert row.ssrc[:6] == f"0{SERVER[3:8]}"


@pytest.mark.parametrize(("mode", "number", "setup"), [("tcp-passive", "1", "passive"), ("tcp-active", "2", "active")])
def test_a_platform_that_wants_tcp_is_offered_it_and_the_media_server_knows_who_connects(
    sip: Sip, media: Media, officer: User, mode: str, number: str, setup: str
) -> None:
    VideoPlatform.objects.update(rtp=mode)

    async def play(device: Device, made: PlaySession) -> None:
        await waited(lambda: state(made) == "playing")
        (invite,) = device.invites
        assert b"m=video 30000 TCP/RTP/AVP 96" in invite.body
        assert f"a=setup:{setup}\r\na=connection:new\r\n".encode() in invite.body

    row = watch(play, sip, officer)
    asked = {path.rpartition("/")[2]: words for _method, path, words in media.asked}
    assert asked["openRtpServer"]["tcp_mode"] == number
    if mode == "tcp-active":
        told = asked["connectRtpServer"]
        assert (told["stream_id"], told["dst_url"], told["dst_port"]) == (row.name, "127.0.0.1", "15060")
    else:
        assert "connectRtpServer" not in asked


def test_the_media_server_is_not_sent_to_an_address_that_the_platform_may_not_use(
    sip: Sip, media: Media, officer: User
) -> None:
    VideoPlatform.objects.update(rtp="tcp-active", networks="127.0.0.0/8")

    async def play(device: Device, made: PlaySession) -> None:
        await waited(lambda: state(made) == "failed" and "BYE" in said(device))

    row = watch(play, sip, officer, lambda device, invite: device.answer(invite, 200, host="192.0.2.99"))
    assert "从 192.0.2.99 取流,该地址不在允许接入的网段内" in row.trouble
    assert "connectRtpServer" not in media.paths()


def test_a_camera_that_sends_under_an_ssrc_of_its_own_is_expected_under_it(
    sip: Sip, media: Media, officer: User
) -> None:
    async def play(device: Device, made: PlaySession) -> None:
        await waited(lambda: state(made) == "playing")

    watch(play, sip, officer, lambda device, invite: device.answer(invite, 200, ssrc="0999990001"))
    (told,) = [words for _method, path, words in media.asked if path.endswith("updateRtpServerSSRC")]
    assert told["ssrc"] == "999990001"


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (404, "所属平台没有这个通道,请更新目录(SIP 404)。"),
        (486, "摄像头忙,可能已达取流路数上限(SIP 486)。"),
        (499, "摄像头拒绝播放(SIP 499)。"),
        (580, "摄像头或所属平台出错(SIP 580)。"),
        (603, "摄像头拒绝播放(SIP 603)。"),
    ],
)
def test_a_camera_that_refuses_is_acknowledged_and_its_reason_is_told_in_words(
    sip: Sip, media: Media, officer: User, status: int, words: str
) -> None:
    async def play(device: Device, made: PlaySession) -> None:
        await waited(lambda: state(made) == "failed" and "closeRtpServer" in media.paths())
        await waited(lambda: said(device) == ["INVITE", "ACK"])

    assert watch(play, sip, officer, play_status=status).trouble == words


@pytest.mark.parametrize("sip", [HASTY], indirect=True, ids=["hasty"])
def test_a_camera_that_accepts_after_we_gave_up_is_acknowledged_and_told_to_stop(
    sip: Sip, media: Media, officer: User
) -> None:
    async def play(device: Device, made: PlaySession) -> None:
        await waited(lambda: state(made) == "failed")
        assert set(said(device)) == {"INVITE"}
        device.answer(device.invites[0], 200)
        await waited(lambda: {"ACK", "BYE"} <= set(said(device)))
        assert "CANCEL" not in said(device)
        device.answer(device.invites[0], 200)
        await waited(lambda: said(device).count("ACK") >= 2)

    assert watch(play, sip, officer, silent).trouble == "摄像头没有应答。"


@pytest.mark.parametrize("sip", [HASTY], indirect=True, ids=["hasty"])
def test_a_camera_that_rings_too_long_is_cancelled_and_its_answer_to_that_acknowledged(
    sip: Sip, media: Media, officer: User
) -> None:
    async def play(device: Device, made: PlaySession) -> None:
        await waited(lambda: state(made) == "failed" and "CANCEL" in said(device))
        device.answer(device.invites[0], 487)
        await waited(lambda: "ACK" in said(device))
        assert "BYE" not in said(device)

    watch(play, sip, officer, rings)


def test_who_leaves_while_it_rings_cancels_at_once_and_a_crossing_acceptance_is_ended(
    sip: Sip, media: Media, officer: User
) -> None:
    async def play(device: Device, made: PlaySession) -> None:
        await waited(lambda: device.invites)
        await closed(made, officer)
        await waited(lambda: "CANCEL" in said(device))
        device.answer(device.invites[0], 200)
        await waited(lambda: {"ACK", "BYE"} <= set(said(device)))
        await waited(lambda: state(made) == "ended")

    watch(play, sip, officer, rings)


def test_a_200_that_comes_again_is_acknowledged_again_and_changes_nothing(
    sip: Sip, media: Media, officer: User
) -> None:
    async def play(device: Device, made: PlaySession) -> None:
        await waited(lambda: state(made) == "playing" and said(device).count("ACK") == 1)
        for _ in range(3):
            device.answer(device.invites[0], 200)
        await waited(lambda: said(device).count("ACK") == 4)
        assert "BYE" not in said(device)
        assert state(made) == "playing"

    watch(play, sip, officer)


def test_two_who_watch_one_camera_share_its_stream_and_the_last_who_leaves_ends_it(
    sip: Sip, media: Media, officer: User, admin: User
) -> None:
    async def play(device: Device, made: PlaySession) -> None:
        await waited(lambda: state(made) == "playing")
        other = await asyncio.to_thread(opened, admin)
        assert other.stream_id == made.stream_id
        await closed(made, officer)
        assert PlaySession.objects.get(pk=made.pk).ended_at is not None
        assert state(other) == "playing"
        await closed(other, admin)
        await waited(lambda: state(other) == "ended" and "BYE" in said(device))
        assert said(device) == ["INVITE", "ACK", "BYE"]

    watch(play, sip, officer)
    assert media.paths().count("openRtpServer") == 1


def test_a_camera_that_hangs_up_or_invites_us_is_answered_as_the_call_stands(
    sip: Sip, media: Media, officer: User
) -> None:
    async def play(device: Device, made: PlaySession) -> None:
        await waited(lambda: state(made) == "playing")
        call = device.invites[0].get("call-id")
        within = device._talk().request("INVITE", 9, "again").with_header("call-id", call)
        assert (await device.ask(within)).status == 488
        assert state(made) == "playing"
        stray = device._talk().request("INVITE", 9, "stray").with_header("to", f"<sip:{SERVER}@x>;tag=old")
        assert (await device.ask(stray)).status == 481
        assert (await device.ask(device._talk().request("INVITE", 9, "new"))).status == 405
        bye = device._talk().request("BYE", 10, "over").with_header("call-id", call)
        assert (await device.ask(bye)).status == 200
        await waited(lambda: state(made) == "failed")
        assert (await device.ask(device._talk().request("BYE", 10, "unknown"))).status == 481
        assert said(device) == ["INVITE", "ACK"]

    assert watch(play, sip, officer).trouble == "摄像头停止了发送。"


def test_a_picture_that_nobody_looks_at_any_more_is_closed(sip: Sip, media: Media, officer: User) -> None:
    async def play(device: Device, made: PlaySession) -> None:
        await waited(lambda: state(made) == "playing")
        PlaySession.objects.filter(pk=made.pk).update(seen_at=timezone.now() - timedelta(seconds=61))
        await waited(lambda: state(made) == "ended" and "BYE" in said(device))

    watch(play, sip, officer)


@pytest.mark.parametrize("transport", ["UDP", "TCP"])
def test_after_a_restart_of_ours_cameras_that_still_send_are_told_to_stop(
    sip: Sip, media: Media, officer: User, transport: str
) -> None:
    async def play(device: Device, made: PlaySession) -> None:
        await waited(lambda: state(made) == "playing")

    row = watch(play, sip, officer, transport=transport)
    sip.__exit__()
    CameraStream.objects.filter(pk=row.pk).update(state="playing", ended_at=None)
    with Sip() as again:

        async def back(device: Device) -> None:
            await device.register()
            await waited(lambda: "BYE" in said(device))
            late = device.heard_of["BYE"]
            assert late.get("call-id") == row.dialog["call_id"]

        again.run(back, channels=CHANNELS, transport=transport)
    row.refresh_from_db()
    assert (row.state, row.trouble) == ("failed", "视频信令服务曾重启,请重新打开。")


def test_an_acceptance_of_a_call_that_nobody_remembers_is_ended(sip: Sip, media: Media, officer: User) -> None:
    """As after a restart while the camera rang: all that is known of the call is the answer itself."""

    async def play(device: Device, made: PlaySession) -> None:
        await waited(lambda: state(made) == "playing")
        forgotten = device.invites[0].with_header("call-id", "forgotten")
        device.answer(forgotten, 200)
        await waited(lambda: "BYE" in said(device))
        assert device.heard_of["BYE"].get("call-id") == "forgotten"
        assert state(made) == "playing"

    watch(play, sip, officer)
