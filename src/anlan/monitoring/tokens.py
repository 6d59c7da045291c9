"""The device behind the credentials of a request over HTTP. Of a token only its digest is kept.

Who comes in is noted once a minute for each device, who is refused each time: under the device whose token it is, else
by the door alone.
"""

import hmac
import time
from collections import OrderedDict

from django.http import HttpRequest
from django.utils import timezone

from anlan.accounts.acting import address_of
from anlan.monitoring.arrivals import Arrival
from anlan.monitoring.counts import frames_count
from anlan.monitoring.life.accesses import Refusals, Use, accesses_note, networks_of, within
from anlan.monitoring.life.certificates import certificate_header, fingerprint
from anlan.monitoring.models import Device
from anlan.monitoring.models.access import DeviceAccess
from anlan.monitoring.moments import now_ms
from anlan.monitoring.services import token_hash
from anlan.protocols import FrameError

AGAIN, MOST = 60.0, 20_000
_noted: OrderedDict[int, tuple[float, str, str]] = OrderedDict()


def token_device(token: str) -> Device | None:
    """The device whose token this is."""
    digest = token_hash(token)
    device = Device.objects.select_related("access").filter(token_hash=digest).first() if token else None
    return device if device and hmac.compare_digest(device.token_hash, digest) else None


def token_admits(request: HttpRequest, token: str, source: str) -> Device | None:
    """The device that comes in with this token, by its own certificate where it has one, from where it may speak."""
    device = token_device(token)
    if device is None:
        _refused(request, None, "token", source)
        return None
    if not certificate_fits(request, device):
        _refused(request, device, "certificate", source)
        return None
    return _entered(request, device, DeviceAccess.Way.TOKEN, source)


def certificate_admits(request: HttpRequest, source: str) -> Device | None:
    """The device to which the certificate is bound that the proxy in front has verified."""
    digest = _certificate(request)
    device = Device.objects.select_related("access").filter(certificate_hash=digest).first() if digest else None
    return device and _entered(request, device, DeviceAccess.Way.CERTIFICATE, source)


def certificate_fits(request: HttpRequest, device: Device) -> bool:
    """Where certificates are in use, a device that has one must come with it, whatever else it brings."""
    if not device.certificate_hash or not certificate_header():
        return True
    return hmac.compare_digest(device.certificate_hash, _certificate(request))


def _certificate(request: HttpRequest) -> str:
    name = certificate_header()
    return fingerprint(request.headers.get(name, "")) if name else ""


def _entered(request: HttpRequest, device: Device, way: str, source: str) -> Device | None:
    access, address = getattr(device, "access", None), address_of(request)
    if access and access.addresses and not within(address, networks_of(access.addresses)):
        _refused(request, device, "address", source)
        return None
    if _is_news(device.pk, way, address):
        accesses_note({(device.protocol, device.code): Use(timezone.now(), way, address)}, {})
    return device


def _is_news(device_id: int, way: str, address: str) -> bool:
    now = time.monotonic()
    at, *before = _noted.get(device_id, (0.0, "", ""))
    if at and before == [way, address] and now - at < AGAIN:
        return False
    _noted[device_id] = (now, way, address)
    if len(_noted) > MOST:
        _noted.popitem(last=False)
    return True


def _refused(request: HttpRequest, device: Device | None, kind: str, source: str) -> None:
    """Counted; the answer is the same whatever was wrong."""
    frames_count([Arrival(source=source, event=FrameError(kind))], now_ms())
    if device is not None:
        one = Refusals(1, timezone.now(), kind, address_of(request))
        accesses_note({}, {(device.protocol, device.code): one})
