"""The password that every SL 651 frame shows: two bytes of its head, four hexadecimal characters in ASCII."""

from anlan.protocols.frames import Frame
from anlan.protocols.secrets import Secrets
from anlan.protocols.sl651_frame import TEXT_MARK

_BYTES, _CHARACTERS = range(8, 10), range(13, 17)


def shown(frame: Frame) -> str | None:
    password = frame.fields.get("password")
    return str(password).upper() if password else None


def places(raw: bytes) -> range:
    return _CHARACTERS if raw.startswith(TEXT_MARK) else _BYTES


SECRETS = Secrets(shown=shown, places=places)
