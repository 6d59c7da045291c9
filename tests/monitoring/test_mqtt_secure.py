"""Our own connection to a broker that asks who we are: a password, a certificate, encryption; and what it says to others."""

import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from anlan.monitoring.gateway.mqtt import Broker
from anlan.monitoring.models import Device, FrameCount
from anlan.monitoring.moments import now_ms

from .authority import Authority
from .broker import Mosquitto, until
from .gateway import Ingest

pytestmark = pytest.mark.usefixtures("shared_db")
DeviceMaker = Callable[..., Device]
PASSWORD = "p@ss word"


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@pytest.fixture
def broker(tmp_path: Path, authority: Authority, request: pytest.FixtureRequest) -> Iterator[Mosquitto]:
    """It wants encryption, and a password or, with the parameter "certificate", that."""
    certificate, key = authority.issue("localhost")
    subprocess.run(["mosquitto_passwd", "-b", "-c", "passwords", "centre", PASSWORD], cwd=tmp_path, check=True)
    wants = [f"password_file {tmp_path}/passwords", "allow_anonymous false"]
    if getattr(request, "param", "") == "certificate":
        wants = [f"cafile {tmp_path}/ca.pem", "require_certificate true", "use_identity_as_username true"]
    running = Mosquitto(tmp_path, f"certfile {certificate}", f"keyfile {key}", *wants, "user root")
    try:
        yield running
    finally:
        running.stop()


def send(broker: Mosquitto, folder: Path, *who: str) -> None:
    said = json.dumps({"time": now_ms(), "values": {"lel": 1.0}})
    words = ["mosquitto_pub", "-h", "localhost", "-p", str(broker.port), "--cafile", str(folder / "ca.pem"), *who]
    subprocess.run([*words, "-t", "anlan/gas-1/readings", "-q", "1", "-m", said], check=True)


def kinds() -> set[str]:
    return set(FrameCount.objects.filter(source="mqtt").values_list("kind", flat=True))


def test_encryption_password_and_a_shared_group(
    device: DeviceMaker, broker: Mosquitto, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    device(code="gas-1", protocol="json", kind="gas")
    monkeypatch.setenv("ANLAN_MQTT_CA", str(tmp_path / "ca.pem"))
    monkeypatch.setenv("ANLAN_MQTT_SHARE", "centre")
    with Ingest(mqtt_url=f"mqtts://centre:p%40ss%20word@localhost:{broker.port}"):
        until(lambda: (send(broker, tmp_path, "-u", "centre", "-P", PASSWORD), "ok" in kinds())[1])
    assert kinds() == {"ok"}


@pytest.mark.parametrize("broker", ["certificate"], indirect=True)
@pytest.mark.parametrize("secret", ["", "opens it"])
def test_we_show_a_certificate_of_our_own(
    device: DeviceMaker, broker: Mosquitto, authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    secret: str,
) -> None:  # fmt: skip
    device(code="gas-1", protocol="json", kind="gas")
    own, key = authority.issue("centre", secret)
    sender, sender_key = authority.issue("gas-1")
    for name, value in {"CA": tmp_path / "ca.pem", "CERTIFICATE": own, "KEY": key, "KEY_PASSWORD": secret}.items():
        monkeypatch.setenv(f"ANLAN_MQTT_{name}", str(value))
    with Ingest(mqtt_url=f"mqtts://localhost:{broker.port}"):
        shown = ["--cert", str(sender), "--key", str(sender_key)]
        until(lambda: (send(broker, tmp_path, *shown), "ok" in kinds())[1])


@pytest.mark.parametrize("broker", ["certificate"], indirect=True)
def test_without_a_certificate_we_stay_outside_until_we_have_one(
    device: DeviceMaker, broker: Mosquitto, authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The files are read anew for each connection, so that a renewed one needs no restart."""
    device(code="gas-1", protocol="json", kind="gas")
    monkeypatch.setenv("ANLAN_MQTT_CA", str(tmp_path / "ca.pem"))
    monkeypatch.setenv("ANLAN_MQTT_CERTIFICATE", str(tmp_path / "centre.pem"))
    monkeypatch.setenv("ANLAN_MQTT_KEY", str(tmp_path / "centre.key"))
    sender, sender_key = authority.issue("gas-1")
    with Ingest(mqtt_url=f"mqtts://localhost:{broker.port}"):
        until(lambda: kinds() == {"connection"}, "nobody counts that there is no connection")
        authority.issue("centre")
        shown = ["--cert", str(sender), "--key", str(sender_key)]
        until(lambda: (send(broker, tmp_path, *shown), "ok" in kinds())[1])


@pytest.mark.parametrize("login", ["centre:wrong@", "stranger:x@", ""])
def test_a_broker_that_does_not_want_us_is_counted_and_asked_again(
    broker: Mosquitto, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, login: str
) -> None:
    monkeypatch.setenv("ANLAN_MQTT_CA", str(tmp_path / "ca.pem"))
    with Ingest(mqtt_url=f"mqtts://{login}localhost:{broker.port}"):
        until(lambda: FrameCount.objects.filter(kind="connection", frames__gte=2).exists())
    assert kinds() == {"connection"}


def test_a_broker_of_an_authority_that_we_do_not_trust_is_not_spoken_to(
    broker: Mosquitto, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "other").mkdir()
    Authority(tmp_path / "other")
    monkeypatch.setenv("ANLAN_MQTT_CA", str(tmp_path / "other" / "ca.pem"))
    with Ingest(mqtt_url=f"mqtts://centre:p%40ss%20word@localhost:{broker.port}"):
        until(lambda: kinds() == {"connection"})


def test_a_broker_is_told_by_its_address() -> None:
    broker = Broker.at("mqtts://dev:p%40ss@broker.example")
    assert (broker.host, broker.port, broker.secure, broker.password) == ("broker.example", 8883, True, "p@ss")
    with pytest.raises(ValueError, match="mqtt://"):
        Broker.at("http://broker.example")
