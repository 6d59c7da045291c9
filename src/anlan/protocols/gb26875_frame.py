"""The envelope of GB 26875.3 frames: where one ends, and whether it is whole."""

from anlan.protocols.checksums import sum8
from anlan.protocols.frames import FrameError
from anlan.protocols.gb26875_units import COMMANDS
from anlan.protocols.stream import Refusal

MARK, TAIL = b"@@", b"##"
HEAD, FRAMING = 27, 30
LONGEST_UNIT = 1024
_TRUSTED = 4096
"""A length beyond this is noise; it must not explain the frames behind it away."""


def measure(buffer: bytearray, at: int) -> int | Refusal | None:
    if at + HEAD > len(buffer):
        return None
    length = buffer[at + 24] | buffer[at + 25] << 8
    if buffer[at + 26] not in COMMANDS:
        return 0
    if length > LONGEST_UNIT:
        return FrameError("too_long", f"an application unit of {length} bytes"), FRAMING + min(length, _TRUSTED)
    return FRAMING + length


def fault(raw: bytes) -> FrameError | None:
    """What is wrong with a frame of the right length."""
    if raw[-2:] != TAIL:
        return FrameError("tail", f"{raw[-2:].hex()} at the end", raw)
    made = sum8(raw[2:-3])
    if made != raw[-3]:
        return FrameError("checksum", f"{raw[-3]:02X} told, {made:02X} computed", raw)
    return FrameError("format", "an application unit of one byte", raw) if len(raw) == FRAMING + 1 else None
