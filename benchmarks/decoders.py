"""Frames a second on one core: each decoder against a rival written the plain way, on the same frames.

    python benchmarks/decoders.py [--json] [--seconds 2]

A rival is what one writes in an afternoon: struct or split on a whole frame, a bitwise check sum, no stream,
no leniency, no reply, no names. It must find the same readings in the same frame, or the run fails. The
decoders are fed a stream of 64 KiB pieces, as a socket gives them.
"""

import argparse
import json
import struct
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path
from time import perf_counter

from anlan.protocols import Frame, protocols

BEIJING = timezone(timedelta(hours=8))
PIECE = 65536
Found = list[tuple[str, int, float]]

VECTORS = Path(__file__).parent.parent / "tests" / "protocols" / "vectors"


def recorded(protocol: str, name: str) -> bytes:
    rows = json.loads((VECTORS / f"{protocol}.json").read_text("utf-8"))["valid"]
    row = next(row for row in rows if row["name"] == name)
    return bytes.fromhex(row["hex"]) if "hex" in row else row["frame"].encode()


JSON = b'{"device":"d1","time":1700000000000,"values":{"level":1.2,"rain":0.5,"voltage":12.1,"door":0}}\n'


def crc_bitwise(data: bytes) -> int:
    crc = 0xFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0xA001 if crc & 1 else 0)
    return crc


def crc_bitwise_hj212(data: bytes) -> int:
    crc = 0xFFFF
    for byte in data:
        crc = crc >> 8 ^ byte
        for _ in range(8):
            crc = crc >> 1 ^ (0xA001 if crc & 1 else 0)
    return crc


def epoch_ms(text: str, layout: str) -> int:
    return int(datetime.strptime(text, layout).replace(tzinfo=BEIJING).timestamp() * 1000)


def rival_sl651(raw: bytes) -> Found:
    assert crc_bitwise(raw[:-2]) == int.from_bytes(raw[-2:], "big")
    text = raw.hex()
    time, at, found = epoch_ms(text[64:74], "%y%m%d%H%M"), 74, []
    while at < len(text) - 6:
        define = int(text[at + 2 : at + 4], 16)
        size, decimals = define >> 3, define & 7
        value = int(text[at + 4 : at + 4 + 2 * size]) / 10**decimals
        found.append((text[at : at + 2].upper(), time, value))
        at += 4 + 2 * size
    return found


def rival_hj212(raw: bytes) -> Found:
    text = raw.decode()
    assert f"{crc_bitwise_hj212(raw[6:-6]):04X}" == text[-6:-2].upper()
    pairs = dict(pair.split("=") for pair in text[text.index("&&") + 2 : -8].replace(",", ";").split(";"))
    time = epoch_ms(pairs["DataTime"], "%Y%m%d%H%M%S")
    return [(key, time, float(value)) for key, value in pairs.items() if key.endswith("-Rtd")]


def rival_gb26875(raw: bytes) -> Found:
    assert sum(raw[2:-3]) % 256 == raw[-3]
    system, address, _, part, state = struct.unpack_from("<BBBIH", raw, 29)
    second, minute, hour, day, month, year = raw[69:75]
    moment = datetime(2000 + year, month, day, hour, minute, second, tzinfo=BEIJING)
    time, name = int(moment.timestamp() * 1000), f"part-{system}-{address}-{part}"
    return [(f"{name}:fire", time, float(state >> 1 & 1)), (f"{name}:fault", time, float(state >> 2 & 1))]


def rival_json(raw: bytes) -> Found:
    said = json.loads(raw)
    return [(series, said["time"], float(value)) for series, value in said["values"].items()]


RIVALS: dict[str, tuple[bytes, Callable[[bytes], Found]]] = {
    "sl651": (recorded("sl651", "func33"), rival_sl651),
    "hj212": (recorded("hj212", "air_2011_5780"), rival_hj212),
    "gb26875": (recorded("gb26875", "part_state_fire_alarm"), rival_gb26875),
    "json": (JSON, rival_json),
}


def decoded(name: str, stream: bytes) -> list[Frame]:
    decoder = protocols()[name].decoder()
    events = [
        event for at in range(0, len(stream), PIECE) for event in decoder.feed(stream[at : at + PIECE])
    ] + decoder.close()
    return [event for event in events if isinstance(event, Frame)]


def rate(run: Callable[[], int], seconds: float) -> float:
    """Frames a second of the best of the runs that fit into `seconds`."""
    best, until = 0.0, perf_counter() + seconds
    while perf_counter() < until:
        start = perf_counter()
        count = run()
        best = max(best, count / (perf_counter() - start))
    return best


def measured(name: str, seconds: float) -> dict[str, float]:
    """SystemExit where decoder and rival do not find the same readings."""
    raw, rival = RIVALS[name]
    readings = [(each.series, each.time, each.value) for each in decoded(name, raw)[0].readings]
    if readings != rival(raw):
        raise SystemExit(f"{name}: the rival finds {rival(raw)}, the decoder {readings}")
    many = 5000
    ours = rate(lambda: len(decoded(name, raw * many)), seconds)
    theirs = rate(lambda: sum(1 for _ in range(many) if rival(raw)), seconds)
    return {
        "frames_per_s": round(ours),
        "rival_frames_per_s": round(theirs),
        "ratio": round(ours / theirs, 2),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print the figures as one JSON object")
    parser.add_argument("--seconds", type=float, default=2.0, help="for each decoder and each rival")
    arguments = parser.parse_args()
    figures = {name: measured(name, arguments.seconds) for name in RIVALS}
    if arguments.json:
        print(json.dumps(figures))
        return
    print(f"{'protocol':10}{'frames/s':>12}{'rival':>12}{'ratio':>8}")
    for name, row in figures.items():
        print(f"{name:10}{row['frames_per_s']:12,}{row['rival_frames_per_s']:12,}{row['ratio']:8.2f}")


if __name__ == "__main__":
    main()
