"""Who may knock at the TCP servers: networks, and client certificates where a protocol has a TLS port.

`ANLAN_TLS_PORT_<PROTOCOL>` (0: off) opens a second port for a protocol that speaks TLS and wants a certificate of the
authority in `ANLAN_TLS_CA`; `ANLAN_TLS_CERTIFICATE` and `ANLAN_TLS_KEY` are the server's own, `ANLAN_TLS_CRL` names
revoked ones. Each may be told for one protocol alone, as `ANLAN_TLS_CA_<PROTOCOL>`. `ANLAN_ALLOW_<PROTOCOL>` are the
networks from which alone a protocol's ports are spoken to.
"""

import hashlib
import os
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from anlan.monitoring.life.accesses import Network, networks_of, within

HANDSHAKE = 10.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Peer:
    """Who is at the other end. With a certificate: its SHA-256 and its common name."""

    address: str
    secure: bool = False
    fingerprint: str = ""
    name: str = ""

    @classmethod
    def of(cls, address: str, tls: Any) -> "Peer":
        """`tls` is the connection's SSL object, None where there is none."""
        if tls is None:
            return cls(address=address)
        der, told = tls.getpeercert(binary_form=True) or b"", tls.getpeercert() or {}
        names = [value for part in told.get("subject", ()) for key, value in part if key == "commonName"]
        print_ = hashlib.sha256(der).hexdigest() if der else ""
        return cls(address=address, secure=True, fingerprint=print_, name=names[-1] if len(names) == 1 else "")


@dataclass(frozen=True, kw_only=True)
class Door:
    """`context` is None on the plain port. `certificates`: the protocol has a TLS port, so that a device with a
    certificate must come through it.
    """

    context: ssl.SSLContext | None = None
    certificates: bool = False
    networks: tuple[Network, ...] = ()

    def admits(self, address: str) -> bool:
        return not self.networks or within(address, self.networks)


def doors(name: str, words: Mapping[str, str] = os.environ) -> tuple[Door, Door | None, int]:
    """The plain door of a protocol, its TLS door and that one's port. ValueError where a setting is missing or wrong."""
    port = int(words.get(f"ANLAN_TLS_PORT_{name.upper()}") or 0)
    try:
        networks = networks_of(words.get(f"ANLAN_ALLOW_{name.upper()}") or "")
    except ValueError as error:
        raise ValueError(f"ANLAN_ALLOW_{name.upper()}: {error}") from error
    plain = Door(certificates=bool(port), networks=networks)
    if not port:
        return plain, None, 0
    return plain, Door(context=_context(name, words), certificates=True, networks=networks), port


def _context(name: str, words: Mapping[str, str]) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.verify_mode = ssl.CERT_REQUIRED
    try:
        context.load_cert_chain(_file("CERTIFICATE", name, words), _file("KEY", name, words))
        context.load_verify_locations(_file("CA", name, words))
        if revoked := _told("CRL", name, words):
            context.load_verify_locations(revoked)
            context.verify_flags |= ssl.VERIFY_CRL_CHECK_LEAF
    except OSError as error:
        raise ValueError(f"the TLS port of {name} cannot open: {error}") from error
    return context


def _told(what: str, name: str, words: Mapping[str, str]) -> str:
    return words.get(f"ANLAN_TLS_{what}_{name.upper()}") or words.get(f"ANLAN_TLS_{what}") or ""


def _file(what: str, name: str, words: Mapping[str, str]) -> str:
    if found := _told(what, name, words):
        return found
    raise ValueError(f"ANLAN_TLS_PORT_{name.upper()} needs ANLAN_TLS_{what}")
