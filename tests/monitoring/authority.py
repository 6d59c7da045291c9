"""Certificates for a test: an authority, a server's and a client's, with a key that a password opens."""

import datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

BEGIN, END = datetime.datetime(2020, 1, 1), datetime.datetime(2120, 1, 1)
Issued = tuple[Path, Path]
"""(Certificate, key)."""


class Authority:
    """Writes its own `ca.pem`, or of another name, and of each it issues `<name>.pem` and `<name>.key` into a folder."""

    def __init__(self, folder: Path, name: str = "ca") -> None:
        self.folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _name(name)
        own = self._built(self._name, self._key).add_extension(x509.BasicConstraints(True, None), critical=True)
        self._write(f"{name}.pem", own)

    def issue(self, name: str, password: str = "") -> Issued:
        """(Certificate, key), good for `name` as a host too."""
        key = ec.generate_private_key(ec.SECP256R1())
        made = self._built(_name(name), key)
        self._write(
            f"{name}.pem", made.add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        )
        locked: serialization.KeySerializationEncryption = serialization.NoEncryption()
        if password:
            locked = serialization.BestAvailableEncryption(password.encode())
        told = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, locked)
        (self.folder / f"{name}.key").write_bytes(told)
        return self.folder / f"{name}.pem", self.folder / f"{name}.key"

    def _built(self, name: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
        made = x509.CertificateBuilder().subject_name(name).issuer_name(self._name).public_key(key.public_key())
        return made.serial_number(x509.random_serial_number()).not_valid_before(BEGIN).not_valid_after(END)

    def _write(self, file: str, made: x509.CertificateBuilder) -> None:
        told = made.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
        (self.folder / file).write_bytes(told)


def _name(said: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, said)])
