"""Readings that leave their series at rest, as most do, compiled."""

from typing import Any

from numpy import uint64

from anlan.rules.compiled import compiled
from anlan.rules.raw import put, put_real, rarely, take, take_real


@compiled
def calm(rules: Any, memory: Any, readings: Any, oldest: int, span: Any, first: int, ledger: Any) -> int:
    """Takes readings from `first` on, whose times lie within `span` from `oldest` on, up to one that does more, and gives its
    place.
    """
    series, time, value = readings
    bounds, last, settled, i = rules[2], memory[1], memory[2], first
    while i < len(series):
        s, t, v = take(series, i), take(time, i), take(value, i)
        if rarely(uint64(t - oldest) >= span):
            break
        rest = take(settled, s + 1) * 1
        if rarely(not v >= take_real(bounds, rest)) or rarely(v > take_real(bounds, rest + 1)):
            break
        if rarely(abs(v - take_real(last, 2 * s + 1)) > take_real(bounds, rest + 2)):
            break
        if rarely(uint64(t - take(last, 2 * s) - 1) >= uint64(take(bounds, rest + 3))):
            break
        put(last, 2 * s, t)
        put_real(last, 2 * s + 1, v)
        put(ledger, i, take(bounds, rest + 4))
        i += 1
    return i
