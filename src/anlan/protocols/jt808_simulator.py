"""A terminal of JT/T 808 that obeys its platform, for tests and rehearsals."""

from collections.abc import Mapping

from anlan.protocols import jt808_write as write
from anlan.protocols.frames import FrameError
from anlan.protocols.jt808_parts import Header, unescaped

_MOST = 5_000
_ORDERS = frozenset((0x8103, 0x8202, 0x8300))
_DONE, _FAILURE, _UNSUPPORTED = 0, 1, 3


class Terminal:
    """`values` say where it is and how fast it goes. `shown` are the words for its driver, the newest last; `interval` is
    how often it was told to report, in seconds."""

    def __init__(self, device: str, values: Mapping[str, float]) -> None:
        self.device, self.values = device, dict(values)
        self.parameters: dict[int, int] = {0x0001: 30, 0x0029: 30, 0x0055: 80}
        self.shown: list[str] = []
        self.interval = 0
        self._phone = write.phone_bytes(device)
        self._rest, self._serial = b"", 0

    def feed(self, data: bytes, now: int) -> bytes:
        *found, rest = (self._rest + data).split(write.FLAG)
        self._rest = rest[-_MOST:]
        return b"".join(self._answered(one, now) for one in found if one)

    def _answered(self, inner: bytes, now: int) -> bytes:
        try:
            asked = Header.read(unescaped(inner))
        except (FrameError, IndexError):
            return b""
        if asked.device != self.device.lstrip("0") or asked.function < 0x8000:
            return b""
        told = asked.serial.to_bytes(2, "big")
        if asked.function == 0x8100:
            return self._prove(asked.body)
        if asked.function == 0x8201:
            return self._say(0x0201, told + write.location_body(now, self.values))
        if asked.function == 0x8104:
            return self._say(0x0104, told + write.parameters_body(self.parameters))
        if asked.function == 0x8001:
            return b""
        result = self._obey(asked) if asked.function in _ORDERS else _UNSUPPORTED
        return self._say(0x0001, told + asked.function.to_bytes(2, "big") + bytes((result,)))

    def register(self) -> bytes:
        """What it begins with: it asks for a code, and shows it when it has one."""
        maker, model, terminal = (11, 30, 30) if len(self._phone) == 10 else (5, 20, 7)
        return self._say(0x0100, bytes(4 + maker + model + terminal) + b"\x01" + "粤B00001".encode("gbk"))

    def _prove(self, body: bytes) -> bytes:
        if body[2:3] != b"\0":
            return b""
        code = body[3:]
        return self._say(0x0102, bytes((len(code),)) + code + bytes(35) if len(self._phone) == 10 else code)

    def _obey(self, asked: Header) -> int:
        body = asked.body
        if asked.function == 0x8300:
            self.shown.append(body[2 if asked.new else 1 :].decode("gbk", "replace"))
        elif asked.function == 0x8202:
            self.interval = int.from_bytes(body[:2], "big")
        elif len(body) < 10 or body[5] != 4:
            return _FAILURE
        else:
            self.parameters[int.from_bytes(body[1:5], "big")] = int.from_bytes(body[6:10], "big")
        return _DONE

    def _say(self, function: int, body: bytes) -> bytes:
        self._serial = (self._serial + 1) % 65536
        return write.frame(function, self._phone, self._serial, body)
