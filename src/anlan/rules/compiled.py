"""Numba with a cache on disk where there is a place for it."""

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba

F = TypeVar("F", bound=Callable[..., object])


def compiled(function: F) -> F:
    """njit without the GIL, cached beside the module or under NUMBA_CACHE_DIR; where neither can be written,
    compiled anew in each process. The cache does not see a change in another module, so functions that
    call each other stay in one.
    """
    return _compiled(function, forceinline=True)


def apart(function: F) -> F:
    """The same, not laid into its callers: a loop by itself has the processor's registers to itself."""
    return _compiled(function)


def _compiled(function: F, **options: bool) -> F:
    fast: Any
    try:
        fast = numba.njit(cache=True, nogil=True, _nrt=False, **options)(function)
    except RuntimeError:
        fast = numba.njit(nogil=True, _nrt=False, **options)(function)
    return cast(F, fast)
