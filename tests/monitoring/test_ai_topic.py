"""Sightings over a real broker: kept before they are acknowledged, and nothing is lost while nobody listens."""

import asyncio
import json
import subprocess
import threading
from pathlib import Path

import pytest
from django.db import OperationalError

from anlan.accounts.models import Area, User
from anlan.monitoring.gateway import ai_topic
from anlan.monitoring.gateway.ai_topic import AiTopic
from anlan.monitoring.gateway.mqtt import Broker
from anlan.monitoring.models import Camera, FrameCount, Sighting, SightingSource
from anlan.monitoring.moments import now_ms
from anlan.monitoring.video.sources import source_token_issue

from .broker import mosquitto, until

pytestmark = pytest.mark.usefixtures("shared_db")
CODE = "44031000001320000001"


class Listening:
    """The client in a thread with a loop of its own, as in the ingest process."""

    def __init__(self, port: int) -> None:
        self._topic = AiTopic(Broker.at(f"mqtt://127.0.0.1:{port}"), name="test")
        self._thread = threading.Thread(target=lambda: asyncio.run(self._main()))

    async def _main(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        task = asyncio.create_task(self._topic.run())
        await self._stop.wait()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    def __enter__(self) -> "Listening":
        self._thread.start()
        until(lambda: self._topic.client.connected)
        return self

    def __exit__(self, *_error: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)


def publish(port: int, topic: str, payload: str) -> None:
    words = ["mosquitto_pub", "-h", "127.0.0.1", "-p", str(port), "-q", "1", "-t", topic, "-m", payload]
    subprocess.run(words, check=True, timeout=10)


def test_what_is_published_is_judged_and_what_came_while_nobody_listened_too(area: Area, tmp_path: Path) -> None:
    Camera.objects.create(code=CODE, name="东街口球机", area=area)
    admin = User.objects.create(username="admin1", role="administrator", area=area, password="!")
    source = SightingSource.objects.create(code="box1", name="盒子", area=area)
    token = source_token_issue(source=source, by=admin)
    body = {"kind": "fire", "time": now_ms(), "algorithm": "烟火V2", "token": token}
    with mosquitto(tmp_path) as broker:
        with Listening(broker.port):
            publish(broker.port, f"anlan/{CODE}/ai", json.dumps({**body, "id": "a"}))
            publish(broker.port, f"anlan/{CODE}/ai", "garbage")
            until(lambda: Sighting.objects.count() == 1)
            until(lambda: FrameCount.objects.filter(source="ai", kind="json").exists())
        publish(broker.port, f"anlan/{CODE}/ai", json.dumps({**body, "id": "b", "kind": "smoke"}))
        with Listening(broker.port):
            until(lambda: Sighting.objects.count() == 2)


def test_a_message_that_cannot_be_stored_is_counted_once_and_does_not_come_again(
    area: Area, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_words: object) -> None:
        raise RuntimeError("a fault of ours")

    monkeypatch.setattr(ai_topic, "topic_take", broken)
    with mosquitto(tmp_path) as broker:
        with Listening(broker.port):
            publish(broker.port, f"anlan/{CODE}/ai", "{}")
            until(lambda: FrameCount.objects.filter(source="ai", kind="refused").exists())
        monkeypatch.undo()
        with Listening(broker.port):
            publish(broker.port, f"anlan/{CODE}/ai", "garbage")
            until(lambda: FrameCount.objects.filter(source="ai", kind="json").exists())
    assert FrameCount.objects.get(source="ai", kind="refused").frames == 1
    assert FrameCount.objects.get(source="ai", kind="json").frames == 1


def test_while_the_database_is_away_sightings_wait(area: Area, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tries, real = list[str](), ai_topic.topic_take

    def away(topic: str, payload: bytes, now: int) -> object:
        tries.append(topic)
        if len(tries) < 3:
            raise OperationalError("away")
        return real(topic, payload, now)

    monkeypatch.setattr(ai_topic, "topic_take", away)
    with mosquitto(tmp_path) as broker, Listening(broker.port):
        publish(broker.port, f"anlan/{CODE}/ai", "garbage")
        until(lambda: FrameCount.objects.filter(source="ai", kind="json").exists())
    assert len(tries) == 3
