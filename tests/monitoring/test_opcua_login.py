"""An OPC UA server that wants to know who asks: user and password, certificates, and its own that we know."""

import asyncio
import contextlib
import hashlib
import socket
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from asyncua import Server, ua
from asyncua.crypto.cert_gen import setup_self_signed_certificate
from asyncua.crypto.permission_rules import SimpleRoleRuleset
from asyncua.server.user_managers import User, UserManager, UserRole
from cryptography.x509.oid import ExtendedKeyUsageOID
from django.contrib.auth import get_user_model
from django.db import IntegrityError, transaction
from django.test import Client

from anlan.accounts.models import Area
from anlan.monitoring.models import Device, FrameCount, PollAccess, PolledPoint, PollPlan, Series
from anlan.monitoring.polling.login import own_certificate
from anlan.monitoring.polling.plans import Login
from anlan.monitoring.video.sealing import seal, unseal

from .gateway import Ingest, free_port, until
from .test_polling import Peer

Maker = Callable[..., Device]
URI = "urn:freeopcua:python:server"


class Guests(UserManager):
    """Who is let in: operator with the right password, or the certificate that is trusted."""

    def __init__(self, trusted: bytes) -> None:
        self.trusted = trusted

    def get_user(
        self, iserver: Any, username: Any = None, password: Any = None, certificate: Any = None
    ) -> User | None:
        if username == "operator" and password == "right":
            return User(role=UserRole.User)
        if username is None and certificate and certificate == self.trusted:
            return User(role=UserRole.User)
        return None


@contextlib.asynccontextmanager
async def guarded(port: int, folder: Path) -> AsyncIterator[None]:
    server = Server(user_manager=Guests(own_certificate().certificate.read_bytes()))
    await server.init()
    server.set_endpoint(f"opc.tcp://127.0.0.1:{port}/")
    server.set_security_policy(
        [ua.SecurityPolicyType.Basic256Sha256_SignAndEncrypt], permission_ruleset=SimpleRoleRuleset()
    )
    await server.load_certificate(str(folder / "server.der"))
    await server.load_private_key(str(folder / "server.pem"))
    space = await server.register_namespace("urn:test")
    await server.nodes.objects.add_variable(f"ns={space};s=Level", "Level", 2.5)
    async with server:
        yield


@pytest.fixture
def folder(tmp_path: Path, settings: Any) -> Path:
    """The server's certificate; ours is made beside it."""
    settings.OPCUA_ROOT = tmp_path / "own"
    made = setup_self_signed_certificate(
        tmp_path / "server.pem", tmp_path / "server.der", URI, socket.gethostname(),
        [ExtendedKeyUsageOID.SERVER_AUTH], {"commonName": "server"},
    )  # fmt: skip
    asyncio.run(made)
    return tmp_path


def asked(device: Maker, port: int, code: str, **access: Any) -> Device:
    row = device(code=code, protocol="opcua", kind="other")
    PolledPoint.objects.create(device=row, key="level", node="ns=2;s=Level")
    PollPlan.objects.create(device=row, address=f"opc.tcp://127.0.0.1:{port}/", period=1, timeout=10)
    if access:
        PollAccess.objects.create(device=row, security="encrypt", **access)
    return row


def error_of(device: Device) -> str:
    return PollPlan.objects.get(device=device).last_error


@pytest.mark.usefixtures("shared_db")
def test_only_who_is_known_to_the_server_reads_and_only_from_the_server_that_we_know(
    device: Maker, folder: Path
) -> None:
    port = free_port()
    shown = hashlib.sha256((folder / "server.der").read_bytes()).hexdigest()
    right, wrong = {"user": "operator", "sealed": seal("right")}, {"user": "operator", "sealed": seal("wrong")}
    known = asked(device, port, "known", login="password", fingerprint=shown, **right)
    certified = asked(device, port, "certified", login="certificate")
    guess = asked(device, port, "guess", login="password", **wrong)
    other = asked(device, port, "other", login="password", fingerprint="0" * 64, **right)
    nobody = asked(device, port, "nobody")
    with Peer(lambda: guarded(port, folder)), Ingest():
        for row in (known, certified):
            until(lambda row=row: Series.objects.filter(device=row, last_value=2.5).exists(), error_of(row))  # type: ignore[misc]
        until(lambda: error_of(guess).startswith("login"))
        until(lambda: error_of(other).startswith("certificate"))
        until(lambda: bool(error_of(nobody)))
    failed = set(FrameCount.objects.filter(source="opcua").values_list("kind", flat=True))
    assert {"login", "certificate"} <= failed
    assert not Series.objects.filter(device__in=[guess, other, nobody], last_value__isnull=False).exists()
    assert (folder / "own" / "anlan.pem").stat().st_mode & 0o077 == 0


@pytest.mark.django_db
@pytest.mark.parametrize(
    "access",
    [
        {"login": "password", "user": "x", "security": "none"},
        {"login": "password", "user": "x", "security": "sign"},
        {"login": "certificate", "security": "none"},
        {"login": "password", "user": "", "security": "encrypt"},
        {"fingerprint": "AA"},
    ],
)
def test_no_secret_may_travel_in_the_clear(device: Maker, access: dict[str, str]) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        PollAccess.objects.create(device=device(protocol="opcua"), **access)


def test_a_password_is_in_no_printed_form_of_its_login() -> None:
    assert "secret" not in repr(Login(password="secret"))


@pytest.mark.django_db
def test_an_administrator_sets_the_login_on_the_devices_page_and_nobody_reads_the_password(
    device: Maker, area: Area, client: Client
) -> None:
    row = device(protocol="opcua", code="plc", kind="other")
    PollPlan.objects.create(device=row, address="opc.tcp://127.0.0.1:4840/")
    said = {"security": "encrypt", "login": "password", "user": "operator", "password": "s3cret-word"}
    client.force_login(get_user_model().objects.create_user("desk", role="duty_officer", area=area))
    assert client.post(f"/devices/{row.pk}/poll-access/", said).status_code == 403
    client.force_login(get_user_model().objects.create_user("admin", role="administrator", area=area))
    assert client.post(f"/devices/{row.pk}/poll-access/", said).status_code == 302
    kept = PollAccess.objects.get(device=row)
    assert (kept.user, unseal(kept.sealed)) == ("operator", "s3cret-word")
    assert "s3cret-word" not in kept.sealed
    page = client.get(f"/devices/{row.pk}/").content.decode()
    assert "s3cret-word" not in page
    assert "operator" in page
    client.post(f"/devices/{row.pk}/poll-access/", said | {"password": "", "user": "other"})
    kept.refresh_from_db()
    assert (kept.user, unseal(kept.sealed)) == ("other", "s3cret-word")
    assert client.post(f"/devices/{row.pk}/poll-access/", said | {"security": "none"}).status_code == 422
