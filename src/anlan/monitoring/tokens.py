"""The device behind a token that is sent over HTTP. Of a token only its digest is kept."""

import hmac

from anlan.monitoring.models import Device
from anlan.monitoring.services import token_hash


def token_device(token: str) -> Device | None:
    """The device whose token this is."""
    digest = token_hash(token)
    device = Device.objects.filter(token_hash=digest).first() if token else None
    return device if device and hmac.compare_digest(device.token_hash, digest) else None
