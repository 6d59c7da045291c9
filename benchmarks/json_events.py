"""JSON bytes to validated events on one core: the reader of columns against plain loops in Node.js and in bytewax.

    python benchmarks/json_events.py [--messages 400000] [--shape single|values|readings|all] [--json]

Each reads the same bytes and holds each message against the same demands: a known device, a moment within the calendar,
known series, numbers or null. An event is one reading with the number of its series, its moment and value, so a message
brings 1 (`single`), 5 (`values`) or 50 (`readings`) of them. Names are known beforehand.

anlan     buffers of 256 KB to columns of series, moment and value
node      a plain loop: each message's bytes to a string, JSON.parse, an object an event
bytewax   a dataflow of one worker over the messages as bytes: json.loads, every member looked at, and a tuple an event in one
          flat_map, into a list
msgspec   the same dataflow by someone who counts nanoseconds: a decoder compiled for the two shapes, which validates as well

Seconds are those of the processor. They take turns, and of each the best round of all its turns counts: a busy machine slows
all of them alike. The run fails unless events and the sums of their values are equal.
"""

import argparse
import json
import math
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from time import process_time
from typing import Annotated, Any

import msgspec
import numpy as np

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "anlan.site.settings")
from anlan.monitoring.columnar.json_columns import Names, parse, warm
from anlan.monitoring.columnar.json_shape import PAD

DEVICES, SERIES, MANY = 10_000, 5, 50
BATCH, ROUNDS, SECONDS, TURNS = 1 << 18, 3, 0.4, 3
START, LATEST = 1_700_000_000_000, 253_402_271_999_999
SHAPES, RIVALS = ("single", "values", "readings"), ("node", "bytewax", "msgspec")
Sums = tuple[int, float]
Turn = Callable[[], tuple[Sums, float]]
Event = tuple[int, int, int, float]
NODE = """
const fs = require("fs");
const data = fs.readFileSync(process.argv[2]), ends = JSON.parse(fs.readFileSync(process.argv[3]));
const known = new Map();
for (let d = 0; d < DEVICES; d++) {
  const series = new Map();
  for (let s = 0; s < SERIES; s++) series.set("s" + s, d * SERIES + s);
  known.set("dev" + String(d).padStart(5, "0"), { id: d, series });
}
const fits = (t) => Number.isInteger(t) && t >= 0 && t <= LATEST;
const reads = (v) => (v === null ? NaN : typeof v === "number" && Number.isFinite(v) ? v : undefined);
function run() {
  let events = [], count = 0, sum = 0, bad = 0, at = 0;
  for (const end of ends) {
    let said;
    try { said = JSON.parse(data.toString("utf8", at, end)); } catch { bad++; at = end; continue; }
    at = end;
    const device = known.get(said.device), time = said.time;
    if (device === undefined || (time !== undefined && !fits(time))) { bad++; continue; }
    events = [];
    if (said.values !== undefined) {
      for (const name in said.values) {
        const series = device.series.get(name), value = reads(said.values[name]);
        if (series === undefined || value === undefined || time === undefined) { bad++; continue; }
        events.push({ device: device.id, series, time, value });
      }
    } else {
      for (const one of said.readings) {
        const series = device.series.get(one.series), value = reads(one.value), moment = one.time ?? time;
        if (series === undefined || value === undefined || !fits(moment)) { bad++; continue; }
        events.push({ device: device.id, series, time: moment, value });
      }
    }
    count += events.length;
    for (const event of events) sum += event.value;
  }
  return [count, sum, bad];
}
run();
let seconds = Infinity, spent = 0, count, sum, bad;
for (let round = 0; round < ROUNDS || spent < SECONDS; round++) {
  const began = process.cpuUsage();
  [count, sum, bad] = run();
  const used = process.cpuUsage(began);
  const took = (used.user + used.system) / 1e6;
  spent += took;
  seconds = Math.min(seconds, took);
}
console.log(JSON.stringify({ count, sum, bad, seconds }));
"""


def messages(shape: str, count: int) -> list[bytes]:
    random = np.random.default_rng(7)
    made = []
    for k in range(count):
        device, time = f"dev{k % DEVICES:05}", START + k
        values = np.round(random.normal(50, 10, MANY if shape == "readings" else SERIES), 2).tolist()
        if shape == "readings":
            rows = [{"series": f"s{r % SERIES}", "time": time + r, "value": v} for r, v in enumerate(values)]
            said: dict[str, Any] = {"device": device, "readings": rows}
        else:
            kept = values[:1] if shape == "single" else values
            said = {"device": device, "time": time, "values": {f"s{s}": v for s, v in enumerate(kept)}}
        made.append(json.dumps(said, separators=(",", ":")).encode())
    return made


def ours(made: list[bytes]) -> Turn:
    names = Names()
    for d in range(DEVICES):
        names.device(f"dev{d:05}", d)
        for s in range(SERIES):
            names.series(f"dev{d:05}", f"s{s}", d * SERIES + s)
    ends = np.cumsum([len(one) for one in made])
    bounds = np.zeros((len(made), 4), np.int64)
    bounds[1:, 0], bounds[:, 1] = ends[:-1], ends
    data = np.frombuffer(b"".join([*made, bytes(PAD)]), np.uint8)
    step = max(1, BATCH * len(made) // int(ends[-1]))
    warm()

    def run() -> Sums:
        count, total = 0, 0.0
        for k in range(0, len(bounds), step):
            part = parse(names, data, bounds[k : k + step])
            assert part.mine.all()
            count, total = count + len(part.value), total + float(part.value.sum())
        return count, total

    return lambda: best(lambda: run)


def best(prepare: Callable[[], Callable[[], Sums]]) -> tuple[Sums, float]:
    """What a run finds, and the seconds of the quickest; preparing does not count."""
    sums, rounds = (0, 0.0), list[float]()
    while len(rounds) < ROUNDS or sum(rounds) < SECONDS:
        run = prepare()
        began = process_time()
        sums = run()
        rounds.append(process_time() - began)
    return sums, min(rounds)


def node(made: list[bytes], folder: Path) -> Turn:
    data, ends, script = (folder / name for name in ("data", "ends.json", "loop.js"))
    data.write_bytes(b"".join(made))
    ends.write_text(json.dumps(np.cumsum([len(one) for one in made]).tolist()))
    numbers = {"DEVICES": DEVICES, "SERIES": SERIES, "LATEST": LATEST, "ROUNDS": ROUNDS, "SECONDS": SECONDS}
    code = NODE
    for name, number in numbers.items():
        code = code.replace(name, str(number))
    script.write_text(code)

    def turn() -> tuple[Sums, float]:
        done = subprocess.run(["node", script, data, ends], capture_output=True, text=True, check=True)
        found = json.loads(done.stdout)
        assert found["bad"] == 0
        return (found["count"], found["sum"]), found["seconds"]

    return turn


def bytewax(made: list[bytes], events: Callable[[bytes], list[Event]]) -> Turn:
    """A dataflow of one worker."""
    import bytewax.operators as op
    from bytewax.dataflow import Dataflow
    from bytewax.testing import TestingSink, TestingSource, run_main

    found = list[Event]()

    def prepare() -> Callable[[], Sums]:
        found.clear()
        flow = Dataflow("events")
        stream = op.input("in", flow, TestingSource(made, batch_size=1000))
        op.output("out", op.flat_map("read", stream, events), TestingSink(found))

        def run() -> Sums:
            run_main(flow)
            return len(found), 0.0

        return run

    def turn() -> tuple[Sums, float]:
        _, seconds = best(prepare)
        return (len(found), sum(value for *_, value in found)), seconds

    return turn


def known() -> dict[str, tuple[int, dict[str, int]]]:
    return {f"dev{d:05}": (d, {f"s{s}": d * SERIES + s for s in range(SERIES)}) for d in range(DEVICES)}


def by_json() -> Callable[[bytes], list[Event]]:
    devices = known()

    def events(raw: bytes) -> list[Event]:
        said = json.loads(raw)
        device, series = devices[said["device"]]
        if "values" in said:
            time = _fit(said["time"])
            return [(device, series[name], time, _number(value)) for name, value in said["values"].items()]
        time = said.get("time")
        return [(device, series[r["series"]], _fit(r.get("time", time)), _number(r["value"])) for r in said["readings"]]

    return events


Moment = Annotated[int, msgspec.Meta(ge=0, le=LATEST)]


class Told(msgspec.Struct, gc=False):
    series: str
    value: float | None
    time: Moment | None = None


class Message(msgspec.Struct, gc=False):
    device: str
    time: Moment | None = None
    values: dict[str, float | None] | None = None
    readings: list[Told] | None = None


def by_msgspec() -> Callable[[bytes], list[Event]]:
    devices, decode = known(), msgspec.json.Decoder(Message).decode

    def events(raw: bytes) -> list[Event]:
        said = decode(raw)
        device, series = devices[said.device]
        time = said.time
        if said.values is not None and time is not None:
            return [(device, series[n], time, math.nan if v is None else v) for n, v in said.values.items()]
        return [
            (
                device,
                series[r.series],
                _fit(time if r.time is None else r.time),
                math.nan if r.value is None else r.value,
            )
            for r in said.readings or ()
        ]

    return events


def _fit(time: object) -> int:
    if not isinstance(time, int) or not 0 <= time <= LATEST:
        raise ValueError(time)
    return time


def _number(value: object) -> float:
    if value is None:
        return math.nan
    if not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError(value)
    return float(value)


def measured(shape: str, count: int) -> dict[str, float]:
    """Events a second of each. bytewax gets a twentieth of the messages."""
    made = messages(shape, count // (1 if shape == "single" else SERIES if shape == "values" else MANY))
    few = made[: len(made) // 20]
    found: dict[str, tuple[Sums, float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        runs: dict[str, Turn] = {
            "anlan": ours(made),
            "node": node(made, Path(folder)),
            "bytewax": bytewax(few, by_json()),
            "msgspec": bytewax(few, by_msgspec()),
        }
        for name, turn in list(runs.items()) * TURNS:
            sums, seconds = turn()
            found[name] = sums, min(seconds, found.get(name, (sums, seconds))[1])
    (all_of_them, _), (some, _) = found["anlan"], ours(few)()
    for name, (sums, _) in found.items():
        wanted = all_of_them if name in ("anlan", "node") else some
        assert sums[0] == wanted[0], f"{name} has {sums[0]} events, not {wanted[0]}"
        assert math.isclose(sums[1], wanted[1], rel_tol=1e-9), f"{name} sums to {sums[1]}, not {wanted[1]}"
    rates = {name: sums[0] / seconds for name, (sums, seconds) in found.items()}
    return rates | {f"ratio_{name}": rates["anlan"] / rates[name] for name in RIVALS}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--messages", type=int, default=400_000, help="events, in messages of 1, 5 or 50")
    parser.add_argument("--shape", choices=[*SHAPES, "all"], default="all")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    shapes = SHAPES if arguments.shape == "all" else (arguments.shape,)
    figures = {shape: measured(shape, arguments.messages) for shape in shapes}
    if arguments.json:
        print(json.dumps(figures))
        return
    for shape, found in figures.items():
        ratios = ", ".join(f"{found[f'ratio_{rival}']:5.1f} x {rival}" for rival in RIVALS)
        print(f"{shape:9} {found['anlan']:12,.0f} events/s; {ratios}")


if __name__ == "__main__":
    sys.exit(main())
