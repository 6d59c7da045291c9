"""Tokens by which devices send over HTTP. Of a token only its digest is kept."""

import hashlib
import hmac

from anlan.monitoring.models import Device


def token_digest(token: str) -> str:
    """A token has 256 random bits, so a plain SHA-256 gives nothing away."""
    return hashlib.sha256(token.encode()).hexdigest()


def token_device(token: str) -> Device | None:
    """The device whose token this is."""
    digest = token_digest(token)
    device = Device.objects.filter(token_hash=digest).first() if token else None
    return device if device and hmac.compare_digest(device.token_hash, digest) else None
