"""Mosquitto's files, made from the devices' credentials: who may log in, and which topics are whose.

`passwd` has a line for each device with a token, `acl` what each may publish and read, `anlan.conf` the two listeners to
include. What stands in `passwd.own` and `acl.own` of the same folder is added, for whoever is no device of ours.
"""

import os
import signal
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from anlan.monitoring.life.flow import Stage
from anlan.monitoring.life.proofs import broker_digest
from anlan.monitoring.life.tokens_kept import FOLDER
from anlan.monitoring.models import Device

PROCESS = "ANLAN_BROKER_PIDFILE"
URL = "ANLAN_MQTT_URL"
PORTS = {"PORT": 1883, "TLS_PORT": 8883}
OWN_READS = ("anlan/#", "spBv1.0/#")
OWN_WRITES = ("anlan/+/commands", "spBv1.0/STATE/#", "spBv1.0/+/NCMD/#", "spBv1.0/+/DCMD/#")
_UNSAYABLE = frozenset("+#:\0\n\r\t")
"""A wildcard in a device's code would open the topics of others; a colon parts a name from its digest."""

CONF = """\
# Written by Anlan; include_dir or include this file, and leave changes to the next writing.
per_listener_settings true

listener {port}
allow_anonymous false
password_file {folder}/passwd
acl_file {folder}/acl
max_queued_messages 0

# Client certificates of the bureau's authority; the common name is the device's code.
listener {secure_port}
allow_anonymous false
cafile {tls}/ca.pem
certfile {tls}/server.pem
keyfile {tls}/server.key
require_certificate true
use_identity_as_username true
acl_file {folder}/acl
max_queued_messages 0
"""


class Member(NamedTuple):
    """A name at the broker: its digest (empty: by certificate alone), what it publishes, what it reads."""

    name: str
    digest: str
    writes: tuple[str, ...]
    reads: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Written:
    """`passwords` and `members` are lines of each; `old` devices have a token from before the broker's digest was kept;
    `unsayable` ones have a code that a broker cannot keep apart.
    """

    members: int
    passwords: int
    old: tuple[str, ...]
    unsayable: tuple[str, ...]
    reloaded: bool = False


def member_of(device: Device, digest: str) -> Member | None:
    """None for a device whose protocol does not come over a broker, or whose code cannot be a name there."""
    code = device.code
    if not code or code != code.strip() or _UNSAYABLE & set(code):
        return None
    if device.protocol == "json" and "/" not in code:
        return Member(code, digest, (f"anlan/{code}/readings", f"anlan/{code}/ai"), (f"anlan/{code}/commands",))
    if device.protocol == "sparkplug" and code.count("/") == 1:
        return Member(code, digest, *_sparkplug(*code.split("/")))
    return None


def _behind(device: Device) -> bool:
    """A Sparkplug device, for which its edge node speaks."""
    return device.protocol == "sparkplug" and device.code.count("/") > 1


def _sparkplug(group: str, node: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """An edge node speaks for the devices behind it."""
    said = [f"spBv1.0/{group}/{kind}/{node}" for kind in ("NBIRTH", "NDEATH", "NDATA")]
    said += [f"spBv1.0/{group}/{kind}/{node}/+" for kind in ("DBIRTH", "DDEATH", "DDATA")]
    heard = (f"spBv1.0/{group}/NCMD/{node}", f"spBv1.0/{group}/DCMD/{node}/+", "spBv1.0/STATE/+")
    return tuple(said), heard


def broker_files_write(folder: Path, *, user: str, password: str, port: int, secure_port: int) -> Written:
    """Writes the three files, each whole or not at all. ValueError where our own name cannot be one."""
    if not user or _UNSAYABLE & set(user) or not password:
        raise ValueError(f"{URL} must name the user and the password with which Anlan logs in")
    rows = Device.objects.exclude(life=Stage.RETIRED).filter(protocol__in=("json", "sparkplug")).order_by("pk")
    devices = [row for row in rows.select_related("access") if row.token_hash or row.certificate_hash]
    digests = {row.pk: str(getattr(getattr(row, "access", None), "broker_hash", "")) for row in devices}
    found = {row.pk: member_of(row, digests[row.pk]) for row in devices}
    ours = Member(user, broker_digest(password), OWN_WRITES, OWN_READS)
    members = [ours, *(one for one in found.values() if one and one.name != user)]
    folder.mkdir(parents=True, exist_ok=True)
    _write(folder / "passwd", _own(folder / "passwd.own") + [f"{m.name}:{m.digest}" for m in members if m.digest])
    _write(folder / "acl", [*_own(folder / "acl.own"), *_acl(members)])
    conf = CONF.format(folder=folder.resolve(), tls=folder.resolve(), port=port, secure_port=secure_port)
    _write(folder / "anlan.conf", conf.splitlines())
    return Written(
        members=len(members),
        passwords=sum(bool(member.digest) for member in members),
        old=tuple(row.code for row in devices if found[row.pk] and row.token_hash and not digests[row.pk]),
        unsayable=tuple(row.code for row in devices if not _behind(row) and (not found[row.pk] or row.code == user)),
    )


def _own(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines() if path.exists() else []


def _acl(members: Iterable[Member]) -> Iterable[str]:
    for member in members:
        yield f"user {member.name}"
        yield from (f"topic write {topic}" for topic in member.writes)
        yield from (f"topic read {topic}" for topic in member.reads)
        yield ""


def _write(path: Path, lines: Iterable[str]) -> None:
    """Readable by the owner and the folder's group alone."""
    part = path.with_name(f".{path.name}.part")
    part.touch(mode=0o640)
    part.chmod(0o640)
    with part.open("w", encoding="utf-8") as file:
        file.writelines(f"{line}\n" for line in lines)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)


def broker_reload() -> bool:
    """Asks Mosquitto to read its files again, where `ANLAN_BROKER_PIDFILE` tells its process; whether it was asked."""
    path = os.environ.get(PROCESS)
    if not path:
        return False
    os.kill(int(Path(path).read_text().strip()), signal.SIGHUP)
    return True


def broker_files_renew() -> Written | None:
    """The files of `ANLAN_BROKER_FILES`, written anew and read again by the broker; None where they are not kept."""
    folder = os.environ.get(FOLDER)
    if not folder:
        return None
    user, password = own_login(os.environ.get(URL, ""))
    ports = {name: int(os.environ.get(f"ANLAN_BROKER_{name}") or usual) for name, usual in PORTS.items()}
    made = broker_files_write(
        Path(folder), user=user, password=password, port=ports["PORT"], secure_port=ports["TLS_PORT"]
    )
    return replace(made, reloaded=broker_reload())


def own_login(url: str) -> tuple[str, str]:
    """User and password of an address such as mqtt://anlan:secret@host."""
    parts = urlsplit(url)
    return unquote(parts.username or ""), unquote(parts.password or "")
