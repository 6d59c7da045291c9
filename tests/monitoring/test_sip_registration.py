"""GB/T 28181 over real sockets: who may register, by what proof, and who is taken for gone."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.utils import timezone

from anlan.accounts.models import Area, AuditEntry, User
from anlan.monitoring.models import Camera, CameraChange, UnknownDevice, VideoPlatform
from anlan.monitoring.replaying.camera import Device
from anlan.monitoring.video.registrations import platform_password_set
from anlan.monitoring.video.standing import platforms_sweep
from anlan.protocols.sip import SipMessage, parse_datagram

from .broker import until
from .sip_server import CAMERA, CHANNELS, PASSWORD, SERVER, Sip, counted, waited

pytestmark = pytest.mark.usefixtures("shared_db")


@pytest.mark.parametrize("transport", ["UDP", "TCP"])
def test_a_recorder_registers_with_its_password_and_its_cameras_come_into_the_register(
    sip: Sip, transport: str
) -> None:
    async def script(device: Device) -> None:
        assert await device.register() == 200
        await waited(lambda: Camera.objects.filter(listed=True).count() == 2)
        await waited(lambda: VideoPlatform.objects.get().catalog_received == 3)
        assert await device.keepalive() == 200

    sip.run(script, channels=CHANNELS, transport=transport)
    first, second = Camera.objects.order_by("code")
    assert (first.name, first.status, first.manufacturer, first.address) == (
        "一号楼<大堂>",
        "online",
        "海威",
        "东街1号",
    )
    assert first.location.coords == (114.35, 22.69)
    assert second.status == "never"
    row = VideoPlatform.objects.get()
    assert (row.status, row.host, row.transport, row.catalog_total) == ("online", "127.0.0.1", transport, 3)
    assert [(c.camera_id, c.status, c.reason) for c in CameraChange.objects.all()] == [(first.pk, "online", "catalog")]


def test_a_wrong_password_an_unknown_device_and_a_foreign_address_are_refused_and_counted(
    sip: Sip, platform: VideoPlatform
) -> None:
    assert sip.run(lambda device: device.register(password="guess")) == 403
    assert sip.run(lambda device: device.register(), code="44031000001180000099") == 403
    VideoPlatform.objects.update(networks="10.0.0.0/8")
    assert sip.run(lambda device: device.register()) == 403
    until(lambda: counted("refused") == 3)
    until(UnknownDevice.objects.exists)
    assert UnknownDevice.objects.get().code == "44031000001180000099"
    assert VideoPlatform.objects.get().status == "never"


def test_who_guesses_passwords_is_not_even_looked_at_after_ten_tries(sip: Sip) -> None:
    async def guess(device: Device) -> int:
        for _ in range(10):
            assert await device.register(password="guess") == 403
        return await device.register()

    assert sip.run(guess) == 403
    until(lambda: counted("throttled") >= 1)


def test_a_proof_that_was_used_is_not_taken_again(sip: Sip) -> None:
    async def script(device: Device) -> int:
        sent: list[bytes] = []
        send = device._send
        device._send = lambda data: (sent.append(data), send(data))[1]  # type: ignore[func-returns-value]
        assert await device.register() == 200
        proved = next(data for data in sent if b"Authorization" in data)
        again = parse_datagram(proved.replace(b"branch=z9hG4bK", b"branch=z9hG4bKagain"))
        assert isinstance(again, SipMessage)
        return (await device.ask(again)).status

    assert sip.run(script) == 401
    until(lambda: counted("replayed") == 1)


def test_sm3_proves_as_well_as_md5(platform: VideoPlatform) -> None:
    with Sip(algorithm="SM3") as sip:
        assert sip.run(lambda device: device.register()) == 200
        assert sip.run(lambda device: device.register(password="guess")) == 403


def test_good_bye_and_silence_take_a_platform_and_its_cameras_offline(sip: Sip, platform: VideoPlatform) -> None:
    async def script(device: Device) -> None:
        await device.register()
        await waited(lambda: Camera.objects.filter(status="online").count() == 1)
        assert await device.register(0) == 200
        assert VideoPlatform.objects.get().status == "offline"
        assert Camera.objects.get(code=CAMERA).status == "offline"
        assert await device.keepalive() == 403
        await device.register()
        await waited(lambda: Camera.objects.filter(status="online").count() == 1)

    sip.run(script, channels=CHANNELS)
    VideoPlatform.objects.update(last_seen_at=timezone.now() - timedelta(seconds=181))
    until(lambda: VideoPlatform.objects.get().status == "offline")
    reasons = list(Camera.objects.get(code=CAMERA).changes.values_list("reason", flat=True))
    assert reasons == ["silent", "catalog", "left", "catalog"]


def test_three_heartbeats_may_be_missed_and_not_one_more(platform: VideoPlatform) -> None:
    now = timezone.now()
    VideoPlatform.objects.update(status="online", last_seen_at=now, registered_until=now + timedelta(hours=1))
    assert platforms_sweep(now=now + timedelta(seconds=179)) == 0
    assert platforms_sweep(now=now + timedelta(seconds=180)) == 1


def test_a_message_of_somebody_who_is_not_registered_is_refused(sip: Sip) -> None:
    assert sip.run(lambda device: device.keepalive()) == 403
    until(lambda: counted("refused") == 1)


def test_after_a_restart_of_ours_a_registered_platform_goes_on(platform: VideoPlatform) -> None:
    with Sip() as first:
        port = first.port
        assert first.run(lambda device: device.register()) == 200
    with Sip() as second:
        assert second.port != 0
        assert port
        assert second.run(lambda device: device.keepalive()) == 200


def test_only_an_administrator_sets_a_password_and_it_is_kept_nowhere(platform: VideoPlatform, area: Area) -> None:
    officer = User.objects.create(username="duty", role="duty_officer", area=area, password="!")
    with pytest.raises(PermissionDenied):
        platform_password_set(platform=platform, password="x" * 12, by=officer)
    with pytest.raises(ValidationError):
        platform_password_set(platform=platform, password="short", by=User(role="administrator"))
    assert PASSWORD not in str(VideoPlatform.objects.values().get())
    assert PASSWORD not in str(list(AuditEntry.objects.values_list("fields", flat=True)))
    assert replace(Sip().recorder(), port=1).server == SERVER
