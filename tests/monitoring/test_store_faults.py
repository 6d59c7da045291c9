"""Whoever is killed, comes twice, has no room or finds damage: every reading is stored once, or it is said where not."""

import os
import resource
import subprocess
import sys
import time as clock
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import psycopg
import pytest
from django.conf import LazySettings
from django.db import OperationalError, connection, connections

from anlan.monitoring import store
from anlan.monitoring.store.head import HEAD
from anlan.monitoring.store.sql import run
from anlan.rules import Ledger
from anlan.site.paths import ROOT

from .gateway import until
from .processes import here

NOW = 1_764_000_000_000
MINUTE, DAY = 60_000, 86_400_000
SERIES, MINUTES = 70, 300
pytestmark = pytest.mark.usefixtures("shared_db")

PACK = "store.tend()"
AGE = f"store.age(before={NOW + 100 * DAY})"
SCRIPT = """
import os, sys
os.environ["DJANGO_SETTINGS_MODULE"] = "anlan.site.settings"
import django; django.setup()
from django.conf import settings
settings.READINGS_ROOT = sys.argv[1]
from anlan.monitoring import store
"""


@pytest.fixture(autouse=True)
def files(tmp_path: Path, settings: LazySettings) -> Iterator[Path]:
    settings.READINGS_ROOT = tmp_path / "readings"
    yield tmp_path / "readings"
    HEAD.forget()


def fill() -> None:
    for first in range(0, MINUTES, 100):
        time = np.repeat(NOW + (first + np.arange(100)) * MINUTE, SERIES)
        series = np.tile(np.arange(SERIES) + 1, 100)
        store.append(series, time, series + time % 7 / 4, np.zeros(len(time), np.uint8))


def whole() -> bool:
    """Whether all that was filled in is there, once, and nothing else."""
    if store.count() != {Ledger.NORMAL: SERIES * MINUTES}:
        return False
    if sum(form.readings for form in store.forms()) != SERIES * MINUTES:
        return False
    found = dict(store.scan(range(1, SERIES + 1), start=0, end=2**61))
    return all((one.value == series_id + one.time % 7 / 4).all() for series_id, one in found.items())


def other(code: str, files: Path, limit: int | None = None) -> subprocess.Popen[bytes]:
    """Another process that does this; it may write files of at most `limit` bytes."""
    environment = {**os.environ, **here(), "PYTHONPATH": str(ROOT / "src")}
    lid = (lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))) if limit else None
    command = [sys.executable, "-c", SCRIPT + code, str(files)]
    return subprocess.Popen(command, env=environment, preexec_fn=lid, stderr=subprocess.PIPE)


def waiting() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("select count(*) from pg_locks where not granted and database = "
                       "(select oid from pg_database where datname = current_database())")  # fmt: skip
        return cursor.fetchone() == (1,)


def killed_while_waiting_for(table: str, code: str, files: Path) -> None:
    """Kills the process at the moment when it wants to write this table, after all that it did before."""
    settings = connection.settings_dict
    words = {"dbname": settings["NAME"], "user": settings["USER"], "host": settings["HOST"]}
    with psycopg.connect(**words) as holder:
        holder.execute(f"lock table {table} in share mode")
        process = other(code, files)
        until(waiting, "it does not come to the place")
        process.kill()
        process.communicate()
    until(lambda: not run("select 1 from pg_locks where locktype = 'advisory'"))


@pytest.mark.parametrize("table", ["monitoring_readingchunk", "monitoring_readinglog", "monitoring_storestate"])
def test_killed_while_packing_nothing_is_lost_or_doubled(table: str, files: Path) -> None:
    fill()
    killed_while_waiting_for(table, PACK, files)
    assert whole()
    assert store.tend().readings == SERIES * MINUTES
    assert whole()


@pytest.mark.parametrize("table", ["monitoring_readingfile", "monitoring_readingchunk"])
def test_killed_while_ageing_nothing_is_lost_or_doubled(table: str, files: Path) -> None:
    fill()
    store.tend()
    killed_while_waiting_for(table, AGE, files)
    assert whole()
    assert len(list(files.glob("*/*.parquet"))) == 1
    assert store.age(before=NOW + 100 * DAY).readings == SERIES * MINUTES
    assert whole()
    assert len(list(files.glob("*/*"))) == 2


def test_many_packers_and_writers_at_once_store_everything_once() -> None:
    def work(k: int) -> None:
        try:
            if k % 2:
                store.append(np.full(50, k), NOW + np.arange(50), np.arange(50.0), np.zeros(50, np.uint8))
            else:
                store.tend()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(60)))
    store.tend()
    assert store.count() == {Ledger.NORMAL: 30 * 50}
    assert sum(form.readings for form in store.forms()) == 30 * 50


def test_while_one_packs_another_does_nothing() -> None:
    fill()
    settings = connection.settings_dict
    words = {"dbname": settings["NAME"], "user": settings["USER"], "host": settings["HOST"]}
    with psycopg.connect(**words) as holder:
        holder.execute("select pg_advisory_xact_lock(%s)", [store.tending.PACKERS])
        assert store.tend() == store.Tended()
        assert store.age(before=NOW + 100 * DAY) == store.Aged()
    assert store.tend().readings == SERIES * MINUTES


def test_on_a_full_disk_ageing_says_so_and_leaves_everything_as_it_was(files: Path) -> None:
    fill()
    store.tend()
    process = other(AGE, files, limit=4096)
    _, said = process.communicate(timeout=60)
    assert (process.returncode, b"File too large" in said) == (1, True), said
    assert whole()
    assert list(files.glob("*/*")) == []
    assert store.age(before=NOW + 100 * DAY).readings == SERIES * MINUTES


def test_a_damaged_chunk_is_named_with_its_series_and_harms_no_other() -> None:
    fill()
    store.tend()
    with connection.cursor() as cursor:
        cursor.execute("update monitoring_readingchunk set data = set_byte(data, 30, 255 - get_byte(data, 30))"
                       " where series_id = 3")  # fmt: skip
    with pytest.raises(store.StoreError, match=r"series 3, chunk \d+: damaged"):
        store.arrays(3, start=0, end=2**61)
    assert len(store.arrays(4, start=0, end=2**61).time) == MINUTES


def test_a_damaged_batch_stops_packing_and_is_named() -> None:
    fill()
    with connection.cursor() as cursor:
        cursor.execute("update monitoring_readinglog set data = substr(data, 1, length(data) - 9)")
    with pytest.raises(store.StoreError, match=r"log row \d+: damaged"):
        store.tend()


@pytest.mark.parametrize(("harm", "said"), [("cut", "series"), ("lost", "missing")])
def test_a_file_that_is_cut_or_lost_is_named(harm: str, said: str, files: Path) -> None:
    fill()
    store.tend()
    store.age(before=NOW + 100 * DAY)
    for file in files.glob("*/*.parquet"):
        if harm == "cut":
            file.write_bytes(file.read_bytes()[:-50])
        else:
            file.unlink()
    with pytest.raises(store.StoreError, match=said):
        store.arrays(1, start=0, end=2**61)


def test_readers_see_everything_once_while_it_is_packed_and_aged() -> None:
    fill()
    stop = clock.monotonic() + 3

    def tend() -> None:
        try:
            while clock.monotonic() < stop:
                store.tend()
                store.age(before=NOW + 100 * DAY)
                store.append(np.array([5]), np.array([NOW]), np.array([np.nan]), np.array([6], np.uint8))
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        work = pool.submit(tend)
        while not work.done():
            assert len(store.arrays(5, start=0, end=2**61).time) == MINUTES
        work.result()


def test_without_a_database_there_is_a_clear_error() -> None:
    with connection.cursor() as cursor:
        cursor.execute("select pg_backend_pid()")
        (mine,) = cursor.fetchone() or (0,)
    settings = connection.settings_dict
    words = {"dbname": settings["NAME"], "user": settings["USER"], "host": settings["HOST"]}
    with psycopg.connect(**words, autocommit=True) as other_one:
        other_one.execute("select pg_terminate_backend(%s)", [mine])
    with pytest.raises(OperationalError):
        store.append(np.array([1]), np.array([NOW]), np.array([1.0]), np.array([0], np.uint8))
    connection.close()
    assert store.count() == {}
