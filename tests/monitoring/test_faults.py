"""A clock that jumps, a database that is locked or full: what is acknowledged is there, and the ledger adds up."""

import threading
from collections.abc import Callable, Iterator

import pytest
from django.db import OperationalError, connection, connections, transaction
from django.db.models import Sum

from anlan.accounts.models import Area
from anlan.monitoring import store
from anlan.monitoring.ingest import readings_store
from anlan.monitoring.judging import MEMORY, WRITERS
from anlan.monitoring.ledger import ledger_reconcile
from anlan.monitoring.models import Alarm, Device, FrameCount, LedgerCount, Series, ThresholdRule
from anlan.monitoring.projections import PROJECTIONS
from anlan.monitoring.silence import silence_sweep
from anlan.rules import Ledger

from .frames import MINUTE, NOW, frame

DeviceMaker = Callable[..., Device]
HOUR = 60 * MINUTE


def adds_up() -> int:
    """Readings received; each of them ended in one state."""
    received = FrameCount.objects.aggregate(n=Sum("readings"))["n"] or 0
    assert received == (LedgerCount.objects.aggregate(n=Sum("count"))["n"] or 0)
    return int(received)


@pytest.mark.django_db
def test_a_clock_set_forward_makes_no_reading_of_the_present_wrong(device: DeviceMaker) -> None:
    """Six hours ahead: what devices say is now old by six hours, and still measured."""
    device()
    for k in range(3):
        assert (
            readings_store(batch=[frame([("39", NOW + k * MINUTE, 1.0)])], now=NOW + k * MINUTE + 6 * HOUR).counts[
                Ledger.NORMAL
            ]
            == 1
        )
    back = readings_store(batch=[frame([("39", NOW + 4 * MINUTE, 1.0)])], now=NOW + 4 * MINUTE)
    assert back.counts[Ledger.NORMAL] == 1
    assert adds_up() == 4


@pytest.mark.django_db
def test_a_clock_set_back_calls_readings_future_and_goes_on_when_it_is_right_again(device: DeviceMaker) -> None:
    """They are stored as what they are called; what is shown goes on meanwhile."""
    device()
    readings_store(batch=[frame([("39", NOW, 1.0)])], now=NOW)
    wrong = readings_store(batch=[frame([("39", NOW + MINUTE, 2.0)])], now=NOW + MINUTE - 6 * HOUR)
    assert wrong.counts[Ledger.FUTURE] == 1
    assert (
        readings_store(batch=[frame([("39", NOW + 2 * MINUTE, 3.0)])], now=NOW + 2 * MINUTE).counts[Ledger.NORMAL] == 1
    )
    assert Series.objects.get().last_value == 3.0
    assert sum(store.count().values()) == adds_up() == 3


@pytest.mark.django_db
def test_a_jump_of_the_clock_is_a_silence_only_while_it_lasts(device: DeviceMaker) -> None:
    device()
    ThresholdRule.objects.create(name="x", device_kind="level", key="39", no_data_minutes=10, source="test")
    readings_store(batch=[frame([("39", NOW, 1.0)])], now=NOW)
    assert silence_sweep(now=NOW - 3 * HOUR).raised == ()
    assert len(silence_sweep(now=NOW + 3 * HOUR).raised) == 1
    readings_store(batch=[frame([("39", NOW + MINUTE, 1.0)])], now=NOW + MINUTE)
    assert Alarm.objects.filter(cleared_at=None).count() == 0


@pytest.fixture
def locked() -> Iterator[threading.Event]:
    """Somebody holds the writers' lock until the event is set."""
    release, held = threading.Event(), threading.Event()

    def hold() -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("select pg_advisory_xact_lock(%s)", [WRITERS])
            held.set()
            release.wait(30)
        connections.close_all()

    thread = threading.Thread(target=hold)
    thread.start()
    assert held.wait(10)
    yield release
    release.set()
    thread.join(10)


@pytest.mark.usefixtures("shared_db")
def test_a_locked_database_is_waited_for(device: DeviceMaker, locked: threading.Event) -> None:
    device()
    threading.Timer(0.3, locked.set).start()
    assert readings_store(batch=[frame([("39", NOW, 1.0)])], now=NOW).counts[Ledger.NORMAL] == 1
    assert adds_up() == 1


@pytest.fixture
def full_disk(area: Area) -> Iterator[Callable[[], None]]:
    """From the moment it is called PostgreSQL refuses every batch as it does where the disk is full; once more: no longer."""
    with connection.cursor() as cursor:
        cursor.execute(
            "create or replace function disk_full() returns trigger language plpgsql as $$ begin"
            " raise exception 'could not extend file: No space left on device' using errcode = '53100'; end $$"
        )
    state = {"full": False}

    def toggle() -> None:
        with connection.cursor() as cursor:
            if state["full"]:
                cursor.execute("drop trigger disk_full on monitoring_ledgercount")
            else:
                cursor.execute(
                    "create trigger disk_full before insert on monitoring_ledgercount execute function disk_full()"
                )
        state["full"] = not state["full"]

    yield toggle
    if state["full"]:
        toggle()
    with connection.cursor() as cursor:
        cursor.execute("drop function disk_full")


@pytest.mark.usefixtures("shared_db")
def test_a_full_disk_refuses_a_batch_whole_and_the_next_try_finds_nothing_of_it(
    device: DeviceMaker, full_disk: Callable[[], None]
) -> None:
    """Neither in the database nor in memory: handed in again it raises the alarm that it would have raised."""
    device()
    ThresholdRule.objects.create(name="x", device_kind="level", key="39", blue_raise=3, blue_clear=2, source="test")
    readings_store(batch=[frame([("39", NOW, 1.0)])], now=NOW)
    batch = [frame([("39", NOW + 1, 5.0), ("40", NOW + 1, 1.0)])]
    full_disk()
    for _ in range(3):
        with pytest.raises(OperationalError, match="No space left"):
            readings_store(batch=batch, now=NOW + 1)
    assert (adds_up(), Alarm.objects.count(), Series.objects.count()) == (1, 0, 1)
    full_disk()
    assert len(readings_store(batch=batch, now=NOW + 1).raised) == 1
    assert adds_up() == 3
    assert ledger_reconcile(now=NOW, hours=1).difference == 0


@pytest.mark.usefixtures("shared_db")
def test_newest_values_that_were_not_written_before_a_stop_are_put_right_at_the_start(device: DeviceMaker) -> None:
    from anlan.monitoring.projections import rebuild

    device()
    readings_store(batch=[frame([("39", NOW, 1.0)])], now=NOW)
    readings_store(batch=[frame([("39", NOW + 1, 2.0)])], now=NOW + 1)
    assert Series.objects.get().last_value == 1.0
    MEMORY.forget()
    PROJECTIONS.forget()
    rebuild()
    PROJECTIONS.idle(NOW + 2000)
    assert Series.objects.get().last_value == 2.0
