"""`anlan ledger`: every reading that was received stands in one state."""

import json
from collections.abc import Callable

import pytest
from django.db.models import F

from anlan.monitoring.arrivals import Arrival
from anlan.monitoring.ingest import readings_store
from anlan.monitoring.models import Device, LedgerCount
from anlan.monitoring.moments import now_ms
from anlan.protocols import FrameError
from anlan.site.cli import main
from anlan.site.commands import ledger

from .frames import frame

DeviceMaker = Callable[..., Device]


@pytest.fixture
def traffic(device: DeviceMaker, monkeypatch: pytest.MonkeyPatch) -> None:
    """A good reading, one that comes twice, one of a stranger, and a frame that is none."""
    monkeypatch.setattr(ledger, "stand_up", lambda: None)
    device()
    now = now_ms()
    good = frame([("39", now - 1000, 1.5), ("38", now - 1000, 12.1)])
    stranger = frame([("39", now - 1000, 1.5)], code="9999999999")
    broken = Arrival(source="sl651", event=FrameError("checksum"), times=3)
    readings_store(batch=[good, good, stranger, broken])


def test_what_was_received_adds_up(traffic: None, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ledger", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    (row,) = told["rows"]
    assert told["ok"] is True
    assert (row["source"], row["frames"], row["failed_frames"], row["received"]) == ("sl651", 3, 3, 5)
    assert row["states"] == {"normal": 2, "duplicate": 2, "unknown_device": 1}
    assert told["failures"] == [{"source": "sl651", "kind": "checksum", "frames": 3}]
    assert [(one["code"], one["frames"]) for one in told["unknown_devices"]] == [("9999999999", 1)]


def test_a_lost_reading_is_found_and_named(traffic: None, capsys: pytest.CaptureFixture[str]) -> None:
    LedgerCount.objects.filter(state=0).update(count=F("count") - 1)
    assert main(["ledger", "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert (told["ok"], told["difference"], told["rows"][0]["difference"]) == (False, 1, 1)


def test_a_person_reads_a_table_in_chinese(traffic: None, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ledger"]) == 0
    told = capsys.readouterr().out
    assert "未登记设备共 1 个" in told
    assert "账平" in told
    assert "checksum" in told


def test_an_hour_that_is_not_asked_for_is_left_out(traffic: None, capsys: pytest.CaptureFixture[str]) -> None:
    LedgerCount.objects.update(hour="2020-01-01T00:00:00Z")
    assert main(["ledger", "--hours", "1", "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["difference"] == 5
