"""What the doors know of devices: who must prove itself and how; and what the doors tell of those who came."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any, NamedTuple, TypeAlias

from django.db import connection
from django.utils import timezone

from anlan.kit.law import NoSuchRule, law_value
from anlan.monitoring.life.proofs import code_new, secret_digest
from anlan.monitoring.models import DeviceAccess
from anlan.protocols import protocols

Identity: TypeAlias = tuple[str, str]
Network: TypeAlias = IPv4Network | IPv6Network
LAW = "device_access_modes"
LENIENT = DeviceAccess.Mode.LENIENT
ADDRESS_LENGTH = 45


@dataclass(frozen=True, kw_only=True, slots=True)
class Access:
    """One device. Not `strict`: what does not fit passes and is counted; `proven`: it has shown its code once."""

    device_id: int
    certificate: str = ""
    secret: str = ""
    proven: bool = False
    strict: bool = True
    networks: tuple[Network, ...] = ()

    def admits(self, address: str) -> bool:
        """Whether it may speak from there."""
        return not self.networks or within(address, self.networks)


def networks_of(text: str) -> tuple[Network, ...]:
    """Of words parted by spaces or commas. ValueError for what is no network."""
    return tuple(ip_network(word, strict=False) for word in text.replace(",", " ").split())


def within(address: str, networks: Sequence[Network]) -> bool:
    """An IPv4 address that came in IPv6 clothes is the same one; what is no address is nowhere."""
    try:
        found: IPv4Address | IPv6Address = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    found = getattr(found, "ipv4_mapped", None) or found
    return any(found in network for network in networks)


_VERSION = "select version from monitoring_accessstamp"
_LOAD = """
select d.protocol, d.code, d.id, d.kind, d.certificate_hash, coalesce(a.secret_hash, ''), a.proven_at is not null,
       coalesce(a.mode, ''), coalesce(a.addresses, '')
from monitoring_device d left join monitoring_deviceaccess a on a.device_id = d.id
where d.life <> 'retired'
  and (d.protocol = any(%s) or d.certificate_hash <> '' or a.secret_hash <> '' or a.addresses <> '' or a.mode <> '')
"""


class Standing(NamedTuple):
    """What must be the same for nothing to have changed: law is in force by the day."""

    version: int
    day: date


def standing() -> Standing:
    with connection.cursor() as cursor:
        cursor.execute(_VERSION)
        version = (cursor.fetchone() or (0,))[0]
    return Standing(version, timezone.localdate())


def access_modes() -> dict[str, str]:
    """strict or lenient by protocol, or by protocol/kind of device; strict for what is not named."""
    try:
        return {str(key): str(mode) for key, mode in law_value(LAW).items()}
    except NoSuchRule:
        return {}


def is_strict(modes: Mapping[str, str], mode: str, protocol: str, kind: str) -> bool:
    """The device's own way before its kind's, that before its protocol's."""
    return (mode or modes.get(f"{protocol}/{kind}") or modes.get(protocol, "")) != LENIENT


def accesses_load() -> dict[Identity, Access]:
    """Of every device in service that has anything to prove, or whose protocol has it register."""
    modes = access_modes()
    registering = [name for name, spec in protocols().items() if spec.secrets and spec.secrets.login]
    with connection.cursor() as cursor:
        cursor.execute(_LOAD, [registering])
        return {(row[0], row[1]): _access(modes, row) for row in cursor.fetchall()}


def _access(modes: Mapping[str, str], row: Sequence[Any]) -> Access:
    protocol, _code, device_id, kind, certificate, secret, proven, mode, addresses = row
    return Access(
        device_id=device_id, certificate=certificate, secret=secret, proven=proven,
        strict=is_strict(modes, mode, protocol, kind), networks=networks_of(addresses),
    )  # fmt: skip


_CODE = """
insert into monitoring_deviceaccess as a (device_id, secret_hash, broker_hash, mode, addresses, last_way, last_address,
    refused, last_refusal, last_refused_address)
values (%(device)s, %(digest)s, '', '', '', '', '', 0, '', '')
on conflict (device_id) do update set secret_hash = excluded.secret_hash, proven_at = null
    where a.proven_at is null or %(again)s
returning device_id
"""


def code_issue(device_id: int, *, again: bool) -> str:
    """A new code, of which only the digest is kept; empty where the device has shown one before, unless `again`."""
    code = code_new()
    words: dict[str, Any] = {"device": device_id, "digest": secret_digest(device_id, code), "again": again}
    with connection.cursor() as cursor:
        cursor.execute(_CODE, words)
        return code if cursor.fetchone() else ""


def code_proven(device_id: int, digest: str) -> None:
    """From now on this code alone is the device's."""
    rows = DeviceAccess.objects.filter(device_id=device_id, secret_hash=digest, proven_at=None)
    rows.update(proven_at=timezone.now())


class Use(NamedTuple):
    """A device came in, at `at`, by this way, from there."""

    at: datetime
    way: str
    address: str


class Refusals(NamedTuple):
    """How often a device's name was refused, the last time why and from where."""

    number: int
    at: datetime
    kind: str
    address: str


_USED = """
insert into monitoring_deviceaccess as a (device_id, secret_hash, broker_hash, mode, addresses, last_used_at, last_way,
    last_address, refused, last_refusal, last_refused_address)
select d.id, '', '', '', '', w.at, w.way, w.address, 0, '', ''
from unnest(%s::text[], %s::text[], %s::timestamptz[], %s::text[], %s::text[]) w(protocol, code, at, way, address)
join monitoring_device d on d.protocol = w.protocol and d.code = w.code order by d.id
on conflict (device_id) do update
    set last_used_at = excluded.last_used_at, last_way = excluded.last_way, last_address = excluded.last_address
"""
_REFUSED = """
insert into monitoring_deviceaccess as a (device_id, secret_hash, broker_hash, mode, addresses, last_way, last_address,
    refused, last_refused_at, last_refusal, last_refused_address)
select d.id, '', '', '', '', '', '', w.number, w.at, w.kind, w.address
from unnest(%s::text[], %s::text[], %s::bigint[], %s::timestamptz[], %s::text[], %s::text[])
    w(protocol, code, number, at, kind, address)
join monitoring_device d on d.protocol = w.protocol and d.code = w.code order by d.id
on conflict (device_id) do update
    set refused = a.refused + excluded.refused, last_refused_at = excluded.last_refused_at,
        last_refusal = excluded.last_refusal, last_refused_address = excluded.last_refused_address
"""


def accesses_note(used: Mapping[Identity, Use], refused: Mapping[Identity, Refusals]) -> None:
    """Writes who came and who was refused, of those that are registered."""
    with connection.cursor() as cursor:
        for statement, rows in ((_USED, _rows(used)), (_REFUSED, _rows(refused))):
            if rows:
                cursor.execute(statement, [list(column) for column in zip(*rows, strict=True)])


def _rows(noted: Mapping[Identity, Use] | Mapping[Identity, Refusals]) -> list[tuple[Any, ...]]:
    shown = {identity: one._replace(address=one.address[:ADDRESS_LENGTH]) for identity, one in noted.items()}
    return [(*identity, *one) for identity, one in sorted(shown.items()) if "\0" not in identity[1]]
