"""Serves Anlan: pages and API, live stream, worker, ingest and the private database, under one supervisor.

example: anlan serve --port 8000
         anlan serve --only worker
"""

import argparse
import os
import sys
import time
from collections.abc import Callable

from anlan.site import cluster
from anlan.site.database import is_private
from anlan.site.standing import database_as_found, stand_up
from anlan.site.supervisor import Child, Supervisor, check_port

PARTS = ("web", "live", "worker", "ingest")
LOOK_SECONDS = 2.0
"""How often it is seen whether the private database still runs."""


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000, help="pages and API; the live stream listens on the next one")
    parser.add_argument("--only", choices=(*PARTS, "database"), help="run one part in the foreground")
    parser.add_argument("--replay", action="store_true", help="also send the recorded device traffic, over and over")


def run(arguments: argparse.Namespace) -> int:
    os.environ.setdefault("ANLAN_LIVE_PORT", str(arguments.port + 1))
    if arguments.only:
        return _only(arguments)
    for port in (arguments.port, arguments.port + 1):
        check_port(arguments.host, port)
    with database_as_found():
        prepare()
        return Supervisor(_children(arguments)).run()


def prepare(*, migrate: bool = False) -> None:
    """Starts the private cluster and brings its tables up to date; those of another server only where asked."""
    from django.core.management import call_command
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    stand_up()
    executor = MigrationExecutor(connection)
    pending = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if pending and not (is_private() or migrate):
        raise RuntimeError("the database is not up to date: run `anlan setup` first")
    if pending:
        print(f"anlan: bringing the database up to date ({len(pending)} steps)", flush=True)
        call_command("migrate", verbosity=0)
    connection.close()


def _children(arguments: argparse.Namespace) -> list[Child]:
    base = [sys.executable, "-m", "anlan.site.cli"]
    where = ["--host", arguments.host, "--port", str(arguments.port)]
    parts = ("database", *PARTS) if is_private() else PARTS
    children = [Child(part, [*base, "serve", "--only", part, *where]) for part in parts]
    if arguments.replay:
        os.environ.setdefault("ANLAN_DEMO_DUTY", "1")
        children.append(Child("replay", [*base, "replay", "--loop", "--quiet"]))
    return children


def _only(arguments: argparse.Namespace) -> int:
    runners: dict[str, Callable[[argparse.Namespace], int]] = {
        "web": _web,
        "live": _live,
        "worker": _worker,
        "ingest": _ingest,
        "database": _database,
    }
    return runners[arguments.only](arguments)


def _granian(target: str, interface: str, host: str, port: int, *more: str) -> int:
    words = [sys.executable, "-m", "granian", "--interface", interface, "--host", host, "--port", str(port)]
    os.execv(sys.executable, [*words, "--no-access-log", "--log-level", "warning", *more, target])


def _web(arguments: argparse.Namespace) -> int:
    workers = os.environ.get("ANLAN_WEB_WORKERS", "2")
    more = ["--workers", workers, "--respawn-failed-workers", "--no-ws"]
    return _granian("anlan.site.pages:application", "asginl", arguments.host, arguments.port, *more)


def _live(arguments: argparse.Namespace) -> int:
    return _granian(
        "anlan.site.live:application", "asgi", arguments.host, arguments.port + 1, "--workers", "1", "--no-ws"
    )


def _worker(_arguments: argparse.Namespace) -> int:
    import django

    django.setup()
    from anlan.site import worker

    worker.run()
    return 0


def _ingest(_arguments: argparse.Namespace) -> int:
    import django

    django.setup()
    from anlan.monitoring.ingest_process import run as ingest

    ingest()
    return 0


def _database(_arguments: argparse.Namespace) -> int:
    """Starts the private database again whenever it has fallen (a full disk ends it); leaves it running at the end."""
    while True:
        if not cluster.running():
            cluster.start()
            print(f"anlan: the database listens in {cluster.socket_dir()}", flush=True)
        time.sleep(LOOK_SECONDS)
