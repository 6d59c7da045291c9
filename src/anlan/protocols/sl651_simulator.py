"""A station of SL 651 that obeys its centre, for tests and rehearsals."""

from collections.abc import Mapping

from anlan.protocols.frames import FrameError
from anlan.protocols.sl651_elements import ASCII_IDS, STATUS, write_number
from anlan.protocols.sl651_elements import Kind as ElementKind
from anlan.protocols.sl651_frame import HEX_MARK, TEXT_MARK, Envelope, framed, measure, opened
from anlan.protocols.sl651_parameters import RUNTIME
from anlan.protocols.sl651_write import SENT, observed, sending
from anlan.protocols.stream import StreamDecoder, Wire
from anlan.vocab import clock

_OBSERVING = frozenset(("37", "38", "3A", "44"))
_VERSION = b"ANLAN-SIM 1.0"
_JPEG = b"\xff\xd8\xff\xe0" + bytes(range(256)) * 3 + b"\xff\xd9"
_PACKET = 200


class Station:
    """`values` are what it measures now; its clock is `offset` ms off until it is set."""

    def __init__(self, device: str, values: Mapping[str, float], *, offset: int = 0) -> None:
        self.device, self.values, self.offset = device, dict(values), offset
        self.parameters = dict.fromkeys(RUNTIME, 1.0)
        self._serial = 0
        self._answers: list[bytes] = []
        self._now = 0
        self._decoder = StreamDecoder(Wire(marks=(HEX_MARK, TEXT_MARK), measure=measure, read=self._read))

    def feed(self, data: bytes, now: int) -> bytes:
        self._now = now
        self._decoder.feed(data)
        answers, self._answers = self._answers, []
        return b"".join(answers)

    def _read(self, raw: bytes) -> FrameError:
        """Answers a query; everything else is only taken."""
        try:
            envelope, body = opened(raw)
        except FrameError as error:
            return error
        if envelope.down and envelope.end == "ENQ" and envelope.station == self.device:
            self._answers.append(self._obey(envelope, body[SENT[envelope.text] :]))
        return FrameError("taken", "", raw)

    def _obey(self, asked: Envelope, rest: bytes) -> bytes:
        if asked.function == "4A":
            self.offset = 0
        answer = asked._replace(down=False, end="ETX")
        self._serial = self._serial % 65535 + 1
        now = self._now + self.offset
        head = sending(self._serial, now, text=asked.text)
        if asked.function == "36":
            return self._picture(answer, head + self._where(asked.text) + self._observed_picture(now, asked.text))
        if asked.function in _OBSERVING:
            return framed(answer, head + observed(self.device, now, self._asked(asked, rest), text=asked.text))
        return framed(answer, head + self._where(asked.text) + self._rest(asked, rest))

    def _where(self, text: bool) -> bytes:
        return f"ST {self.device} ".encode() if text else b"\xf1\xf1" + bytes.fromhex(self.device)

    def _asked(self, asked: Envelope, rest: bytes) -> Mapping[str, float]:
        if asked.function == "3A":
            words = [ASCII_IDS.get(word, "") for word in rest.decode("ascii", "replace").split()]
            wanted = words if asked.text else [f"{byte:02X}" for byte in rest[::2]]
            return {key: self.values[key] for key in wanted if key in self.values}
        return self.values

    def _rest(self, asked: Envelope, rest: bytes) -> bytes:
        if asked.text:
            return self._words(asked.function, rest.decode("ascii").split())
        if asked.function == "45":
            return bytes((len(_VERSION),)) + _VERSION
        if asked.function == "46":
            return bytes.fromhex(STATUS) + b"\x20" + bytes(4)
        if asked.function == "50":
            return bytes(64)
        if asked.function == "43":
            return b"".join(self._runtime(f"{byte:02X}") for byte in rest[::2])
        if asked.function == "41":
            return b"\x01\x20\x01\x00\x00\x00\x0c\x08\x02"
        return rest if asked.function not in ("47", "48") else b""

    def _words(self, function: str, asked: list[str]) -> bytes:
        answers = {
            "41": ["01", "01000000", "0C", "2"],
            "43": [word for key in asked for word in (key, "1.0")],
            "46": ["ZT", "00000000"],
            "50": ["00" * 64],
        }
        words = [] if function in ("47", "48") else answers.get(function, asked)
        return "".join(f"{word} " for word in words).encode()

    def _runtime(self, key: str) -> bytes:
        row = RUNTIME[key]
        kind = ElementKind(row["name"], "", "", row["digits"], row["decimals"])
        return bytes.fromhex(key) + write_number(self.parameters[key], kind)

    def _observed_picture(self, now: int, text: bool) -> bytes:
        told = clock.write(now, "YYMMDDHHmm")
        if text:
            return f"H TT {told} PIC ".encode() + _JPEG
        return b"H\xf0\xf0" + bytes.fromhex(told) + b"\xf3\xf3" + _JPEG

    def _picture(self, answer: Envelope, body: bytes) -> bytes:
        pieces = [body[at : at + _PACKET] for at in range(0, len(body), _PACKET)]
        total = len(pieces)
        frames = []
        for number, piece in enumerate(pieces, 1):
            end = "ETX" if number == total else "ETB"
            frames.append(framed(answer._replace(total=total, number=number, end=end), piece))
        return b"".join(frames)
