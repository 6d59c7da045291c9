"""National codes: unified social credit code (GB 32100), citizen number (GB 11643), statistical area codes.

A `*_fault` function names what is wrong with a code, or gives None for a right one.
"""

from datetime import date
from typing import Literal

Fault = Literal["length", "character", "date", "check"]

CREDIT_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_CREDIT_VALUES = {character: value for value, character in enumerate(CREDIT_ALPHABET)}
_CREDIT_WEIGHTS = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)
_CITIZEN_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CITIZEN_CHECKS = "10X98765432"
_AREA_LENGTHS = (2, 4, 6, 9, 12)
_AREA_LEVELS: dict[int, Literal["province", "city", "district", "street", "community"]] = {
    2: "province",
    4: "city",
    6: "district",
    9: "street",
    12: "community",
}


def tidy(code: str) -> str:
    """A code as typed by a person (blanks around it, lower case), as it is compared and stored."""
    return code.strip().upper()


def credit_check(first: str) -> str:
    """The check character for the first 17 of a unified social credit code. ValueError for other input."""
    if len(first) != 17 or any(character not in _CREDIT_VALUES for character in first):
        raise ValueError("17 characters of the credit code alphabet are needed")
    pairs = zip(first, _CREDIT_WEIGHTS, strict=True)
    total = sum(_CREDIT_VALUES[character] * weight for character, weight in pairs)
    return CREDIT_ALPHABET[-total % 31]


def credit_fault(code: str) -> Fault | None:
    """What is wrong with a unified social credit code of 18 characters."""
    if len(code) != 18:
        return "length"
    if any(character not in _CREDIT_VALUES for character in code) or not _is_digits(code[2:8]):
        return "character"
    return None if credit_check(code[:17]) == code[17] else "check"


def citizen_check(first: str) -> str:
    """The check character for the first 17 digits of a citizen number. ValueError for other input."""
    if len(first) != 17 or not _is_digits(first):
        raise ValueError("17 digits are needed")
    total = sum(int(digit) * weight for digit, weight in zip(first, _CITIZEN_WEIGHTS, strict=True))
    return _CITIZEN_CHECKS[total % 11]


def citizen_fault(number: str) -> Fault | None:
    """What is wrong with a citizen number of 18 characters."""
    if len(number) != 18:
        return "length"
    if not _is_digits(number[:17]) or number[17] not in _CITIZEN_CHECKS:
        return "character"
    if citizen_birth(number) is None:
        return "date"
    return None if citizen_check(number[:17]) == number[17] else "check"


def citizen_birth(number: str) -> date | None:
    """The birth date inside a citizen number; None where there is no such day."""
    digits = number[6:14]
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:])) if _is_digits(digits) else None
    except ValueError:
        return None


def area_fault(code: str) -> Fault | None:
    """What is wrong with an area code: 2, 4, 6, 9 or 12 digits are right."""
    if not _is_digits(code):
        return "character"
    return None if len(code) in _AREA_LENGTHS else "length"


def area_level(code: str) -> Literal["province", "city", "district", "street", "community"]:
    """The level of an unpadded area code. ValueError for what is none."""
    if fault := area_fault(code):
        raise ValueError(f"not an area code ({fault}): {code!r}")
    return _AREA_LEVELS[len(code)]


def area_parents(code: str) -> tuple[str, ...]:
    """The codes of the areas around this one, the nearest first."""
    area_level(code)
    return tuple(code[:length] for length in reversed(_AREA_LENGTHS) if length < len(code))


def area_within(code: str, outer: str) -> bool:
    """Whether an area lies in another, or is it."""
    return area_level(outer) is not None and code.startswith(outer)


def area_trim(code: str) -> str:
    """An area code without the zeros that pad it: 440300 → 4403, 440310001000 → 440310001."""
    area_level(code)
    lengths = [length for length in _AREA_LENGTHS if length <= len(code)]
    return next((code[:length] for length in lengths if not code[length:].strip("0")), code)


def _is_digits(text: str) -> bool:
    return text.isascii() and text.isdigit()
