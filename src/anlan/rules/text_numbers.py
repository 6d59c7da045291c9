"""Columns of text as numbers, whole columns at once; only what looks odd is looked at by itself."""

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from anlan.rules.plain_rows import moment

REAL = r"^-?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,3})?$"
WHOLE = r"^-?[0-9]{1,18}$"


def is_text(column: Any) -> bool:
    kind = column.type
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def reals(column: Any) -> Any:
    """float64; null for what is no finite number."""
    text = pc.utf8_ltrim(pc.utf8_trim_whitespace(pc.cast(column, pa.string())), "+")
    return pc.cast(_where(pc.match_substring_regex(text, REAL), text), pa.float64())


def times(column: Any, first: int) -> Any:
    """int64 ms; null for an empty one. ValueError with its number, counted from `first`, for what is no time."""
    text = pc.utf8_trim_whitespace(pc.cast(column, pa.string()))
    plain = pc.fill_null(pc.match_substring_regex(text, WHOLE), True)
    found = pc.cast(_where(plain, text), pa.int64())
    odd = pc.indices_nonzero(pc.invert(plain))
    if not len(odd):
        return found
    told = [moment(text[row].as_py(), first + row) for row in odd.to_pylist()]
    return pc.replace_with_mask(found, pc.invert(plain), pa.array(told, pa.int64()))


def _where(good: Any, text: Any) -> Any:
    return pc.if_else(good, text, pa.scalar(None, pa.string()))
