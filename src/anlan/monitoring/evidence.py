"""Frames as a person may see them: whole, but for the passwords that devices send along."""

import json
import re
from typing import Any

from anlan.kit.masking import STAR
from anlan.protocols import protocols

HIDDEN = STAR * 4
_IN_SL651 = re.compile(rb"\x03\x10(..)|(?<= )03 ([0-9A-F]{4})(?= )|(?<=\d{12})03 ([0-9A-F]{4})(?= )", re.DOTALL)
"""A password among the parameters of functions 40, 41 and 49, in either encoding."""
_SL651_PARAMETERS = (b"\x40", b"\x41", b"\x49")
_SECRET = re.compile(r"(new)?pw|password|passwd|pwd|token|secret|密码", re.IGNORECASE)
_IN_TEXT = re.compile(
    rb"""(?ix)
    (?: \b(?:new)?pw= | ["'](?:(?:new)?pw|password|passwd|pwd|token|secret)["']\s*:\s*["']? )
    ([^;&"',}\s]+)"""
)


def kept_raw(raw: bytes, protocol: str) -> bytes:
    """The bytes as they are kept: those of a secret are stars, since the database has only its digest too."""
    hidden = _hidden(raw, protocol)
    return bytes(ord("*") if i in hidden else byte for i, byte in enumerate(raw)) if hidden else raw


def raw_hex(raw: bytes, protocol: str) -> str:
    """The bytes in hex, two digits a byte; those of a password are starred."""
    hidden = _hidden(raw, protocol)
    return " ".join(STAR * 2 if i in hidden else f"{byte:02X}" for i, byte in enumerate(raw))


def raw_text(raw: bytes, protocol: str) -> str:
    """The same as text where the protocol speaks in text, else nothing."""
    if protocol in {"sl651", "gb26875"}:
        return ""
    hidden = _hidden(raw, protocol)
    shown = bytes(ord(STAR) if i in hidden else byte for i, byte in enumerate(raw))
    return shown.decode("utf-8", "replace").strip()


def fields_text(fields: Any) -> str:
    """A frame's fields as JSON to read, without the passwords."""
    return json.dumps(masked(fields), ensure_ascii=False, indent=2)


def masked(value: Any) -> Any:
    """The same value with every password in it starred, however deep."""
    if isinstance(value, dict):
        held = "rest" if str(value.get("func")) in {"40", "41", "49"} else ""
        held = "code" if value.get("name") == "authentication" else held
        return {
            key: HIDDEN if key == held or _SECRET.fullmatch(str(key)) else masked(inner) for key, inner in value.items()
        }
    return [masked(inner) for inner in value] if isinstance(value, list) else value


def _hidden(raw: bytes, protocol: str) -> set[int]:
    """Places of the bytes that are a password's."""
    secrets = protocols()[protocol].secrets if protocol in protocols() else None
    shown = set(secrets.places(raw)) if secrets else set[int]()
    if protocol == "sl651":
        return shown | _hidden_sl651(raw)
    return shown | {place for found in _IN_TEXT.finditer(raw) for place in range(*found.span(1))}


def _hidden_sl651(raw: bytes) -> set[int]:
    text, hidden = raw[:1] == b"\x01", set[int]()
    function = bytes.fromhex(raw[17:19].decode()) if text and raw[17:19].isdigit() else raw[10:11]
    if function in _SL651_PARAMETERS:
        found = _IN_SL651.finditer(raw, 14)
        hidden |= {place for one in found for place in range(*one.span(one.lastindex or 0))}
    return hidden
