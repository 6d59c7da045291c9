"""Numba with a cache on disk where there is a place for it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

import numba

F = TypeVar("F", bound=Callable[..., object])


def compiled(function: F) -> F:
    """njit without the GIL, laid into its callers, cached beside the module or under NUMBA_CACHE_DIR; where neither
    can be written, compiled anew in each process.
    """
    return _compiled(function, forceinline=True)


def apart(function: F) -> F:
    """The same, not laid into its callers: a loop by itself has the processor's registers to itself."""
    return _compiled(function)


def _compiled(function: F, **more: bool) -> F:
    """Without the counting of references either: nothing compiled here makes an array, and to count those that are
    handed on costs more than to judge a reading.
    """
    options: dict[str, Any] = {"nogil": True, "_nrt": False, **more}
    fast: Any
    try:
        fast = numba.njit(cache=True, **options)(function)
    except RuntimeError:
        fast = numba.njit(**options)(function)
    else:
        fast._cache._cache_file._source_stamp = _stamp(Path(function.__code__.co_filename).parent)
    return cast(F, fast)


def _stamp(folder: Path) -> tuple[tuple[str, int, int], ...]:
    """What the cache is good for: by itself it would see no change of another module, whose functions lie in this."""
    stats = [(path.name, path.stat()) for path in sorted(folder.glob("*.py"))]
    return tuple((name, stat.st_mtime_ns, stat.st_size) for name, stat in stats)
