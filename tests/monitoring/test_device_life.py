"""A device is registered, given its credentials, checked, put in service, and retired; its readings follow."""

import hashlib
from base64 import b64encode
from collections.abc import Callable
from urllib.parse import quote

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from anlan.accounts.models import Area, User
from anlan.kit.flow import IllegalStep
from anlan.monitoring.ingest import readings_store
from anlan.monitoring.life.certificates import VARIABLE, fingerprint
from anlan.monitoring.life.checks import commissioning_checks
from anlan.monitoring.life.credentials import device_secret_set
from anlan.monitoring.life.flow import FLOW, LifeStep, Stage
from anlan.monitoring.life.services import (
    device_certificate_bind,
    device_commission,
    device_reinstate,
    device_retire,
)
from anlan.monitoring.models import Alarm, Commissioning, Device, Series, ThresholdRule, UnknownDevice
from anlan.monitoring.moments import now_ms
from anlan.monitoring.rulebook import rulebook
from anlan.monitoring.services import device_token_issue
from anlan.rules import Ledger

from .frames import MINUTE, frame

pytestmark = pytest.mark.django_db
Maker = Callable[..., Device]
DER = b"0\x82 a certificate as it stands"
DIGEST = hashlib.sha256(DER).hexdigest()
PEM = f"-----BEGIN CERTIFICATE-----\n{b64encode(DER).decode()}\n-----END CERTIFICATE-----\n"


@pytest.fixture
def keeper(area: Area) -> User:
    return User.objects.create(username="keeper", role="administrator", area=area)


@pytest.fixture
def rule(area: Area) -> ThresholdRule:
    return ThresholdRule.objects.create(
        name="水位", device_kind="level", key="39", source="预案", low=-2, high=30, blue_raise=3, blue_clear=2.5
    )


def sent(*values: float) -> None:
    now = now_ms()
    for i, value in enumerate(values):
        readings_store(batch=[frame([("39", now - (len(values) - i) * 10_000, value)])], now=now + 2000 * i)


def states(device: Device) -> dict[str, str]:
    return {check.code: check.state for check in commissioning_checks(device, now=now_ms())}


def test_a_device_that_never_sent_anything_is_not_fit_for_service(device: Maker, keeper: User) -> None:
    row = device(location=None)
    found = states(row)
    assert {found[code] for code in ("frames", "location", "values", "rules")} == {"bad"}
    with pytest.raises(ValidationError, match="不合格"):
        device_commission(device=row, by=keeper)
    signed = device_commission(device=row, by=keeper, note="应急投用,次日补测")
    assert signed.failed >= 4
    row.refresh_from_db()
    assert row.life == Stage.IN_SERVICE


def test_a_device_that_sends_as_it_should_is_signed_for(device: Maker, keeper: User, rule: ThresholdRule) -> None:
    row = device()
    sent(1.0, 1.1, 1.2)
    assert states(row)["credentials"] == "doubtful"
    device_secret_set(device=row, secret="12AB", by=keeper)
    assert set(states(row).values()) == {"good"}
    signed = device_commission(device=row, by=keeper)
    assert (signed.failed, signed.by, len(signed.checks)) == (0, keeper, 7)


def test_wild_values_and_a_wrong_clock_are_found(device: Maker, rule: ThresholdRule) -> None:
    row, now = device(), now_ms()
    for i in range(3):
        late = now - 3 * 60 * MINUTE + i * MINUTE
        readings_store(batch=[frame([("39", late, 99.0)])], now=now + 2000 * i)
    found = states(row)
    assert (found["values"], found["clock"]) == ("bad", "bad")


def test_a_check_with_faults_and_no_reason_is_refused_by_the_database(device: Maker, keeper: User) -> None:
    with pytest.raises(IntegrityError, match="commissioning_with_faults_says_why"), transaction.atomic():
        Commissioning.objects.create(device=device(), by=keeper, checks=[], failed=1)


def test_a_retired_device_ends_its_credentials_alarms_and_readings(
    device: Maker, keeper: User, rule: ThresholdRule
) -> None:
    row = device()
    device_token_issue(device=row, by=keeper)
    sent(1.0, 5.0)
    assert Alarm.objects.get().cleared_at is None
    device_retire(device=row, by=keeper, reason="站点拆除")
    row.refresh_from_db()
    assert (row.life, row.token_hash) == (Stage.RETIRED, "")
    assert Alarm.objects.get().cleared_at is not None
    assert (Series.objects.get().level, row.level) == (0, 0)
    result = readings_store(batch=[frame([("39", now_ms(), 9.0)])])
    assert result.counts[Ledger.UNKNOWN_DEVICE] == 1
    assert UnknownDevice.objects.get().code == row.code
    series = Series.objects.get()
    assert rulebook().row(row.pk, "level", series.key) == 0
    with pytest.raises(IllegalStep):
        device_token_issue(device=row, by=keeper)
    device_reinstate(device=row, by=keeper)
    assert readings_store(batch=[frame([("39", now_ms() + MINUTE, 1.0)])]).counts[Ledger.NORMAL] == 1
    again = readings_store(batch=[frame([("39", now_ms() + 2 * MINUTE, 9.0)])])
    assert len(again.raised) == 1
    assert row.history.count() >= 3  # type: ignore[attr-defined]


def test_only_who_keeps_the_devices_takes_these_steps(device: Maker, area: Area) -> None:
    duty = User.objects.create(username="duty", role="duty_officer", area=area)
    row = device()
    for act in (
        lambda: device_certificate_bind(device=row, text=DIGEST, by=duty),
        lambda: device_retire(device=row, by=duty, reason="拆除"),
        lambda: device_commission(device=row, by=duty),
        lambda: device_reinstate(device=row, by=duty),
    ):
        with pytest.raises(PermissionDenied):
            act()


def test_a_device_of_another_area_is_out_of_reach(device: Maker, area: Area) -> None:
    street = Area.objects.create(code="440310001", name="坪山街道", level="street", parent=area)
    keeper = User.objects.create(username="far", role="administrator", area=street)
    with pytest.raises(Device.DoesNotExist):
        device_retire(device=device(), by=keeper, reason="拆除")


@given(st.lists(st.sampled_from(list(LifeStep)), max_size=12))
def test_every_walk_through_a_life_ends_in_a_stage_or_is_refused(steps: list[LifeStep]) -> None:
    stage = Stage.REGISTERED
    for step in steps:
        try:
            stage = FLOW.after(stage, step)
        except IllegalStep:
            assert step not in FLOW.steps(stage)
    assert stage in Stage
    assert FLOW.steps(stage)


@pytest.mark.parametrize(
    "told",
    [
        DIGEST,
        DIGEST.upper(),
        ":".join(DIGEST[i : i + 2] for i in range(0, 64, 2)),
        PEM,
        quote(PEM),
        f"By=x;Hash={DIGEST};URI=y",
    ],
)
def test_a_fingerprint_is_read_in_each_form_that_proxies_use(told: str) -> None:
    assert fingerprint(told) == DIGEST


@given(st.text(max_size=200))
def test_any_other_text_is_no_fingerprint(text: str) -> None:
    assert fingerprint(text) in ("", text.lower().replace(":", "").replace(" ", "").strip())


def post(client: Client, **headers: str) -> int:
    body = {"time": now_ms(), "values": {"level": 0.1}}
    return client.post("/api/ingest", body, content_type="application/json", headers=headers).status_code


def test_a_bound_certificate_opens_the_interface_and_a_token_alone_does_not(
    device: Maker, keeper: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    row, client = device(protocol="json", code="LEVEL-1"), Client()
    token = device_token_issue(device=row, by=keeper)
    device_certificate_bind(device=row, text=PEM, by=keeper)
    bearer = {"authorization": f"Bearer {token}"}
    assert post(client, **{"x-client-cert": DIGEST}) == 401
    assert post(client, **bearer) == 200
    monkeypatch.setenv(VARIABLE, "X-Client-Cert")
    assert post(client, **{"x-client-cert": quote(PEM)}) == 200
    assert post(client, **bearer) == 401
    assert post(client, **bearer, **{"x-client-cert": "0" * 64}) == 401
    assert post(client, **bearer, **{"x-client-cert": DIGEST}) == 200


def test_one_certificate_is_one_devices(device: Maker, keeper: User) -> None:
    device_certificate_bind(device=device(), text=DIGEST, by=keeper)
    with pytest.raises(ValidationError, match="另一台"):
        device_certificate_bind(device=device(code="2"), text=PEM, by=keeper)
    with pytest.raises(ValidationError, match="SHA-256"):
        device_certificate_bind(device=device(code="3"), text="not a certificate", by=keeper)


def test_the_page_shows_the_list_takes_the_signature_and_keeps_it(
    device: Maker, keeper: User, rule: ThresholdRule
) -> None:
    row, client = device(), Client()
    sent(1.0, 1.1, 1.2)
    client.force_login(keeper, backend="anlan.accounts.backends.RoleBackend")
    assert "验收清单" in client.get(f"/devices/{row.pk}/").content.decode()
    client.post(f"/devices/{row.pk}/commission/", {"note": ""})
    assert "签字验收" in client.get(f"/devices/{row.pk}/").content.decode()
    client.post(f"/devices/{row.pk}/retire/", {"reason": "拆除"})
    assert "设备已退役" in client.get(f"/devices/{row.pk}/").content.decode()
