"""A real SIP user agent, SIPp, registers with digest, sends a heartbeat, and shows a camera's picture."""

import contextlib
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from anlan.accounts.models import User
from anlan.monitoring.models import Camera, CameraStream, VideoPlatform
from anlan.monitoring.video.playing import play_leave, play_start
from anlan.monitoring.video.registrations import platform_password_set

from .broker import until
from .media_server import Media
from .sip_server import CAMERA, PLATFORM, SERVER, Sip, free_port

SIPP, SCENARIOS = Path("/usr/bin/sipp"), Path(__file__).parent / "sipp"
PASSWORD = "longpassword1"
pytestmark = [
    pytest.mark.usefixtures("shared_db"),
    pytest.mark.skipif(not SIPP.exists(), reason="SIPp is not installed"),
]


@pytest.fixture
def known(platform: VideoPlatform, admin: User) -> VideoPlatform:
    return platform_password_set(platform=platform, password=PASSWORD, by=admin)


def words(folder: Path, scenario: str, transport: str, password: str, port: int) -> list[str]:
    people = folder / "people.csv"
    people.write_text(f"SEQUENTIAL\n{PLATFORM};[authentication username={PLATFORM} password={password}];;{SERVER}\n")
    told = f"-sf {SCENARIOS / scenario} -inf {people} -t {transport} -m 1 -i 127.0.0.1 -p {free_port()}"
    return [str(SIPP), *told.split(), "-nostdin", f"127.0.0.1:{port}"]


@pytest.mark.parametrize(
    ("transport", "password", "code"), [("u1", PASSWORD, 0), ("t1", PASSWORD, 0), ("u1", "guess", 1)]
)
def test_sipp_registers_and_is_online(
    known: VideoPlatform, tmp_path: Path, transport: str, password: str, code: int
) -> None:
    with Sip() as sip:
        asked = [*words(tmp_path, "register.xml", transport, password, sip.port), "-timeout", "8s", "-timeout_error"]
        done = subprocess.run(asked, cwd=tmp_path, capture_output=True, text=True, timeout=30)
    assert (done.returncode != 0) == bool(code), done.stdout[-2000:] + done.stderr[-2000:]
    known.refresh_from_db()
    assert known.status == ("never" if code else "online")
    assert known.agent == ("" if code else "SIPp")


@contextlib.contextmanager
def at_hand(folder: Path, transport: str, port: int) -> Iterator[Path]:
    """SIPp stays in, and answers what it is asked as a camera does; gives the file of all that was said."""
    said = folder / "said.log"
    more = ["-oocsf", str(SCENARIOS / "camera.xml"), "-trace_msg", "-message_file", str(said)]
    asked = [*words(folder, "at_hand.xml", transport, PASSWORD, port), *more]
    with (folder / "out.log").open("wb") as out:
        process = subprocess.Popen(asked, cwd=folder, stdout=out, stderr=out)
        try:
            yield said
        finally:
            process.kill()
            process.wait(30)


@pytest.mark.parametrize("transport", ["u1", "t1"])
def test_sipp_is_invited_to_show_its_picture_acknowledged_and_told_to_stop(
    known: VideoPlatform, officer: User, media: Media, tmp_path: Path, transport: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    camera = Camera.objects.create(
        code=CAMERA, name="东街口球机", area=known.area, platform=known, status="online", listed=False
    )
    with Sip() as sip, at_hand(tmp_path, transport, sip.port) as said:
        monkeypatch.setenv("ANLAN_PORT_SIP", str(sip.port))
        until(lambda: VideoPlatform.objects.get().status == "online")
        play = play_start(camera=camera, by=officer)
        until(lambda: CameraStream.objects.get().state == "playing")
        play_leave(play=play, by=officer)
        until(lambda: CameraStream.objects.get().state == "ended")
        until(lambda: b"CSeq: 2 BYE\r\n" in said.read_bytes().rpartition(b"SIP/2.0 200 OK")[2])
    told = said.read_bytes()
    assert b"ACK sip:" in told
    assert told.index(b"INVITE sip:") < told.index(b"ACK sip:") < told.index(b"BYE sip:")
