"""The worker: runs jobs, sweeps deadlines each second, and takes up jobs whose worker died."""

import asyncio
import logging
import threading
from collections.abc import Callable

from django.db import close_old_connections
from procrastinate import App
from procrastinate.contrib.django import app

from anlan.kit.bundles import bundles_sweep
from anlan.kit.deadlines import deadlines_sweep
from anlan.kit.events import handled_prune

SWEEP_SECONDS = 1.0
PRUNE_SECONDS = 3600.0
STALLED_SECONDS = 30.0
log = logging.getLogger(__name__)


def every(seconds: float, job: Callable[[], object], stop: threading.Event) -> None:
    """Runs a job again and again until stopped; a failure is logged and tried again."""
    while not stop.wait(seconds):
        close_old_connections()
        try:
            job()
        except Exception:
            log.exception("sweep failed")


async def _recover(worker: App) -> None:
    while True:
        for job in await worker.job_manager.get_stalled_jobs(seconds_since_heartbeat=STALLED_SECONDS):
            await worker.job_manager.retry_job(job)
        await asyncio.sleep(STALLED_SECONDS)


async def _work(worker: App) -> None:
    async with worker.open_async():
        recovery = asyncio.create_task(_recover(worker))
        try:
            await worker.run_worker_async(
                name="anlan", concurrency=4, fetch_job_polling_interval=2, delete_jobs="successful"
            )
        finally:
            recovery.cancel()


def run() -> None:
    """Works until SIGTERM or SIGINT."""
    stop = threading.Event()
    sweeps = ((SWEEP_SECONDS, deadlines_sweep), (SWEEP_SECONDS, bundles_sweep), (PRUNE_SECONDS, handled_prune))
    sweepers = [threading.Thread(target=every, args=(*sweep, stop), daemon=True) for sweep in sweeps]
    for sweeper in sweepers:
        sweeper.start()
    try:
        asyncio.run(_work(app.with_connector(app.connector.get_worker_connector())))  # type: ignore[attr-defined]
    finally:
        stop.set()
        for sweeper in sweepers:
            sweeper.join(timeout=5)
