"""Ten minutes of a bad day in the district, as frames; at their end everything is as it was at the beginning.

The shipped recording is made by this module from the recorded frames among the tests of the protocols:

    python -m anlan.monitoring.replaying.scenario tests/protocols/vectors > src/anlan/monitoring/data/recording.jsonl
"""

import json
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from anlan.monitoring.replaying.recording import Recorded, recorded_frame
from anlan.monitoring.replaying.roster import groups
from anlan.monitoring.replaying.vehicles import meter, rescue_car, tanker
from anlan.protocols import Frame, decode, protocols

START = 1_793_500_020_000
"""The scenario's own moment, on a full minute; a replay moves every frame to its present."""
LENGTH = 620
MINUTE = 62
"""Seconds between two reports of a station, so that each has a minute of its own: SL 651 tells no seconds."""
STAGGER = 5.9
"""Seconds between the first devices of two groups, so that something is said every few seconds."""
Values = Callable[[int, float], Mapping[str, float]]

RECORDED_PAUSE = 65_000
VECTORS = ("sl651", "hj212", "gb26875")
RAIN = (1.2, 3.0, 5.5, 9.0, 13.5, 18.0, 15.0, 9.0, 3.0, 1.2)
RIVER = (1.2, 1.5, 1.9, 2.3, 2.8, 3.3, 3.1, 2.4, 1.7, 1.3)
TUNNEL = (0.02, 0.03, 0.03, 0.18, 0.33, 0.46, 0.31, 0.12, 0.04, 0.02)
"""Report by report, at the one station where it happens: 5 minute rain in mm, water in m."""


def recorded_examples(folder: Path) -> Iterator[Recorded]:
    """The recorded frames that carry readings, first of all; those of one device a good minute apart."""
    seen: Counter[str] = Counter()
    for protocol in VECTORS:
        for vector in json.loads((folder / f"{protocol}.json").read_text(encoding="utf-8"))["valid"]:
            raw = bytes.fromhex(vector["hex"]) if "hex" in vector else vector["frame"].encode()
            (event,) = decode(protocol, raw)
            if isinstance(event, Frame) and event.readings:
                offset = 1000 * len(seen) + RECORDED_PAUSE * seen[event.device]
                seen[event.device] += 1
                yield recorded_frame(offset, protocol, raw)


def scenario() -> Iterator[Recorded]:
    """Quiet reports of every device with what goes wrong at some of them, and what panels tell at once."""
    yield from _reports("rain", MINUTE, _rain)
    yield from _reports("level", MINUTE, _level)
    yield from _reports("gas", 31, _gas)
    yield from _reports("toxic", 31, _toxic)
    yield from _reports("water", MINUTE, _water)
    yield from _reports("fire", 124, _panel)
    yield from _reports("mqtt-gas", 31, _mqtt_gas)
    yield from _reports("mqtt-level", MINUTE, _depth)
    yield from _reports("mqtt-temperature", MINUTE, _temperature)
    yield from _reports("mqtt-tilt", MINUTE, _tilt)
    yield from _reports("vehicle", 15.5, tanker)
    yield from _reports("rescue", 15.5, rescue_car)
    yield from _reports("meter", 124, meter)
    yield from _panel_news()


def _reports(name: str, every: float, values: Values) -> Iterator[Recorded]:
    """Each device of a group reports every so many seconds, all of them evenly spread."""
    group = groups()[name]
    first = STAGGER * list(groups()).index(name)
    for place, code in enumerate(group.codes()):
        second = round((first + place * every / group.least) % every, 1)
        while second < LENGTH:
            yield from _frames(group.protocol, code, second, values(place, second))
            second += every


def _frames(protocol: str, code: str, second: float, values: Mapping[str, float]) -> Iterator[Recorded]:
    """One for each frame that the protocol needs."""
    raw = protocols()[protocol].encode(code, START + round(second * 1000), values)
    for event in decode(protocol, raw):
        if not isinstance(event, Frame):
            raise event
        yield recorded_frame(round(second * 1000), protocol, event.raw)


def _hill(second: float, start: float, end: float, height: float) -> float:
    """Rises in four equal steps to `height` at the middle of the two seconds, and falls again; 0 outside."""
    if not start < second < end:
        return 0.0
    share = 1 - abs(2 * (second - start) / (end - start) - 1)
    return round(height * min(1.0, (int(share * 4) + 1) / 4), 3)


def _quiet(place: int, second: float, middle: float, reach: float) -> float:
    """A small swing of each device's own."""
    return round(middle + reach * (((place * 7 + int(second) // 13) % 9) - 4) / 4, 3)


def _rain(place: int, second: float) -> dict[str, float]:
    number = int(second // MINUTE)
    five = RAIN[number] if place == 0 else 5.0 if place == 3 and 2 <= number < 5 else _quiet(place, second, 0.8, 0.6)
    return {
        "20": round(4.0 + place + (sum(RAIN[: number + 1]) / 5 if place == 0 else number / 2), 1),
        "22": round(five, 1),
        "26": round(812.0 + 31 * place + number / 2, 1),
        "38": 12.6,
    }


def _level(place: int, second: float) -> dict[str, float]:
    number = int(second // MINUTE)
    water = {0: RIVER[number], 1: TUNNEL[number]}.get(place)
    if water is None:
        water = 0.02 if groups()["level"].host(place) == "facility:tunnel" else _quiet(place, second, 1.4, 0.1)
    return {"39": water, "38": 12.4}


def _gas(place: int, second: float) -> dict[str, float]:
    leak = {0: _hill(second, 130, 290, 56.0), 2: _hill(second, 460, 600, 34.0)}.get(place, 0.0)
    return {"part-10-1-1:analog-6": round(_quiet(place, second, 2.0, 1.0) + leak, 1)}


def _toxic(place: int, second: float) -> dict[str, float]:
    leak = _hill(second, 395, 560, 16.0) if place == 0 else 0.0
    return {"a21028-Rtd": _quiet(place, second, 0.6, 0.4) + leak, "a21005-Rtd": _quiet(place, second, 3.0, 1.5)}


def _water(place: int, second: float) -> dict[str, float]:
    spill = _hill(second, 250, 570, 105.0) if place == 1 else 0.0
    return {
        "w01018-Rtd": round(_quiet(place, second, 24.0, 6.0) + spill, 2),
        "w21003-Rtd": round(_quiet(place, second, 1.2, 0.4) + spill / 20, 3),
        "w21011-Rtd": _quiet(place, second, 0.2, 0.1),
        "w01001-Rtd": _quiet(place, second, 7.2, 0.3),
    }


def _panel(_place: int, _second: float) -> dict[str, float]:
    return {"unit:fault": 0.0, "unit:link": 0.0}


def _mqtt_gas(place: int, second: float) -> dict[str, float]:
    return {"lel": _quiet(place, second, 2.0, 1.0) + (_hill(second, 60, 200, 30.0) if place == 1 else 0.0)}


def _depth(place: int, second: float) -> dict[str, float]:
    return {"level": 0.02 + (_hill(second, 180, 480, 0.5) if place == 0 else 0.0)}


def _temperature(place: int, second: float) -> dict[str, float]:
    return {"temperature": _quiet(place, second, 31.0, 2.0) + (_hill(second, 300, 600, 34.0) if place == 0 else 0.0)}


def _tilt(place: int, second: float) -> dict[str, float]:
    return {"tilt": _quiet(place, second, 0.3, 0.1) + (_hill(second, 330, 580, 1.2) if place == 1 else 0.0)}


def _panel_news() -> Iterator[Recorded]:
    """Fires and a fault that panels tell at once, and their ends; the recorded fire ends too.

    The last one makes the recording as long as ten reports of a station.
    """
    fire = groups()["fire"]
    for code, second, series, value in (
        ("0", 128, "part-1-3-393433:fire", 0.0),
        (fire.code(2), 238, "part-1-1-31:fire", 1.0),
        (fire.code(2), 374, "part-1-1-31:fire", 0.0),
        (fire.code(4), 312, "part-1-1-12:fault", 1.0),
        (fire.code(4), 436, "part-1-1-12:fault", 0.0),
        (fire.code(7), 488, "part-1-2-7:fire", 1.0),
        (fire.code(7), 590, "part-1-2-7:fire", 0.0),
        (fire.code(7), LENGTH - 1, "unit:fault", 0.0),
    ):
        yield from _frames(fire.protocol, code, second, {series: value})


def recording(folder: Path) -> list[Recorded]:
    """The shipped recording, in order of time; `folder` holds the recorded frames of each protocol."""
    return sorted([*recorded_examples(folder), *scenario()], key=lambda one: one.offset)


if __name__ == "__main__":
    for one in recording(Path(sys.argv[1])):
        print(one.line())
