"""A Sparkplug B edge node as a maker of messages: births with aliases, data that use them, and its last will."""

import asyncio
import contextlib
import math
import secrets
from collections.abc import Callable, Mapping

from anlan.monitoring.gateway.mqtt import Broker, Client
from anlan.monitoring.gateway.mqtt_session import Message, Session
from anlan.monitoring.moments import now_ms
from anlan.protocols import sparkplug_payload as payloads
from anlan.protocols.sparkplug import SPACE
from anlan.protocols.sparkplug_payload import Metric

Said = tuple[str, bytes]


class EdgeNode:
    """Gives (topic, payload). `session` is its bdSeq; a device's aliases are those of its birth."""

    def __init__(self, group: str, name: str, session: int = 0) -> None:
        self._group, self._name, self._session = group, name, session
        self._seq = 0
        self._aliases: dict[tuple[str, str], int] = {}

    def will(self) -> Said:
        """What the broker says when the node is gone; given to it with the connection."""
        return self._topic("NDEATH"), payloads.write([self._bd(0)], time=0, seq=None)

    def birth(self, time: int, values: Mapping[str, float], units: Mapping[str, str] | None = None) -> Said:
        self._seq = 0
        metrics = [self._bd(time), *self._named("", time, values, units or {})]
        return self._topic("NBIRTH"), payloads.write(metrics, time=time, seq=0)

    def device_birth(
        self, device: str, time: int, values: Mapping[str, float], units: Mapping[str, str] | None = None
    ) -> Said:
        return self._topic("DBIRTH", device), self._counted(time, self._named(device, time, values, units or {}))

    def data(self, device: str, time: int, values: Mapping[str, float]) -> Said:
        """By alias alone; `device` "" is the node itself."""
        metrics = [
            Metric(alias=self._aliases[device, name], time=time, kind=payloads.DOUBLE, value=value)
            for name, value in values.items()
        ]
        return self._topic("DDATA" if device else "NDATA", device), self._counted(time, metrics)

    def device_death(self, device: str, time: int) -> Said:
        return self._topic("DDEATH", device), self._counted(time, [])

    def lose_one(self) -> None:
        """A message that never arrives."""
        self._seq = (self._seq + 1) % 256

    def _counted(self, time: int, metrics: list[Metric]) -> bytes:
        self.lose_one()
        return payloads.write(metrics, time=time, seq=self._seq)

    def _topic(self, kind: str, device: str = "") -> str:
        return "/".join([SPACE, self._group, kind, self._name, *([device] if device else [])])

    def _bd(self, time: int) -> Metric:
        return Metric(name="bdSeq", kind=payloads.INT64, value=self._session, time=time)

    def _named(self, device: str, time: int, values: Mapping[str, float], units: Mapping[str, str]) -> list[Metric]:
        found = []
        for name, value in values.items():
            alias = self._aliases.setdefault((device, name), len(self._aliases) + 1)
            found.append(
                Metric(name=name, alias=alias, time=time, kind=payloads.DOUBLE, value=value, unit=units.get(name, ""))
            )
        return found


async def node_run(url: str, stop: asyncio.Event, say: Callable[[str], None], *, pause: float = 10.0) -> None:
    """A node with one pump behind it, over the broker at `url` until it is stopped; born anew with each connection."""
    node, born = EdgeNode("anlan", "replay", session=now_ms() % 256), asyncio.Event()
    topic, payload = node.will()
    session = Session(
        name=f"anlan-replay-{secrets.token_hex(4)}", will=lambda: Message(topic=topic, payload=payload),
        welcomed=born.set, trouble=say,
    )  # fmt: skip
    client = Client(Broker.at(url), session)
    running = asyncio.create_task(client.run())
    try:
        while not stop.is_set():
            for said in _turn(node, born) if client.connected else ():
                client.publish(Message(topic=said[0], payload=said[1]))
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), pause if client.connected else 0.2)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


def _turn(node: EdgeNode, born: asyncio.Event) -> list[Said]:
    """What it has to say now: who it is where that is new to the broker, else how its pump is."""
    now = now_ms()
    values = {"level": round(2.5 + math.sin(now / 60_000), 3), "current": round(8.0 + math.sin(now / 17_000), 2)}
    if born.is_set():
        born.clear()
        units = {"level": "m", "current": "A"}
        return [node.birth(now, {"cpu": 3.0}), node.device_birth("pump", now, values, units)]
    return [node.data("pump", now, values)]
