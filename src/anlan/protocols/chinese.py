"""Chinese text in GB 18030, where devices also write UTF-8."""

CUT = 3
"""Bytes of a UTF-8 character that a field of fixed length may cut off."""


def chinese(data: bytes) -> tuple[str, bool]:
    """The text, and whether it is UTF-8. What is no text shows as a replacement character.

    GB 18030 that is also UTF-8 of Chinese characters is rarer than any that is met, so it is taken for the latter.
    """
    if not data.isascii():
        for end in range(len(data), max(0, len(data) - CUT), -1):
            try:
                text = data[:end].decode()
            except UnicodeDecodeError:
                continue
            if max(text, default="") >= "\u2e80":
                return text, True
    return data.decode("gb18030", "replace"), False
