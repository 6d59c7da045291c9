"""How an OPC UA server is logged in to, and the certificate that Anlan shows to all of them.

`ANLAN_OPCUA_CERTIFICATE` and `ANLAN_OPCUA_KEY` name it; else one is made under the instance's own folder, to be trusted
by each server's administrator. Its URI is the application's name.
"""

import hashlib
import os
import socket
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from asyncua import ua
from asyncua.client.client import Client
from asyncua.crypto.security_policies import SecurityPolicyBasic256Sha256
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from django.conf import settings

from anlan.monitoring.polling.plans import Login, PollError

URI = "urn:anlan:opcua:client"
YEARS = 10
REFUSED = {
    "BadUserAccessDenied": "login", "BadIdentityTokenRejected": "login", "BadIdentityTokenInvalid": "login",
    "BadSecurityChecksFailed": "certificate", "BadCertificateUntrusted": "certificate",
    "BadCertificateInvalid": "certificate", "BadCertificateUriInvalid": "certificate",
    "BadCertificateTimeInvalid": "certificate", "BadSecurityPolicyRejected": "certificate",
    "BadSecurityModeRejected": "certificate",
}  # fmt: skip
"""What a server's own words mean, as kinds of the ledger's."""


@dataclass(frozen=True, kw_only=True)
class Own:
    """Our certificate and its key, as files."""

    certificate: Path
    key: Path
    uri: str = field(default=URI)


async def prepared(client: Client, login: Login) -> None:
    """Before it connects. PollError "certificate" where the server shows another one than was agreed."""
    if login.security == "none":
        return
    own = own_certificate()
    client.application_uri = own.uri
    mode = ua.MessageSecurityMode.Sign if login.security == "sign" else ua.MessageSecurityMode.SignAndEncrypt
    await client.set_security(SecurityPolicyBasic256Sha256, own.certificate, own.key, mode=mode)
    shown = client.security_policy.peer_certificate or b""
    if login.fingerprint and hashlib.sha256(shown).hexdigest() != login.fingerprint:
        raise PollError("certificate", "the server shows another certificate")
    if login.login == "certificate":
        await client.load_client_certificate(str(own.certificate))
        await client.load_private_key(own.key)
    elif login.login == "password":
        client.set_user(login.user)
        client.set_password(login.password)


def own_certificate() -> Own:
    """Makes it where there is none, or where its time is over."""
    given, key = os.environ.get("ANLAN_OPCUA_CERTIFICATE"), os.environ.get("ANLAN_OPCUA_KEY")
    if given and key:
        return Own(certificate=Path(given), key=Path(key), uri=_uri(Path(given)))
    folder = Path(settings.OPCUA_ROOT)
    own = Own(certificate=folder / "anlan.der", key=folder / "anlan.pem")
    if not own.certificate.exists() or _over(own.certificate):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        _make(own)
    return own


def _read(path: Path) -> x509.Certificate:
    data = path.read_bytes()
    return x509.load_pem_x509_certificate(data) if b"-----BEGIN" in data else x509.load_der_x509_certificate(data)


def _uri(path: Path) -> str:
    try:
        names = _read(path).extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return URI
    return next(iter(names.get_values_for_type(x509.UniformResourceIdentifier)), URI)


def _over(path: Path) -> bool:
    return _read(path).not_valid_after_utc < datetime.now(UTC) + timedelta(days=7)


def _make(own: Own) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    plain = serialization.NoEncryption()
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    own.key.unlink(missing_ok=True)
    with os.fdopen(os.open(own.key, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(pem)
    own.certificate.write_bytes(_signed(key).public_bytes(serialization.Encoding.DER))


def _signed(key: rsa.RSAPrivateKey) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Anlan OPC UA client")])
    now = datetime.now(UTC)
    uses = dict.fromkeys(("key_cert_sign", "crl_sign", "key_agreement", "encipher_only", "decipher_only"), False)
    wanted = dict.fromkeys(("digital_signature", "content_commitment", "key_encipherment", "data_encipherment"), True)
    extended = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH])
    names = x509.SubjectAlternativeName([x509.UniformResourceIdentifier(URI), x509.DNSName(socket.gethostname())])
    builder = x509.CertificateBuilder(
        subject_name=name, issuer_name=name, public_key=key.public_key(), serial_number=x509.random_serial_number(),
        not_valid_before=now - timedelta(days=1), not_valid_after=now + timedelta(days=365 * YEARS),
    )  # fmt: skip
    builder = builder.add_extension(names, critical=False).add_extension(extended, critical=False)
    return builder.add_extension(x509.KeyUsage(**uses, **wanted), critical=True).sign(key, hashes.SHA256())


def trouble_of(error: Exception) -> PollError:
    """What went wrong in logging in, by name and without anything secret."""
    kind = REFUSED.get(type(error).__name__, "unreachable")
    return PollError(kind, type(error).__name__ if kind != "unreachable" else str(error)[:100])
