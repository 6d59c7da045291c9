"""The broker's files: a real Mosquitto lets each device speak under its own name alone."""

import base64
import getpass
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anlan.accounts.models import Area, User
from anlan.monitoring.life.broker import broker_files_renew, member_of
from anlan.monitoring.life.credentials import device_token_revoke
from anlan.monitoring.life.proofs import broker_digest
from anlan.monitoring.life.services import device_certificate_bind, device_retire
from anlan.monitoring.models import Device, DeviceAccess
from anlan.monitoring.services import device_token_issue

from .authority import Authority
from .broker import free_port, listens, until

Maker = Callable[..., Device]
pytestmark = pytest.mark.django_db


@pytest.fixture
def keeper(area: Area) -> User:
    return User.objects.create(username="keeper", role="administrator", area=area)


class Broker:
    """A Mosquitto that serves the files of a folder; only the listener with passwords is opened."""

    def __init__(self, folder: Path, port: int) -> None:
        self.port = port
        lines = (folder / "anlan.conf").read_text().partition("# Client")[0].splitlines()
        conf = folder / "test.conf"
        conf.write_text(
            "\n".join([*lines, "log_dest none", f"user {getpass.getuser()}", f"pid_file {folder / 'pid'}"]) + "\n"
        )
        self.process = subprocess.Popen(["/usr/sbin/mosquitto", "-c", str(conf)], stderr=subprocess.DEVNULL)
        until(lambda: listens(port) and (folder / "pid").exists())

    def publishes(self, user: str, password: str, topic: str) -> bool:
        """Whether a message arrives at Anlan."""
        ear = subprocess.Popen(
            ["mosquitto_sub", "-p", str(self.port), "-u", "anlan", "-P", "own", "-t", topic, "-q", "1", "-C", "1",
             "-W", "2", "-F", "%t"], stdout=subprocess.PIPE,
        )  # fmt: skip
        mouth = ["mosquitto_pub", "-p", str(self.port), "-u", user, "-P", password, "-q", "1"]
        while ear.poll() is None:
            sent = subprocess.run([*mouth, "-t", topic, "-m", "x"], capture_output=True, check=False)
            if sent.returncode:
                ear.kill()
        said = ear.communicate()[0].decode().strip()
        return said == topic

    def reads(self, user: str, password: str, topic: str) -> bool:
        """Whether what Anlan publishes there arrives."""
        own = ["-p", str(self.port), "-u", "anlan", "-P", "own", "-t", topic]
        subprocess.run(["mosquitto_pub", *own, "-r", "-m", "order", "-q", "1"], check=True)
        words = ["-p", str(self.port), "-u", user, "-P", password, "-t", topic, "-C", "1", "-W", "1"]
        heard = subprocess.run(["mosquitto_sub", *words], capture_output=True, check=False)
        return heard.stdout.strip() == b"order"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ANLAN_BROKER_FILES", str(tmp_path))
    monkeypatch.setenv("ANLAN_BROKER_PORT", str(free_port()))
    monkeypatch.setenv("ANLAN_MQTT_URL", "mqtt://anlan:own@127.0.0.1")
    return tmp_path


def test_a_device_logs_in_by_its_token_speaks_for_itself_alone_and_ends_with_its_retirement(
    device: Maker,
    keeper: User,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    run_jobs: Callable[[], int],
    django_capture_on_commit_callbacks: Callable[..., object],
) -> None:
    row, other = (device(code=code, protocol="json") for code in ("LEVEL-1", "LEVEL-2"))
    token, theirs = (device_token_issue(device=one, by=keeper) for one in (row, other))
    assert broker_files_renew()
    broker = Broker(folder, int((folder / "anlan.conf").read_text().partition("listener ")[2].split()[0]))
    try:
        assert broker.publishes("LEVEL-1", token, "anlan/LEVEL-1/readings")
        assert not broker.publishes("LEVEL-1", "wrong", "anlan/LEVEL-1/readings")
        assert not broker.publishes("LEVEL-1", theirs, "anlan/LEVEL-1/readings")
        assert not broker.publishes("LEVEL-1", token, "anlan/LEVEL-2/readings")
        assert broker.reads("LEVEL-1", token, "anlan/LEVEL-1/commands")
        assert not broker.reads("LEVEL-1", token, "anlan/LEVEL-2/commands")
        monkeypatch.setenv("ANLAN_BROKER_PIDFILE", str(folder / "pid"))
        with django_capture_on_commit_callbacks(execute=True):  # type: ignore[attr-defined]
            device_retire(device=row, by=keeper, reason="拆除")
        assert run_jobs()
        assert not broker.publishes("LEVEL-1", token, "anlan/LEVEL-1/readings")
        assert broker.publishes("LEVEL-2", theirs, "anlan/LEVEL-2/readings")
    finally:
        broker.process.terminate()
        broker.process.wait(10)


def test_the_brokers_other_listener_takes_a_certificate_for_the_device_that_it_names(
    device: Maker, keeper: User, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = free_port()
    monkeypatch.setenv("ANLAN_BROKER_TLS_PORT", str(port))
    authority = Authority(folder)
    server, own = authority.issue("localhost"), authority.issue("LEVEL-1")
    for kind, path in zip(("pem", "key"), server, strict=True):
        (folder / f"server.{kind}").write_bytes(path.read_bytes())
    device_certificate_bind(device=device(code="LEVEL-1", protocol="json"), text="ab" * 32, by=keeper)
    assert broker_files_renew()
    conf = folder / "test.conf"
    conf.write_text((folder / "anlan.conf").read_text() + f"log_dest none\nuser {getpass.getuser()}\n")
    broker = subprocess.Popen(["/usr/sbin/mosquitto", "-c", str(conf)], stderr=subprocess.DEVNULL)
    plain = int(os.environ["ANLAN_BROKER_PORT"])
    try:
        until(lambda: listens(port) and listens(plain))
        tls = ["-p", str(port), "-h", "localhost", "--cafile", str(folder / "ca.pem"), "-q", "1", "-m", "x", "-r"]
        mine = [*tls, "--cert", str(own[0]), "--key", str(own[1])]
        for topic in ("anlan/LEVEL-1/readings", "anlan/LEVEL-2/readings"):
            subprocess.run(["mosquitto_pub", *mine, "-t", topic], capture_output=True, check=False)
        assert subprocess.run(["mosquitto_pub", *tls, "-t", "x"], capture_output=True, check=False).returncode
        ear = ["-p", str(plain), "-u", "anlan", "-P", "own", "-t", "anlan/+/readings", "-W", "2", "-F", "%t"]
        heard = subprocess.run(["mosquitto_sub", *ear], capture_output=True, check=False)
        assert heard.stdout.split() == [b"anlan/LEVEL-1/readings"]
    finally:
        broker.terminate()
        broker.wait(10)


def test_the_digest_is_the_one_that_mosquittos_own_tool_makes(tmp_path: Path) -> None:
    path = tmp_path / "passwd"
    subprocess.run(["mosquitto_passwd", "-c", "-b", str(path), "one", "a token"], check=True, capture_output=True)
    _name, _colon, told = path.read_text().strip().partition(":")
    _empty, seven, rounds, salt, made = told.split("$")

    assert (seven, rounds) == ("7", "101")
    assert broker_digest("a token", base64.b64decode(salt)) == told
    assert made in told


def test_old_tokens_revoked_ones_and_codes_that_are_wildcards_are_told_and_left_out(
    device: Maker, keeper: User, folder: Path
) -> None:
    wild, old, gone = (device(code=code, protocol="json") for code in ("+", "OLD", "GONE"))
    for one in (wild, old, gone):
        device_token_issue(device=one, by=keeper)
    DeviceAccess.objects.filter(device=old).update(broker_hash="")
    device_token_revoke(device=gone, by=keeper)
    (folder / "passwd.own").write_text("box:$7$x\n")
    (folder / "acl.own").write_text("user box\ntopic write anlan/+/ai\n")
    made = broker_files_renew()
    assert made is not None
    assert (made.old, made.unsayable, made.passwords) == (("OLD",), ("+",), 1)
    assert [line.partition(":")[0] for line in (folder / "passwd").read_text().splitlines()] == ["box", "anlan"]
    acl = (folder / "acl").read_text()
    assert "GONE" not in acl
    assert "user box" in acl
    assert (folder / "passwd").stat().st_mode & 0o007 == 0


def test_without_a_name_of_our_own_nothing_is_written(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANLAN_MQTT_URL", "mqtt://127.0.0.1")
    with pytest.raises(ValueError, match="user and the password"):
        broker_files_renew()
    assert not (folder / "passwd").exists()


@given(st.text(max_size=20), st.sampled_from(["json", "sparkplug", "sl651"]))
def test_no_code_gives_topics_beyond_a_devices_own(code: str, protocol: str) -> None:
    member = member_of(Device(code=code, protocol=protocol), "$7$")
    if member is None:
        return
    assert member.name == code
    for topic in (*member.writes, *member.reads):
        assert "#" not in topic
        assert "\n" not in topic
        assert protocol == "sparkplug" or topic.split("/")[1] == code
