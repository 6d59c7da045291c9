"""Works of several people at one moment, each in a thread and a connection of its own."""

import threading
from collections.abc import Callable
from typing import Any

from django.db import connections

from anlan.accounts.acts import AlreadyDone
from anlan.kit.flow import IllegalStep


def together(*works: Callable[[], Any]) -> list[Any]:
    """Runs each in a thread and a connection of its own, started at one moment; what each gave or raised."""
    gate, out = threading.Barrier(len(works)), [None] * len(works)

    def run(index: int, work: Callable[[], Any]) -> None:
        gate.wait()
        try:
            out[index] = work()
        except (IllegalStep, AlreadyDone) as refusal:
            out[index] = refusal
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(works)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return out
