"""Sparkplug B through a real broker: births, data, what was missed, and deaths."""

import asyncio
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from anlan.monitoring.gateway.inbox import Inbox
from anlan.monitoring.gateway.mqtt import Broker
from anlan.monitoring.gateway.sparkplug import SparkplugHost
from anlan.monitoring.models import Device, FrameCount, Series
from anlan.monitoring.moments import now_ms
from anlan.monitoring.replaying.edge_node import EdgeNode
from anlan.protocols import sparkplug_payload as payloads

from .broker import Mosquitto
from .gateway import Ingest, mosquitto, until

DeviceMaker = Callable[..., Device]


class Line:
    """An edge node's own client; what it is told is in `heard`."""

    def __init__(self, broker: Mosquitto, node: EdgeNode) -> None:
        self.heard: list[tuple[str, bytes]] = []
        self.client = paho.Client(CallbackAPIVersion.VERSION2)
        topic, payload = node.will()
        self.client.will_set(topic, payload, qos=1)
        self.client.on_message = lambda _c, _u, m: self.heard.append((m.topic, m.payload))
        self.client.connect("127.0.0.1", broker.port)
        self.client.loop_start()
        self.client.subscribe([("spBv1.0/plant/NCMD/edge1", 1), ("spBv1.0/STATE/anlan", 1)])

    def __enter__(self) -> "Line":
        return self

    def __exit__(self, *_error: object) -> None:
        self.client.disconnect()
        self.client.loop_stop()

    def send(self, message: tuple[str, bytes]) -> None:
        sent = self.client.publish(*message, qos=1)
        sent.wait_for_publish(20)
        assert sent.is_published(), "the broker does not acknowledge it"

    def states(self) -> list[Any]:
        return [json.loads(payload) for topic, payload in self.heard if topic == "spBv1.0/STATE/anlan"]

    def state(self) -> Any:
        return self.states()[-1]["online"] if self.states() else None

    def asked(self) -> list[bytes]:
        """Wishes for a birth."""
        return [payload for topic, payload in self.heard if topic == "spBv1.0/plant/NCMD/edge1"]

    def vanish(self) -> None:
        """The connection breaks, and the broker speaks the will."""
        self.client.loop_stop()
        sock = self.client.socket()
        if sock is not None:
            sock.close()


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    with mosquitto(tmp_path) as running:
        yield running


def last(device: Device, key: str) -> float | None:
    return Series.objects.filter(device=device, key=key).values_list("last_value", flat=True).first()


def status(device: Device) -> str:
    device.refresh_from_db()
    return device.status


def test_a_node_is_born_speaks_is_asked_for_its_birth_and_dies(
    shared_db: None, device: DeviceMaker, broker: Mosquitto
) -> None:
    edge, pump = (device(code=code, protocol="sparkplug", kind="other") for code in ("plant/edge1", "plant/edge1/pump"))
    node = EdgeNode("plant", "edge1")
    with Ingest(mqtt_url=f"mqtt://127.0.0.1:{broker.port}"), Line(broker, node) as line:
        until(lambda: line.state() is True, "no host is online")
        line.send(node.birth(now_ms(), {"cpu": 3.0}))
        line.send(node.device_birth("pump", now_ms(), {"level": 2.0}, {"level": "m"}))
        until(lambda: last(pump, "level") == 2.0)
        line.send(node.data("pump", now_ms(), {"level": 2.5}))
        until(lambda: last(pump, "level") == 2.5)
        assert line.asked() == []
        node.lose_one()
        line.send(node.data("pump", now_ms(), {"level": 2.75}))
        until(lambda: len(line.asked()) == 1, "nobody asks for a birth")
        assert payloads.read(line.asked()[0]).metrics[0].name == "Node Control/Rebirth"
        until(lambda: status(edge) == status(pump) == "online")
        line.vanish()
        until(lambda: status(edge) == status(pump) == "silent", "nobody notices the death")
    assert Series.objects.get(device=pump, key="level").unit == "m"
    assert FrameCount.objects.get(source="sparkplug", kind="ok").frames == 5


def test_data_without_a_birth_are_counted_and_the_host_says_goodbye(
    shared_db: None, device: DeviceMaker, broker: Mosquitto
) -> None:
    device(code="plant/edge1", protocol="sparkplug", kind="other")
    node = EdgeNode("plant", "edge1")
    node.birth(now_ms(), {"cpu": 1.0})
    with Line(broker, node) as line:
        with Ingest(mqtt_url=f"mqtt://127.0.0.1:{broker.port}"):
            until(lambda: line.state() is True)
            line.send(node.data("", now_ms(), {"cpu": 2.0}))
            until(lambda: FrameCount.objects.filter(source="sparkplug", kind="birth").exists())
        until(lambda: line.state() is False, "the host is gone and nobody says so")


def test_a_broker_that_begins_anew_hears_of_the_host_again_and_nodes_are_asked_for_their_birth(
    shared_db: None, device: DeviceMaker, broker: Mosquitto
) -> None:
    device(code="plant/edge1", protocol="sparkplug", kind="other")
    node = EdgeNode("plant", "edge1")
    with Ingest(mqtt_url=f"mqtt://127.0.0.1:{broker.port}"):
        with Line(broker, node) as line:
            until(lambda: line.state() is True)
            line.send(node.birth(now_ms(), {"cpu": 1.0}))
            until(lambda: FrameCount.objects.filter(source="sparkplug", kind="ok").exists())
        broker.stop()
        broker.start()
        with Line(broker, node) as line:
            until(lambda: line.state() is True, "the host does not come back")
            line.send(node.data("", now_ms(), {"cpu": 2.0}))
            until(lambda: len(line.asked()) == 1, "nobody asks for a birth")


async def test_what_a_broker_says_of_a_host_that_vanishes_is_of_the_same_moment_as_its_birth(
    broker: Mosquitto,
) -> None:
    """Nodes tell by it which death belongs to which birth."""
    host = SparkplugHost(Broker.at(f"mqtt://127.0.0.1:{broker.port}"), Inbox(10), name="t")
    running = asyncio.create_task(host.run())
    with Line(broker, EdgeNode("plant", "edge1")) as line:
        while line.state() is not True:
            await asyncio.sleep(0.02)
        assert host._client._link is not None
        host._client._link._transport.abort()
        while len(line.states()) < 2:
            await asyncio.sleep(0.02)
        born, died = line.states()[:2]
        assert (born["online"], died["online"]) == (True, False)
        assert born["timestamp"] == died["timestamp"]
        while line.state() is not True:
            await asyncio.sleep(0.02)
        assert line.states()[-1]["timestamp"] > died["timestamp"]
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
