"""A TLS client's certificate as a device's credential: its SHA-256, told by the proxy that ended the TLS.

`ANLAN_CLIENT_CERT_HEADER` names the header in which that proxy puts it, and only that proxy may set it; empty: off.
"""

import base64
import binascii
import hashlib
import os
import re
from urllib.parse import unquote

VARIABLE = "ANLAN_CLIENT_CERT_HEADER"
_HEX = re.compile(r"[0-9a-f]{64}")
_HASH = re.compile(r"(?:^|;)hash=\"?([0-9a-f]{64})\"?(?:;|$)")
_PEM = re.compile(r"-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----")
LONGEST = 20_000


def certificate_header() -> str:
    """The header's name; empty where certificates are not used."""
    return os.environ.get(VARIABLE, "").strip()


def fingerprint(text: str) -> str:
    """SHA-256 of a certificate as 64 hex digits, from those (with or without colons), from PEM as it is or escaped for an
    address (nginx `$ssl_client_escaped_cert`), or from `Hash=…` (Envoy). Empty where it is none of these.
    """
    told = unquote(text[:LONGEST]).strip()
    if found := _PEM.search(told):
        return _of_pem(found[1])
    plain = told.lower()
    if found := _HASH.search(plain):
        return found[1]
    digits = plain.replace(":", "").replace(" ", "")
    return digits if _HEX.fullmatch(digits) else ""


def _of_pem(body: str) -> str:
    try:
        der = base64.b64decode("".join(body.split()), validate=True)
    except binascii.Error:
        return ""
    return hashlib.sha256(der).hexdigest() if der else ""
