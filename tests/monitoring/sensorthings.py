"""A device at the SensorThings service: its token, its requests, and Observations that it has sent."""

import json
import secrets
from typing import Any
from urllib.parse import quote

from django.test import Client

from anlan.monitoring.ingest import readings_store
from anlan.monitoring.models import Device
from anlan.monitoring.moments import now_ms
from anlan.monitoring.services import token_hash

from .frames import frame

ROOT = "/sta/v1.1"


def token_of(device: Device) -> str:
    token = secrets.token_urlsafe(32)
    Device.objects.filter(pk=device.pk).update(token_hash=token_hash(token))
    return token


class Caller:
    """A device with its token, at the service."""

    def __init__(self, client: Client, token: str) -> None:
        self._client, self._headers = client, {"Authorization": f"Bearer {token}"}

    def get(self, path: str = "", **said: Any) -> Any:
        query = "&".join(f"${key}={quote(str(value))}" for key, value in said.items())
        return self._client.get(f"{ROOT}{path}?{query}", headers=self._headers)

    def post(self, path: str, body: Any) -> Any:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self._client.post(f"{ROOT}{path}", data, content_type="application/json", headers=self._headers)


def fill(tank: Device, number: int) -> int:
    """So many Observations a second apart; the time of the first."""
    begin = (now_ms() // 1000 - number) * 1000
    readings = [("level", begin + 1000 * place, float(place)) for place in range(number)]
    readings_store(batch=[frame(readings, code=tank.code, protocol=tank.protocol)])
    return begin
