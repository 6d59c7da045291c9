"""Readings through a real broker: acknowledged to it only when durable, delivered again when not."""

import json
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from anlan.monitoring import store
from anlan.monitoring.gateway import writer
from anlan.monitoring.models import Device, FrameCount, LedgerCount
from anlan.monitoring.moments import now_ms
from anlan.rules import Ledger

from .gateway import Ingest, mosquitto, until

pytestmark = pytest.mark.usefixtures("shared_db")

DeviceMaker = Callable[..., Device]


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[int]:
    with mosquitto(tmp_path) as running:
        yield running.port


def send(port: int, device: str, *payloads: str, qos: int = 1) -> None:
    subprocess.run(
        ["mosquitto_pub", "-p", str(port), "-t", f"anlan/{device}/readings", "-q", str(qos), "-l"],
        input="\n".join(payloads) + "\n", text=True, check=True,
    )  # fmt: skip


def values(**numbers: float) -> str:
    return json.dumps({"time": now_ms(), "values": numbers})


def counted() -> int:
    return sum(LedgerCount.objects.values_list("count", flat=True))


def subscribed(port: int) -> None:
    """Returns when the ingest process has subscribed: a probe of an unknown sender has come through."""

    def heard() -> bool:
        send(port, "probe", values(x=1.0))
        return FrameCount.objects.exists()

    until(heard, "nobody subscribes")


def test_a_message_is_stored_under_the_device_of_its_topic(device: DeviceMaker, broker: int) -> None:
    one = device(code="gas-1", protocol="json", kind="gas")
    with Ingest(mqtt_url=f"mqtt://127.0.0.1:{broker}"):
        subscribed(broker)
        send(
            broker, "gas-1", values(lel=3.5, temperature=21.0), "not json", '{"device": "gas-2", "values": {"lel": 1}}'
        )
        until(lambda: one.series.count() == 2)
        until(lambda: FrameCount.objects.filter(source="mqtt").count() == 3)
    kinds = set(FrameCount.objects.values_list("kind", flat=True))
    assert kinds == {"ok", "json", "device"}


def test_a_message_is_not_acknowledged_before_it_is_durable(
    device: DeviceMaker, broker: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever stops between receiving and commit leaves the message with the broker, which delivers it again."""
    device(code="gas-1", protocol="json", kind="gas")
    url = f"mqtt://127.0.0.1:{broker}"
    monkeypatch.setenv("ANLAN_INGEST_DRAIN", "0.1")
    with Ingest(mqtt_url=url):
        subscribed(broker)
    arrived, gate = threading.Event(), threading.Event()

    def never(**_words: object) -> None:
        arrived.set()
        gate.wait(10)
        raise writer.OperationalError("killed before the commit")

    with monkeypatch.context() as patch:
        patch.setattr(writer, "readings_store", never)
        with Ingest(mqtt_url=url):
            send(broker, "gas-1", values(lel=3.5))
            assert arrived.wait(10)
            threading.Timer(0.5, gate.set).start()
    assert store.count() == {}
    with Ingest(mqtt_url=url):
        until(lambda: sum(store.count().values()) == 1, "the broker does not deliver it again")
        send(broker, "gas-1", values(lel=4.5))
        until(lambda: sum(store.count().values()) == 2)


def test_what_comes_while_nobody_listens_waits_at_the_broker(device: DeviceMaker, broker: int) -> None:
    device(code="gas-1", protocol="json", kind="gas")
    url = f"mqtt://127.0.0.1:{broker}"
    with Ingest(mqtt_url=url):
        subscribed(broker)
    send(broker, "gas-1", *[json.dumps({"time": now_ms() + k, "values": {"lel": k}}) for k in range(200)])
    with Ingest(mqtt_url=url):
        until(lambda: sum(store.count().values()) == 200)


def test_the_client_comes_back_after_the_broker_has_restarted(device: DeviceMaker, tmp_path: Path) -> None:
    device(code="gas-1", protocol="json", kind="gas")
    with mosquitto(tmp_path) as broker, Ingest(mqtt_url=f"mqtt://127.0.0.1:{broker.port}"):
        subscribed(broker.port)
        before = counted()
        broker.stop()
        broker.start()
        until(lambda: (send(broker.port, "probe", values(x=1.0)), counted() > before)[1], "it does not come back")


def test_whoever_stops_under_load_leaves_nothing_acknowledged_unstored_and_nothing_stored_unacknowledged(
    device: DeviceMaker, broker: int
) -> None:
    """It takes nothing more, keeps what it has and says so: what the broker still has is told once, to the next."""
    device(code="gas-1", protocol="json", kind="gas")
    url = f"mqtt://127.0.0.1:{broker}"
    with Ingest(mqtt_url=url):
        subscribed(broker)
    start = now_ms() - 5_000_000
    send(broker, "gas-1", *[json.dumps({"time": start + k * 1000, "values": {"lel": k % 9}}) for k in range(5000)])
    for _ in range(3):
        with Ingest(mqtt_url=url):
            until(lambda: sum(store.count().values()) > 0)
    with Ingest(mqtt_url=url):
        until(lambda: sum(store.count().values()) == 5000)
    states = dict(LedgerCount.objects.filter(source="mqtt").values_list("state", "count"))
    assert states.get(Ledger.DUPLICATE, 0) == 0
    assert states[Ledger.NORMAL] == 5000
