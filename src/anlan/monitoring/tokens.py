"""The device behind the credentials of a request over HTTP. Of a token only its digest is kept."""

import hmac

from django.http import HttpRequest

from anlan.monitoring.life.certificates import certificate_header, fingerprint
from anlan.monitoring.models import Device
from anlan.monitoring.services import token_hash


def token_device(token: str) -> Device | None:
    """The device whose token this is."""
    digest = token_hash(token)
    device = Device.objects.filter(token_hash=digest).first() if token else None
    return device if device and hmac.compare_digest(device.token_hash, digest) else None


def certificate_device(request: HttpRequest) -> Device | None:
    """The device to which the certificate is bound that the proxy in front has verified."""
    digest = _certificate(request)
    return Device.objects.filter(certificate_hash=digest).first() if digest else None


def certificate_fits(request: HttpRequest, device: Device) -> bool:
    """Where certificates are in use, a device that has one must come with it, whatever else it brings."""
    if not device.certificate_hash or not certificate_header():
        return True
    return hmac.compare_digest(device.certificate_hash, _certificate(request))


def _certificate(request: HttpRequest) -> str:
    name = certificate_header()
    return fingerprint(request.headers.get(name, "")) if name else ""
