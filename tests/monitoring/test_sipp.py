"""A real SIP user agent, SIPp, registers with digest and sends a heartbeat."""

import subprocess
from pathlib import Path

import pytest

from anlan.accounts.models import Area, User
from anlan.monitoring.models import VideoPlatform
from anlan.monitoring.video.registrations import platform_password_set

from .sip_server import PLATFORM, SERVER, Sip, free_port

pytestmark = pytest.mark.usefixtures("shared_db")
SIPP, SCENARIO = Path("/usr/bin/sipp"), Path(__file__).parent / "sipp" / "register.xml"
PASSWORD = "longpassword1"


@pytest.mark.skipif(not SIPP.exists(), reason="SIPp is not installed")
@pytest.mark.parametrize(
    ("transport", "password", "code"), [("u1", PASSWORD, 0), ("t1", PASSWORD, 0), ("u1", "guess", 1)]
)
def test_sipp_registers_and_is_online(area: Area, tmp_path: Path, transport: str, password: str, code: int) -> None:
    admin = User.objects.create(username="admin1", role="administrator", area=area, password="!")
    row = VideoPlatform.objects.create(code=PLATFORM, name="东街录像机", area=area)
    platform_password_set(platform=row, password=PASSWORD, by=admin)
    people = tmp_path / "people.csv"
    people.write_text(f"SEQUENTIAL\n{PLATFORM};[authentication username={PLATFORM} password={password}];;{SERVER}\n")
    with Sip() as sip:
        words = [
            str(SIPP),
            "-sf",
            str(SCENARIO),
            "-inf",
            str(people),
            "-t",
            transport,
            "-m",
            "1",
            "-i",
            "127.0.0.1",
            "-p",
            str(free_port()),
        ]
        words += ["-timeout", "8s", "-timeout_error", "-nostdin", f"127.0.0.1:{sip.port}"]
        done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, timeout=30)
    assert (done.returncode != 0) == bool(code), done.stdout[-2000:] + done.stderr[-2000:]
    row.refresh_from_db()
    assert row.status == ("never" if code else "online")
    assert row.agent == ("" if code else "SIPp")
