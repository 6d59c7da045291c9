"""Readings over HTTP: counted, refused by name, and never read when too large."""

import http.client
import json
import os
import secrets
import socket
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from anlan.monitoring import store
from anlan.monitoring.models import Device, FrameCount
from anlan.monitoring.moments import now_ms
from anlan.monitoring.services import token_hash
from anlan.site.paths import ROOT

from .gateway import free_port, listens, until
from .processes import here

DeviceMaker = Callable[..., Device]


def token_of(device: Device) -> str:
    """A new token of the device; the one before it ends."""
    token = secrets.token_urlsafe(32)
    Device.objects.filter(pk=device.pk).update(token_hash=token_hash(token))
    return token


def post(client: Client, token: str, body: Any, device: str = "") -> Any:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    address = f"/api/ingest/{device}" if device else "/api/ingest"
    return client.post(address, data, content_type="application/json", headers={"Authorization": f"Bearer {token}"})


@pytest.mark.django_db
def test_a_device_is_told_what_became_of_each_reading(device: DeviceMaker, client: Client) -> None:
    token = token_of(device(code="gas-1", protocol="json", kind="gas"))
    now = now_ms()
    readings = [
        {"series": "lel", "time": now - 2000, "value": 1.0},
        {"series": "lel", "time": now - 1000, "value": None},
        {"series": "lel", "time": now + 3_600_000, "value": 1.0},
        {"series": "lel", "time": now - 90 * 86_400_000, "value": 1.0},
    ]
    answer = post(client, token, {"device": "gas-1", "readings": readings}, "gas-1")
    assert (answer.status_code, answer.json()) == (
        200,
        {"received": 4, "states": {"normal": 1, "not_a_number": 1, "future": 1, "late": 1}, "alarms": []},
    )
    again = post(client, token, {"values": {"lel": 1.0}, "time": now - 2000}).json()
    assert again["states"] == {"duplicate": 1}


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("body", "kind"),
    [(b"{", "json"), (b"\xff\xfe", "text"), (b"[]", "schema"), ({"device": "other", "values": {"a": 1}}, "device")],
)
def test_a_bad_message_is_refused_by_name_and_counted(
    device: DeviceMaker, client: Client, body: Any, kind: str
) -> None:
    token = token_of(device(code="gas-1", protocol="json", kind="gas"))
    answer = post(client, token, body)
    assert (answer.status_code, answer.json()["error"]) == (400, kind)
    assert FrameCount.objects.get(source="http", kind=kind).frames == 1


@pytest.mark.django_db
def test_a_token_opens_its_own_device_only_and_ends_with_the_next(device: DeviceMaker, client: Client) -> None:
    one, other = (device(code=code, protocol="json", kind="gas") for code in ("gas-1", "gas-2"))
    old = token_of(one)
    values = {"values": {"lel": 1.0}}
    assert post(client, "", values).status_code == 401
    assert post(client, "wrong", values).status_code == 401
    assert post(client, old, values, other.code).status_code == 403
    assert FrameCount.objects.get(kind="device").frames == 1
    assert post(client, old, {"values": {"lel" * 400_000: 1.0}}).status_code == 413
    assert FrameCount.objects.get(kind="too_long").frames == 1
    new = token_of(one)
    assert post(client, old, values).status_code == 401
    assert post(client, new, values).status_code == 200


def _memory(pid: int) -> int:
    """Resident KB of a process and its children."""
    total = 0
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                with open(f"/proc/{entry}/status") as status:
                    facts = dict(line.split(":", 1) for line in status)
            except OSError:
                continue
            if int(facts["PPid"]) == pid or int(entry) == pid:
                total += int(facts.get("VmRSS", "0 kB").split()[0])
    return total


@pytest.mark.usefixtures("shared_db")
def test_a_request_of_100_mb_is_refused_without_being_read(device: DeviceMaker) -> None:
    token = token_of(device(code="gas-1", protocol="json", kind="gas"))
    port = free_port()
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src"), "ANLAN_WEB_WORKERS": "1", **here()}
    command = [sys.executable, "-m", "anlan.site.cli", "serve", "--only", "web", "--port", str(port)]
    server = subprocess.Popen(command, env=environment)
    try:
        until(lambda: listens(port), "the web server does not start")
        head = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        ask = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        ask.request("POST", "/api/ingest", json.dumps({"values": {"lel": 1}}), head)
        assert ask.getresponse().status == 200
        ask.close()
        before = _memory(server.pid)
        assert _send_large(port, token) == 413
        assert _memory(server.pid) - before < 30_000
    finally:
        server.terminate()
        server.wait(20)
    assert sum(store.count().values()) == 1


def _send_large(port: int, token: str) -> int:
    """100 MB towards a server that need not take them; the status of its answer."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as one:
        one.sendall(
            f"POST /api/ingest HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {token}\r\n"
            "Content-Type: application/json\r\nContent-Length: 100000000\r\n\r\n".encode()
        )
        one.settimeout(0.2)
        answer = b""
        try:
            for _ in range(100):
                one.sendall(b"x" * 1_000_000)
        except OSError:
            pass
        one.settimeout(20)
        while b"\r\n" not in answer:
            answer += one.recv(4096)
    return int(answer.split()[1])
