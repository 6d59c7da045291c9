"""State as bytes and back, to the bit: of few series, or whole as a checkpoint."""

import numpy as np
from numpy.typing import NDArray

from anlan.rules.checks import MOST_SAMPLES
from anlan.rules.state import CELL, CELL_ROW, FORM, FRESH_SIDE, LAST_ROW, SIDE_ROW, STATE_ROW, KernelState
from anlan.rules.states import Level

LEVELS = ("level", "rate_level", "no_data_level", "accumulation_level", "flat_level")
WORD = 8


def to_bytes(rows: KernelState) -> bytes:
    """Per series 48 little-endian bytes (STATE_ROW), and where it has more to remember `more` words of 8 bytes
    behind them: a SIDE_ROW, then the times and the amounts of its entries from the oldest on.

    Bytes of several series may be cut and joined between series. Equal states are equal bytes.
    """
    cells = _joined(rows)
    used = np.flatnonzero(rows.side)
    if not len(used):
        return cells.tobytes()
    extras = {int(i): extra for i in used if (extra := _extra(rows, int(rows.side[i])))}
    for i, extra in extras.items():
        cells["more"][i] = len(extra) // WORD
    parts, start = [], 0
    for i, extra in extras.items():
        parts += [cells[start : i + 1].tobytes(), extra]
        start = i + 1
    return b"".join([*parts, cells[start:].tobytes()])


def _joined(state: KernelState) -> NDArray[np.void]:
    rows = np.empty(len(state), STATE_ROW)
    for name in CELL:
        rows[name] = state.cells[name]
    rows["last_time"], rows["last_value"] = state.last_time, state.last_value
    return rows


def _parted(rows: NDArray[np.void]) -> KernelState:
    cells, last = np.empty(len(rows), CELL_ROW), np.empty(len(rows), LAST_ROW)
    for name in CELL:
        cells[name] = rows[name]
    last["time"], last["value"] = rows["last_time"], rows["last_value"]
    return KernelState(cells, last)


def _extra(state: KernelState, side: int) -> bytes:
    row = state.sides[side : side + 1].copy()
    ring, head, entries = int(row["ring"][0]), int(row["head"][0]), int(row["entries"][0])
    row["ring"] = row["head"] = 0
    if row.tobytes() == FRESH_SIDE.tobytes():
        return b""
    order = head + np.arange(entries) & state.ring_time.shape[1] - 1
    return row.tobytes() + state.ring_time[ring, order].tobytes() + state.ring_amount[ring, order].tobytes()


def from_bytes(data: bytes) -> KernelState:
    """The state that `to_bytes` wrote, to the bit. ValueError for a wrong length, form or value."""
    view, parts, extras = memoryview(data), [], {}
    count = 0
    while len(view):
        cells = np.frombuffer(view, STATE_ROW, len(view) // STATE_ROW.itemsize)
        longer = np.flatnonzero(cells["more"])
        taken = cells[: longer[0] + 1] if len(longer) else cells
        if not len(taken) or (not len(longer) and len(view) % STATE_ROW.itemsize):
            raise ValueError(f"{len(data)} bytes are no whole rows of {STATE_ROW.itemsize}")
        _check(taken)
        parts.append(taken)
        count, view = count + len(taken), view[taken.nbytes :]
        if len(longer):
            size = int(taken["more"][-1]) * WORD
            extras[count - 1], view = view[:size], view[size:]
    state = _parted(np.concatenate([np.zeros(0, STATE_ROW), *parts]))
    state.cells["more"] = 0
    _take_extras(state, extras)
    return state


def _check(rows: NDArray[np.void]) -> None:
    if (rows["form"] != FORM).any():
        raise ValueError(f"state of form {rows['form'].max()}; this kernel knows form {FORM}")
    if max(rows[name].max() for name in LEVELS) > Level.RED or (rows["run"] < -MOST_SAMPLES - 1).any():
        raise ValueError("a state row with a level or a run that cannot be")


def _take_extras(state: KernelState, extras: dict[int, memoryview]) -> None:
    places = np.array(list(extras), np.int64)
    state.side[places] = sides = state._sides_made(len(places))
    for side, extra in zip(sides.tolist(), extras.values(), strict=True):
        if len(extra) < SIDE_ROW.itemsize:
            raise ValueError("a state row without all that lies beside it")
        row = np.frombuffer(extra[: SIDE_ROW.itemsize], SIDE_ROW)
        entries = int(row["entries"][0])
        if len(extra) != SIDE_ROW.itemsize + 2 * WORD * entries or row["ring"][0] or row["head"][0]:
            raise ValueError("a state row with entries that cannot be")
        state.sides[side] = row[0]
        if entries:
            _take_entries(state, side, np.frombuffer(extra[SIDE_ROW.itemsize :], np.int64).reshape(2, entries))


def _take_entries(state: KernelState, side: int, words: NDArray[np.int64]) -> None:
    while words.shape[1] > state.ring_time.shape[1]:
        state.widen()
    ring = state.sides["ring"][side] = state._rings_made(1)[0]
    state.ring_time[ring, : words.shape[1]] = words[0]
    state.ring_amount[ring, : words.shape[1]] = words[1].view(np.float64)
