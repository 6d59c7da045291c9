"""The device page in a real browser: which credentials it has, who came in and who was refused."""

import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from anlan.accounts.models import Area, User
from anlan.monitoring.life.accesses import Refusals, Use, accesses_note
from anlan.monitoring.life.credentials import device_access_save, device_secret_set
from anlan.monitoring.models import Device, DeviceAccess, FrameCount, PollPlan
from anlan.monitoring.services import device_token_issue
from browser import DESK, PHONE, browser, log_in, new_page

pytestmark = pytest.mark.django_db(transaction=True)
Maker = Callable[..., Device]
LOOK = os.environ.get("ANLAN_LOOK", "")
AT = datetime(2026, 11, 24, 3, 5, 9, tzinfo=UTC)


@pytest.fixture
def keeper(light_cleaning: None, area: Area) -> User:
    return User.objects.create(username="keeper", display_name="周敏", role="administrator", area=area)


@pytest.fixture
def world(device: Maker, keeper: User) -> dict[str, Device]:
    """A station with a password, a gauge with a token, a vehicle with a code, a PLC that is asked."""
    made = {
        "station": device(),
        "gauge": device(code="LEVEL-1", protocol="json"),
        "vehicle": device(code="13900000001", protocol="jt808", kind="vehicle"),
        "plc": device(code="plc-1", protocol="opcua", kind="other"),
    }
    device_secret_set(device=made["station"], secret="12AB", by=keeper)
    device_access_save(device=made["station"], mode="", addresses="10.20.0.0/16, 192.168.1.7", by=keeper)
    device_token_issue(device=made["gauge"], by=keeper)
    DeviceAccess.objects.create(device=made["vehicle"], secret_hash="x", proven_at=AT, mode="lenient")
    PollPlan.objects.create(device=made["plc"], address="opc.tcp://127.0.0.1:4840/")
    station = ("sl651", made["station"].code)
    accesses_note({station: Use(AT, "password", "10.20.3.4")}, {station: Refusals(7, AT, "password", "203.0.113.9")})
    return made


@pytest.fixture
def chromium() -> Iterator[Any]:
    with browser() as opened:
        yield opened


def test_the_page_tells_what_a_device_shows_who_came_and_who_was_refused(
    world: dict[str, Device], keeper: User, chromium: Any, live_server: Any
) -> None:
    for name, size in (("desk", DESK), ("phone", PHONE)):
        page = new_page(chromium, size)
        log_in(page, live_server.url, keeper)
        for kind, row in world.items():
            page.goto(f"{live_server.url}/devices/{row.pk}/")
            part = page.locator("#credentials")
            part.scroll_into_view_if_needed()
            if kind == "station":
                words = part.inner_text()
                assert all(word in words for word in ("10.20.3.4", "203.0.113.9", "通信口令不符", "7 次", "须核对"))
            assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
            if LOOK:
                part.screenshot(path=str(Path(LOOK) / f"credentials-{kind}-{name}.png"))
                if kind == "plc":
                    page.locator("#poll-access").screenshot(path=str(Path(LOOK) / f"poll-access-{name}.png"))
        assert [fault for fault in page.faults if "ERR_CONNECTION" not in fault] == []  # type: ignore[attr-defined]


def test_only_an_administrator_changes_credentials(world: dict[str, Device], keeper: User, client: Client) -> None:
    row = world["station"]
    duty = User.objects.create(username="duty", role="duty_officer", area=row.area)
    client.force_login(duty, backend="anlan.accounts.backends.RoleBackend")
    assert 'name="secret"' not in client.get(f"/devices/{row.pk}/").content.decode()
    for step in ("secret", "code", "access", "token/end"):
        assert client.post(f"/devices/{row.pk}/{step}/", {"secret": "0000"}).status_code == 403
    client.force_login(keeper, backend="anlan.accounts.backends.RoleBackend")
    before = DeviceAccess.objects.get(device=row).secret_hash
    client.post(f"/devices/{row.pk}/secret/", {"secret": "too long"})
    assert DeviceAccess.objects.get(device=row).secret_hash == before
    client.post(f"/devices/{row.pk}/secret/", {"secret": ""})
    assert DeviceAccess.objects.get(device=row).secret_hash == ""
    client.post(f"/devices/{row.pk}/access/", {"mode": "lenient", "addresses": "nowhere"})
    assert DeviceAccess.objects.get(device=row).mode == ""


def test_a_refused_request_over_http_is_told_on_the_page_and_a_wrong_token_in_the_ledger(
    world: dict[str, Device], keeper: User, client: Client
) -> None:
    row = world["gauge"]
    token = device_token_issue(device=row, by=keeper)

    def post(token: str) -> int:
        body = {"time": 1_700_000_000_000, "values": {"level": 0.1}}
        words = {"authorization": f"Bearer {token}"}
        return client.post("/api/ingest", body, content_type="application/json", headers=words).status_code

    assert [post(token), post("wrong")] == [200, 401]
    assert DeviceAccess.objects.get(device=row).last_way == "token"
    device_access_save(device=row, mode="", addresses="10.0.0.0/8", by=keeper)
    assert post(token) == 401
    access = DeviceAccess.objects.get(device=row)
    assert (access.refused, access.last_refusal, access.last_refused_address) == (1, "address", "127.0.0.1")
    kinds = dict(FrameCount.objects.filter(source="http").values_list("kind", "frames"))
    assert kinds == {"ok": 1, "token": 1, "address": 1}
