"""The password that every HJ 212 frame shows in its head."""

import re

from anlan.protocols.frames import Frame
from anlan.protocols.secrets import Secrets

_PASSWORD = re.compile(rb"(?:^|;|\d{4})\s*PW\s*=([^;&]*)", re.IGNORECASE)


def shown(frame: Frame) -> str | None:
    password = frame.fields.get("PW")
    return str(password) if password else None


def places(raw: bytes) -> range:
    found = _PASSWORD.search(raw)
    return range(*found.span(1)) if found else range(0)


SECRETS = Secrets(shown=shown, places=places)
