"""Pictures of a station: put together from packets, kept once, seen by those who see the station."""

from collections.abc import Callable

import pytest
from django.test import Client

from anlan.accounts.models import Area, User
from anlan.monitoring import pictures
from anlan.monitoring.arrivals import Arrival
from anlan.monitoring.ingest import readings_store
from anlan.monitoring.models import Device, DevicePicture
from anlan.monitoring.moments import now_ms
from anlan.protocols import decode, protocols

pytestmark = pytest.mark.django_db
DeviceMaker = Callable[..., Device]


def packets(code: str, at: int) -> bytes:
    """What a station answers to the query of a picture."""
    spec = protocols()["sl651"]
    assert spec.simulator is not None
    command = next(one for one in spec.commands if one.key == "36")
    last = decode("sl651", spec.encode(code, at, {"39": 1.0}))[0]
    return spec.simulator(code, {}).feed(command.write(last, 1, at, {}), at)  # type: ignore[arg-type]


def store(stream: bytes) -> None:
    readings_store(batch=[Arrival(source="sl651", event=event) for event in decode("sl651", stream)], now=now_ms())


def browse(area: Area, role: str = "duty_officer") -> Client:
    client = Client()
    user = User.objects.create(username=role + area.code, role=role, area=area)
    client.force_login(user, backend="anlan.accounts.backends.RoleBackend")
    return client


def test_a_picture_is_kept_once_and_shown_on_the_page(device: DeviceMaker, area: Area) -> None:
    one, stream = device(), packets("0011223344", now_ms())
    store(stream)
    store(stream)
    row = DevicePicture.objects.get()
    client = browse(area)
    address = f"/devices/{one.pk}/pictures/{row.pk}/"
    assert address in client.get(f"/devices/{one.pk}/").content.decode()
    answer = client.get(address)
    assert (answer["Content-Type"], answer["X-Content-Type-Options"]) == ("image/jpeg", "nosniff")
    assert answer.content.startswith(b"\xff\xd8")
    assert answer.content.endswith(b"\xff\xd9")


def test_only_the_last_ones_are_kept(device: DeviceMaker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "KEPT", 2)
    device()
    start = now_ms()
    for minute in range(4):
        store(packets("0011223344", start + minute * 60_000))
    kept = sorted(int(at.timestamp()) for at in DevicePicture.objects.values_list("taken_at", flat=True))
    assert kept == [(start + minute * 60_000) // 60_000 * 60 for minute in (2, 3)]


def test_a_picture_that_is_too_large_and_one_of_a_stranger_are_not_kept(
    device: DeviceMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    store(packets("0099999999", now_ms()))
    device()
    monkeypatch.setattr(pictures, "LARGEST", 100)
    store(packets("0011223344", now_ms()))
    assert not DevicePicture.objects.exists()


def test_bytes_of_no_known_kind_are_handed_over_as_a_file(device: DeviceMaker, area: Area) -> None:
    one = device()
    store(packets("0011223344", now_ms()))
    DevicePicture.objects.update(media="text/html")
    row = DevicePicture.objects.get()
    answer = browse(area).get(f"/devices/{one.pk}/pictures/{row.pk}/")
    assert answer["Content-Type"] == "application/octet-stream"
    assert answer["Content-Disposition"].startswith("attachment")


def test_another_areas_picture_is_not_there(device: DeviceMaker, area: Area) -> None:
    one = device()
    store(packets("0011223344", now_ms()))
    there = Area.objects.create(code="440310002", name="坑梓街道", level="street", parent=area)
    row = DevicePicture.objects.get()
    assert browse(there, "street").get(f"/devices/{one.pk}/pictures/{row.pk}/").status_code == 404
