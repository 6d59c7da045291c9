"""Frames as a person may see them: whole, but for the passwords that devices send along."""

import json
import re
from typing import Any

from anlan.kit.masking import STAR

HIDDEN = STAR * 4
SL651_PASSWORD = slice(8, 10)
_SECRET = re.compile(r"(new)?pw|password|passwd|pwd|token|secret|密码", re.IGNORECASE)
_IN_TEXT = re.compile(
    rb"""(?ix)
    (?: \b(?:new)?pw= | ["'](?:(?:new)?pw|password|passwd|pwd|token|secret)["']\s*:\s*["']? )
    ([^;&"',}\s]+)"""
)


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
        return {key: HIDDEN if _SECRET.fullmatch(str(key)) else masked(inner) for key, inner in value.items()}
    return [masked(inner) for inner in value] if isinstance(value, list) else value


def _hidden(raw: bytes, protocol: str) -> set[int]:
    """Places of the bytes that are a password's."""
    if protocol == "sl651":
        return set(range(len(raw))[SL651_PASSWORD])
    return {place for found in _IN_TEXT.finditer(raw) for place in range(*found.span(1))}
