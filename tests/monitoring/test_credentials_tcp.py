"""Who may speak at the TCP doors: certificates, passwords, codes and addresses, over real sockets."""

import contextlib
import socket
import ssl
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path

import pytest

from anlan.accounts.models import Area, User
from anlan.monitoring.life.accesses import is_strict
from anlan.monitoring.life.credentials import device_access_save, device_code_forget, device_secret_set
from anlan.monitoring.models import DeviationCount, Device, DeviceAccess, FrameCount, LedgerCount
from anlan.monitoring.moments import now_ms
from anlan.protocols import Frame, decode, protocols
from anlan.protocols import jt808_write as write
from anlan.protocols.checksums import crc_hj212
from anlan.protocols.sl651_frame import summed
from anlan.rules import Ledger

from .authority import Authority, Issued
from .gateway import Ingest, free_port, until

pytestmark = pytest.mark.usefixtures("shared_db")
Maker = Callable[..., Device]
CAR, PHONE = "13900000001", bytes.fromhex("013900000001")
STATION = "0011223344"


@pytest.fixture
def keeper(area: Area) -> User:
    return User.objects.create(username="keeper", role="administrator", area=area)


def kinds(source: str) -> dict[str, int]:
    return dict(FrameCount.objects.filter(source=source).values_list("kind", "frames"))


def stored() -> int:
    return sum(LedgerCount.objects.values_list("count", flat=True))


def deviations(device: Device) -> dict[str, int]:
    return dict(DeviationCount.objects.filter(device=device).values_list("name", "count"))


def heard(one: socket.socket) -> Frame:
    """The next answer to a vehicle."""
    one.settimeout(10)
    data = b""
    while data.count(b"\x7e") < 2:
        data += one.recv(1)
    (event,) = decode("jt808", data)
    assert isinstance(event, Frame)
    return event


def said(one: socket.socket, function: int, body: bytes, serial: int = 1) -> bytes:
    """The body of the answer to a message."""
    one.sendall(write.frame(function, PHONE, serial, body))
    return bytes.fromhex(str(heard(one).fields["body"]))


REGISTRATION = bytes(4) + b"MAKER" + b"MODEL".ljust(20, b"\0") + b"TERM001" + b"\x01" + "粤B12345".encode("gbk")


def located(one: socket.socket) -> int:
    """The result that a position is answered with."""
    one.sendall(protocols()["jt808"].encode(CAR, now_ms(), {"lon": 114.35, "lat": 22.69}))
    return bytes.fromhex(str(heard(one).fields["body"]))[4]


@pytest.fixture
def car(device: Maker) -> Device:
    return device(code=CAR, protocol="jt808", kind="vehicle", location=None)


def test_a_vehicle_registers_shows_its_code_and_only_then_its_positions_count(car: Device) -> None:
    with Ingest("jt808") as ingest, ingest.dial("jt808") as one:
        assert located(one) == 1
        answer = said(one, 0x0100, REGISTRATION)
        code = answer[3:]
        assert (answer[2], len(code)) == (0, 16)
        assert said(one, 0x0102, b"13900000001")[4] == 1
        assert located(one) == 1
        assert said(one, 0x0102, code)[4] == 0
        assert located(one) == 0
    row = DeviceAccess.objects.get(device=car)
    assert row.proven_at is not None
    assert code.decode() not in row.secret_hash
    assert kinds("jt808") == {"ok": 3, "unauthenticated": 2, "code": 1}
    assert (row.refused, row.last_refused_address, row.last_way) == (3, "127.0.0.1", DeviceAccess.Way.CODE)
    assert deviations(car)["error:unauthenticated"] == 2


def test_a_code_that_was_shown_once_is_replaced_by_nobody_but_an_administrator(car: Device, keeper: User) -> None:
    with Ingest("jt808") as ingest:
        with ingest.dial("jt808") as one:
            lost = said(one, 0x0100, REGISTRATION)[3:]
            code = said(one, 0x0100, REGISTRATION)[3:]
            assert said(one, 0x0102, code)[4] == 0
            assert lost != code
        with ingest.dial("jt808") as stranger:
            assert said(stranger, 0x0100, REGISTRATION)[2] == 3
            assert located(stranger) == 1
            assert said(stranger, 0x0102, lost)[4] == 1
        with ingest.dial("jt808") as one:
            assert said(one, 0x0102, code)[4] == 0
            device_code_forget(device=car, by=keeper)
            until(lambda: located(one) == 1)
            assert said(one, 0x0100, REGISTRATION)[2] == 0


def test_a_fleet_that_registered_elsewhere_passes_and_is_counted(car: Device, keeper: User) -> None:
    device_access_save(device=car, mode="lenient", addresses="", by=keeper)
    with Ingest("jt808") as ingest, ingest.dial("jt808") as one:
        assert located(one) == 0
        assert said(one, 0x0102, b"an old code")[4] == 0
        until(lambda: deviations(car) == {"unauthenticated": 1, "wrong_code": 1})
    assert stored() == LedgerCount.objects.filter(source="jt808", state=0).get().count


def test_a_terminal_that_nobody_registered_gets_no_code_and_is_counted_as_unknown(shared_db: None) -> None:
    with Ingest("jt808") as ingest, ingest.dial("jt808") as one:
        assert said(one, 0x0100, REGISTRATION)[2] == 4
        assert said(one, 0x0102, b"1")[4] == 1
        assert located(one) == 0
    assert kinds("jt808") == {"ok": 3}


def level(time: int, password: bytes = b"\x00\x00") -> bytes:
    raw = protocols()["sl651"].encode(STATION, time, {"39": 1.5})
    return summed(raw[:8] + password + raw[10:-2])


def test_a_station_with_another_password_is_refused_and_its_raw_frames_hold_no_password(
    device: Maker, keeper: User
) -> None:
    row = device()
    device_secret_set(device=row, secret="12ab", by=keeper)
    with Ingest("sl651") as ingest:
        assert ingest.ask("sl651", level(now_ms())) == b""
        assert ingest.ask("sl651", level(now_ms(), b"\x12\xab"))
        until(lambda: row.frames.exists())
    assert kinds("sl651") == {"ok": 1, "password": 1}
    assert stored() == 1
    kept = row.frames.get()
    assert b"\x12\xab" not in bytes(kept.raw)
    assert "12AB" not in str(kept.decoded)
    assert DeviceAccess.objects.get(device=row).last_way == DeviceAccess.Way.PASSWORD


def hj(password: str) -> bytes:
    raw = protocols()["hj212"].encode("MN1", now_ms(), {"w01018-Rtd": 3.0}).decode()
    head, _, rest = raw[6:-6].partition("PW=")
    text = f"{head}PW={password};{rest.partition(';')[2]}"
    return f"##{len(text):04}{text}{crc_hj212(text.encode()):04X}\r\n".encode()


@pytest.mark.parametrize(("mode", "count", "name"), [("", 0, "error:password"), ("lenient", 1, "wrong_password")])
def test_a_wrong_pw_is_refused_or_let_pass_as_the_device_is_set(
    device: Maker, keeper: User, mode: str, count: int, name: str
) -> None:
    row = device(code="MN1", protocol="hj212", kind="water_quality")
    device_secret_set(device=row, secret="123456", by=keeper)
    device_access_save(device=row, mode=mode, addresses="", by=keeper)
    with Ingest("hj212") as ingest:
        ingest.ask("hj212", hj("654321"))
        until(lambda: name in deviations(row))
        assert stored() == count
        assert ingest.ask("hj212", hj("123456"))
    assert deviations(row) == {name: 1}


def test_a_device_without_a_password_is_told_once_a_connection(device: Maker) -> None:
    row = device(code="MN1", protocol="hj212", kind="water_quality")
    with Ingest("hj212") as ingest:
        ingest.ask("hj212", hj("123456") + hj("123456"))
    assert deviations(row) == {"no_password": 1}


def test_a_device_speaks_only_from_its_addresses_and_a_door_only_to_its_networks(
    device: Maker, keeper: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = device()
    device_access_save(device=row, mode="", addresses="10.0.0.0/8 192.168.1.7", by=keeper)
    with Ingest("sl651") as ingest:
        assert ingest.ask("sl651", level(now_ms())) == b""
        device_access_save(device=row, mode="", addresses="127.0.0.0/8", by=keeper)
        assert ingest.ask("sl651", level(now_ms()))
    assert kinds("sl651") == {"ok": 1, "address": 1}
    monkeypatch.setenv("ANLAN_ALLOW_SL651", "10.0.0.0/8")
    with Ingest("sl651") as ingest:
        assert ingest.ask("sl651", level(now_ms())) == b""
    assert kinds("sl651")["address"] > 1


@pytest.fixture
def secure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Authority, int]:
    """TLS for stations; the authority, and the port."""
    authority, port = Authority(tmp_path), free_port()
    certificate, key = authority.issue("localhost")
    monkeypatch.setenv("ANLAN_TLS_PORT_SL651", str(port))
    for what, path in (("CERTIFICATE", certificate), ("KEY", key), ("CA", tmp_path / "ca.pem")):
        monkeypatch.setenv(f"ANLAN_TLS_{what}", str(path))
    return authority, port


@contextlib.contextmanager
def dialled(port: int, certificate: Issued | None) -> Iterator[ssl.SSLSocket]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    if certificate:
        context.load_cert_chain(*certificate)
    with socket.create_connection(("127.0.0.1", port), timeout=10) as raw, context.wrap_socket(raw) as one:
        yield one


def answered(port: int, certificate: Issued | None, raw: bytes) -> bytes:
    """What comes back over TLS within a second; nothing where the door stays shut."""
    try:
        with dialled(port, certificate) as one:
            one.sendall(raw)
            one.settimeout(1)
            return one.recv(1000)
    except OSError:
        return b""


def test_over_tls_a_certificate_speaks_for_its_own_device_alone(
    device: Maker, secure: tuple[Authority, int], tmp_path: Path
) -> None:
    authority, port = secure
    row, other = device(), device(code="0099999999")
    theirs = protocols()["sl651"].encode(other.code, now_ms(), {"39": 1.5})
    foreign = Authority(tmp_path, "stranger").issue("foreign")
    named = authority.issue(STATION)
    with Ingest("sl651"):
        assert answered(port, named, level(now_ms()))
        assert answered(port, named, theirs) == b""
        assert answered(port, foreign, level(now_ms())) == b""
        assert answered(port, None, level(now_ms())) == b""
        until(lambda: kinds("sl651") == {"ok": 1, "certificate": 1, "handshake": 2})
    assert deviations(other) == {"error:certificate": 1}
    assert DeviceAccess.objects.get(device=row).last_way == DeviceAccess.Way.CERTIFICATE
    assert stored() == 1


def test_a_bound_certificate_is_wanted_on_both_ports_and_no_other_of_the_same_name_will_do(
    device: Maker, secure: tuple[Authority, int]
) -> None:
    authority, port = secure
    row, bound = device(), authority.issue("any name")
    der = ssl.PEM_cert_to_DER_cert(bound[0].read_text())
    Device.objects.filter(pk=row.pk).update(certificate_hash=sha256(der).hexdigest())
    with Ingest("sl651") as ingest:
        assert ingest.ask("sl651", level(now_ms())) == b""
        assert answered(port, authority.issue(STATION), level(now_ms())) == b""
        assert answered(port, bound, level(now_ms()))
    assert kinds("sl651") == {"ok": 1, "certificate": 2}


def test_a_device_is_checked_in_its_own_way_before_its_kinds_and_that_before_its_protocols() -> None:
    modes = {"jt808": "lenient", "jt808/vehicle": "strict"}
    assert is_strict(modes, "", "jt808", "vehicle")
    assert not is_strict(modes, "", "jt808", "other")
    assert not is_strict(modes, "lenient", "jt808", "vehicle")
    assert is_strict({}, "", "hj212", "level")


def test_a_value_that_a_station_marks_as_invalid_is_counted_as_not_a_number(device: Maker) -> None:
    row = device()
    raw = level(now_ms())
    at = raw.index(b"\x39\x23") + 2
    with Ingest("sl651") as ingest:
        assert ingest.ask("sl651", summed(raw[:at] + b"\xaa" * 4 + raw[at + 4 : -2]))
    assert list(LedgerCount.objects.values_list("state", "count")) == [(int(Ledger.NOT_A_NUMBER), 1)]
    assert deviations(row)["invalid_mark"] == 1
