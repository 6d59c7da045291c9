"""Sends recorded device traffic over real sockets, each frame moved to now, until it is acknowledged.

example: anlan replay                                 the ten minutes that are shipped, at their own pace
         anlan replay traffic.jsonl --speed 10 --count 500 --json
         ANLAN_MQTT_URL=mqtt://127.0.0.1 anlan replay --loop --quiet

FILE has JSON lines of {"offset_ms", "protocol", "hex"}. Ports are ANLAN_PORT_<PROTOCOL>, else the protocol's own.
With --peers devices that wait to be asked do so: Modbus TCP and RTU over TCP, OPC UA, CJ/T 188 meters behind one line,
and where there is an ANLAN_MQTT_URL a Sparkplug B node anlan/replay with a pump speaks there too.
With --loop a reservoir gauge of the demo answers Modbus TCP on port 15020 of this machine.
ANLAN_REPLAY_SIP=<code>:<password> beside ANLAN_PORT_SIP also plays a recorder with cameras (GB/T 28181).
Stations of SL 651 tell no seconds: at a speed above 1 some of their reports fall in one minute and count as duplicates.
Exit code 0 where everything was acknowledged or the replay was stopped, 1 where an answer is missing, 2 for a bad file.
"""

import argparse
import asyncio
import json
import math
import os
import signal
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from anlan.monitoring.replaying.links import ports
from anlan.monitoring.replaying.player import LEAVE, Plan, Player
from anlan.monitoring.replaying.recorder import recorder_of, recorder_run
from anlan.monitoring.replaying.recording import SHIPPED, Recorded, RecordingError, recording_read
from anlan.monitoring.replaying.reservoir import gauge_run

WRONG_WORDS = 2


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, nargs="?", default=SHIPPED, metavar="FILE", help="(the shipped recording)")
    parser.add_argument("--speed", type=_speed, default=1.0, metavar="X", help="times as fast (1)")
    parser.add_argument("--loop", action="store_true", help="over and over, until it is stopped")
    parser.add_argument("--count", type=int, default=0, metavar="N", help="stop after so many frames")
    parser.add_argument("--host", default="127.0.0.1", metavar="H", help="where ingest listens (127.0.0.1)")
    parser.add_argument(
        "--peers", action="store_true", help="also play devices that wait to be asked, and a Sparkplug node"
    )
    parser.add_argument("--quiet", action="store_true", help="say only what is wrong")
    parser.add_argument("--json", action="store_true", help="end with one JSON object on standard output")


def run(arguments: argparse.Namespace) -> int:
    try:
        with arguments.file.open(encoding="utf-8") as file:
            frames = recording_read(file)
    except (OSError, UnicodeDecodeError, RecordingError) as error:
        print(f"anlan replay: {arguments.file}: {error}", file=sys.stderr)
        return WRONG_WORDS
    return asyncio.run(_play(arguments, frames))


async def _play(arguments: argparse.Namespace, frames: list[Recorded]) -> int:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    say = _nothing if arguments.quiet else _say
    player = Player(frames, _plan(arguments))
    if player.tally.skipped:
        say(f"{player.tally.skipped} of {len(frames)} frames have no way: no port, or no ANLAN_MQTT_URL for JSON")
    beside = recorder_of(host=arguments.host)
    others = [asyncio.create_task(gauge_run(stop, say))] if arguments.loop else []
    others += _peers(stop, say) if arguments.peers else []
    if beside:
        others.append(asyncio.create_task(recorder_run(beside, stop, say)))
    await player.play(stop)
    stopped = stop.is_set()
    stop.set()
    _, late = await asyncio.wait(others, timeout=LEAVE) if others else (set(), set())
    for other in late:
        other.cancel()
    await asyncio.gather(*others, return_exceptions=True)
    say(str(player.tally))
    if arguments.json:
        print(json.dumps(asdict(player.tally) | {"missing": player.tally.missing}))
    return 1 if player.tally.missing and not stopped else 0


def _peers(stop: asyncio.Event, say: Callable[[str], None]) -> list[asyncio.Task[None]]:
    from anlan.monitoring.replaying.edge_node import node_run
    from anlan.monitoring.replaying.peers import peers_run

    url = os.environ.get("ANLAN_MQTT_URL", "")
    node = [asyncio.create_task(node_run(url, stop, say))] if url else []
    return [asyncio.create_task(peers_run(stop, say)), *node]


def _plan(arguments: argparse.Namespace) -> Plan:
    return Plan(
        host=arguments.host,
        ports=ports(),
        mqtt_url=os.environ.get("ANLAN_MQTT_URL", ""),
        speed=arguments.speed,
        loop=arguments.loop,
        count=arguments.count,
        say=_nothing if arguments.quiet else _say,
        warn=_say,
    )


def _say(text: str) -> None:
    print(f"anlan replay: {text}", file=sys.stderr, flush=True)


def _nothing(_text: str) -> None:
    """For --quiet."""


def _speed(text: str) -> float:
    speed = float(text)
    if math.isnan(speed) or speed <= 0:
        raise argparse.ArgumentTypeError("a speed is above 0")
    return speed
