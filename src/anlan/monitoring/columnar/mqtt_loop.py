"""The compiled reader of what an MQTT broker sends: packets are found where they lie, nothing is copied."""

from typing import Any

import numpy as np

from anlan.rules.compiled import compiled

COLUMNS = 8
START, STOP, CODE, CODE_END, TOPIC, TOPIC_END, PACKET, HEAD = range(COLUMNS)
"""Of a row: payload or body, the device's code (0, 0 where the topic is none of readings), topic, packet id, first byte."""
BROKEN, TOO_LONG = -1, -2
PUBLISH = 3
BEFORE, AFTER = np.frombuffer(b"anlan/", np.uint8), np.frombuffer(b"/readings", np.uint8)
SLASH = ord("/")


@compiled
def _length(data: Any, at: int, end: int) -> tuple[int, Any]:
    """A variable byte integer: (after it, value); 0 where bytes are missing, BROKEN where it is too long."""
    value = np.int64(0)
    for k in range(4):
        if at + k >= end:
            return 0, 0
        value |= np.int64(data[at + k] & 127) << (7 * k)
        if data[at + k] < 128:
            return at + k + 1, value
    return BROKEN, 0


@compiled
def _two(data: Any, at: int) -> Any:
    return np.int64(data[at]) << 8 | np.int64(data[at + 1])


@compiled
def _is(data: Any, at: int, word: Any) -> bool:
    same = True
    for k in range(len(word)):
        same = same and data[at + k] == word[k]
    return same


@compiled
def _code(data: Any, start: int, end: int, row: Any) -> None:
    """Where the device's code is in anlan/<code>/readings."""
    first, last = start + len(BEFORE), end - len(AFTER)
    if last <= first or not _is(data, start, BEFORE) or not _is(data, last, AFTER):
        return
    for k in range(first, last):
        if data[k] == SLASH:
            return
    row[CODE], row[CODE_END] = first, last


@compiled
def _publish(data: Any, start: int, end: int, five: bool, row: Any) -> bool:
    """One message; False where its lengths contradict one another."""
    if start + 2 > end:
        return False
    topic, at = start + 2, start + 2 + _two(data, start)
    row[TOPIC], row[TOPIC_END] = topic, at
    if row[HEAD] & 6:
        if at + 2 > end or row[HEAD] & 6 == 6:
            return False
        row[PACKET] = _two(data, at)
        at += 2
    if five and at <= end:
        after, length = _length(data, at, end)
        if after <= 0:
            return False
        at = after + length
    row[START] = at
    if at <= end:
        _code(data, topic, row[TOPIC_END], row)
    return at <= end


@compiled
def scan(data: Any, five: bool, largest: int, rows: Any) -> tuple[int, int, int]:
    """(How many rows, the place after the last whole packet, 0 or BROKEN or TOO_LONG)."""
    count, at, end = 0, 0, len(data)
    while at + 2 <= end and count < len(rows):
        body, length = _length(data, at + 1, end)
        if body == BROKEN or length > largest:
            return count, at, BROKEN if body == BROKEN else TOO_LONG
        if body == 0 or body + length > end:
            break
        row = rows[count]
        row[:] = 0
        row[START], row[STOP], row[HEAD] = body, body + length, data[at]
        if data[at] >> 4 == PUBLISH and not _publish(data, body, body + length, five, row):
            return count, at, BROKEN
        count, at = count + 1, body + length
    return count, at, 0
