"""Who asks: a device with its token, or a person who is logged in; and what each sees."""

import base64
import binascii
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest

from anlan.monitoring.models import Device, Series
from anlan.monitoring.sta.faults import StaError
from anlan.monitoring.tokens import certificate_admits, token_admits

SOURCE = "sta"


@dataclass(frozen=True, kw_only=True)
class Who:
    """`device` is None for a person. A device sees and writes only what is its own; persons only read."""

    user: Any
    device: Device | None

    def devices(self) -> QuerySet[Device]:
        if self.device is not None:
            return Device.objects.filter(pk=self.device.pk)
        return Device.objects.visible_to(self.user)

    def series(self) -> QuerySet[Series]:
        return Series.objects.filter(device__in=self.devices()).select_related("device")

    def writer(self) -> Device:
        if self.device is None:
            raise StaError(403, "only a device writes, with its own token")
        return self.device


def who_asks(request: HttpRequest) -> Who:
    """By `Authorization: Bearer <token>`, or Basic with the device's code and its token; by the client certificate that the
    proxy in front has verified; or by a person's session.
    """
    scheme, _space, words = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return _device(request, "", words.strip())
    if scheme.lower() == "basic":
        try:
            code, _colon, token = base64.b64decode(words, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError) as error:
            raise StaError(401, "unreadable credentials") from error
        return _device(request, code, token)
    if device := certificate_admits(request, SOURCE):
        return Who(user=None, device=device)
    if request.user.is_authenticated and request.user.has_perm("monitoring.view_device"):
        return Who(user=request.user, device=None)
    raise StaError(
        401 if not request.user.is_authenticated else 403, "a device's token or a person's session is needed"
    )


def _device(request: HttpRequest, code: str, token: str) -> Who:
    device = token_admits(request, token, SOURCE)
    if device is None or (code and code != device.code):
        raise StaError(401, "no device has this token")
    return Who(user=None, device=device)
