"""Ten times what a district sends in a minute, at once, through a real broker and little room: nothing is lost."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from anlan.monitoring import store
from anlan.monitoring.ledger import ledger_reconcile
from anlan.monitoring.models import Device, LedgerCount
from anlan.monitoring.moments import now_ms
from anlan.rules import Ledger

from .gateway import Ingest, mosquitto, until
from .test_mqtt import counted, send, subscribed

pytestmark = pytest.mark.usefixtures("shared_db")

DEVICES, MESSAGES, EACH = 10, 250, 20
SENT = DEVICES * MESSAGES * EACH
"""5,000 series that report each minute are 83 readings a second; ten times that for 60 s is 50,000."""


def message(start: int, k: int) -> str:
    moments = (start + (k * EACH + i) * 1000 for i in range(EACH))
    return json.dumps({"readings": [{"series": "level", "time": t, "value": (t // 1000) % 7 / 10} for t in moments]})


def test_a_burst_waits_its_turn_and_every_reading_of_it_is_kept_and_counted_once(
    device: Callable[..., Device], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANLAN_INGEST_ROOM", "2000")
    monkeypatch.setenv("ANLAN_INGEST_BATCH", "1000")
    names = [device(code=f"burst-{k}", protocol="json").code for k in range(DEVICES)]
    start = now_ms() - MESSAGES * EACH * 1000
    with mosquitto(tmp_path) as broker, Ingest(mqtt_url=f"mqtt://127.0.0.1:{broker.port}"):
        subscribed(broker.port)
        probes = counted()
        for name in names:
            send(broker.port, name, *(message(start, k) for k in range(MESSAGES)))
        until(lambda: counted() >= SENT + probes, "readings of the burst are missing")
    found = ledger_reconcile(now=now_ms(), hours=2)
    assert found.difference == 0
    states = dict(LedgerCount.objects.filter(source="mqtt").values_list("state", "count"))
    assert states[Ledger.NORMAL] == SENT == sum(store.count().values())
