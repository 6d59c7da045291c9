"""The sums in the windows of a series (SIDE_ROW and its ring of entries), compiled."""

from typing import Any

from anlan.rules.compiled import compiled
from anlan.rules.state import NEVER

INFINITY = float("inf")


@compiled
def earlier(time: int, length: int) -> int:
    """So many ms before a moment, NEVER where no integer is as early."""
    return time - length if time >= NEVER + length else NEVER


@compiled
def enter(rule: Any, side: Any, rings: Any, time: int, amount: float) -> None:
    """One more entry, joined to the newest where both are of one slot; what no window reaches goes."""
    times, amounts = rings
    mask = times.shape[1] - 1
    oldest = earlier(time, rule.window_length[rule.windows - 1])
    while side.entries > 0 and times[side.ring, side.head & mask] <= oldest:
        side.head, side.entries = (side.head + 1) & mask, side.entries - 1
    if amount == 0:
        return
    place = (side.head + side.entries - 1) & mask
    slot = rule.window_slot
    if side.entries > 0 and times[side.ring, place] // slot == time // slot:
        amounts[side.ring, place] += amount
    else:
        side.entries += 1
        place = (place + 1) & mask
        amounts[side.ring, place] = amount
    times[side.ring, place] = time


@compiled
def _sum(side: Any, rings: Any, oldest: int) -> float:
    """The entries after `oldest`, added from the newest on."""
    times, amounts = rings
    mask, total = times.shape[1] - 1, 0.0
    for back in range(side.entries):
        place = (side.head + side.entries - 1 - back) & mask
        if times[side.ring, place] <= oldest:
            break
        total += amounts[side.ring, place]
    return total


@compiled
def _window_level(rule: Any, w: int, before: int, total: float) -> int:
    for k in range(3, -1, -1):
        keeps = before > k and rule.window_raise[w, k] < INFINITY and not total < rule.window_clear[w, k]
        if total > rule.window_raise[w, k] or keeps:
            return k + 1
    return 0


@compiled
def sums(rule: Any, cell: Any, side: Any, rings: Any, time: int, may: bool) -> tuple[int, int]:
    """The level of all windows and the window that decides: of those at the level, or left by it, the shortest."""
    level = decides = left = 0
    for w in range(4):
        before = int(side.window_level[w])
        after, total = 0, 0.0
        if w < rule.windows:
            total = _sum(side, rings, earlier(time, rule.window_length[w]))
            after = _window_level(rule, w, before, total)
            after = after if may else min(before, after)
        side.window_sum[w], side.window_level[w] = total, after
        if after > level:
            level, decides = after, w
        if before == cell.accumulation_level and left == 0:
            left = w + 1
    return level, decides if level else left - 1
