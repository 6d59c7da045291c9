"""What a device proves itself with, as it is kept: never in the clear, never compared but in constant time."""

import base64
import hashlib
import hmac
import os
import secrets
from functools import cache

from django.conf import settings

BROKER_ROUNDS, BROKER_SALT = 101, 12
"""Mosquitto's own numbers. A token has 256 random bits, so that more rounds would protect nothing."""
CODE_BYTES = 8


@cache
def _key() -> bytes:
    return hashlib.sha256(b"anlan.device-secret:" + settings.SECRET_KEY.encode()).digest()


def secret_digest(device_id: int, secret: str) -> str:
    """64 hex digits, keyed with the instance's key: a password of four digits could be guessed from any plain digest."""
    return hmac.new(_key(), f"{device_id}:{secret}".encode(), hashlib.sha256).hexdigest()


def secret_fits(device_id: int, digest: str, secret: str) -> bool:
    return bool(digest) and hmac.compare_digest(digest, secret_digest(device_id, secret))


def code_new() -> str:
    """A code for a device that registers: sixteen characters, which every terminal can keep."""
    return secrets.token_hex(CODE_BYTES)


def broker_digest(token: str, salt: bytes = b"") -> str:
    """As a line of Mosquitto's password file has it: `$7$rounds$salt$PBKDF2-HMAC-SHA512`."""
    salt = salt or os.urandom(BROKER_SALT)
    made = hashlib.pbkdf2_hmac("sha512", token.encode(), salt, BROKER_ROUNDS)
    return f"$7${BROKER_ROUNDS}${base64.b64encode(salt).decode()}${base64.b64encode(made).decode()}"
