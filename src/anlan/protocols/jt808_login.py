"""How a JT/T 808 terminal proves itself: 0100 asks for a code, 0102 shows it, 8100 and 8001 answer."""

from anlan.protocols import jt808_write as write
from anlan.protocols.frames import Frame, FrameError
from anlan.protocols.jt808_parts import Header, unescaped
from anlan.protocols.secrets import Secrets

AUTHENTICATION = "0102"
_TAKEN, _NO_SUCH_TERMINAL, _FAILURE = 3, 4, 1
_SHORTEST = 13


class TerminalLogin:
    """A `Login`. 8100 tells 3 where the terminal is registered already, 4 where nobody knows it."""

    registers, proves = "0100", AUTHENTICATION

    def issued(self, frame: Frame, code: str) -> bytes:
        header = _header(frame.raw)
        return write.register_answer(header.phone, header.serial, code)

    def unregistered(self, frame: Frame, *, known: bool) -> bytes:
        header = _header(frame.raw)
        return write.register_refused(header.phone, header.serial, _TAKEN if known else _NO_SUCH_TERMINAL)

    def denied(self, frame: Frame) -> bytes | None:
        header = _header(frame.raw)
        return write.platform_ack(header.phone, header.serial, header.function, _FAILURE) if frame.reply else None


def _header(raw: bytes) -> Header:
    return Header.read(unescaped(raw[1:-1]))


def shown(frame: Frame) -> str | None:
    code = frame.fields.get("code")
    return str(code) if frame.function == AUTHENTICATION and code else None


def places(raw: bytes) -> range:
    """From the body of an authentication, or of an answer to a registration, up to its check; escapes count."""
    try:
        header = _header(raw)
    except FrameError:
        return range(0)
    if f"{header.function:04X}" not in (AUTHENTICATION, "8100") or not header.body:
        return range(0)
    inner, plain, start = raw[1:-1], len(unescaped(raw[1:-1])) - 1 - len(header.body), 0
    for _ in range(plain):
        start += 2 if inner[start] == 0x7D else 1
    return range(1 + start, len(raw) - 2)


SECRETS = Secrets(shown=shown, places=places, login=TerminalLogin())
