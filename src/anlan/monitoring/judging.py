"""The transaction of judgement: one writer at a time in the whole instance, with the memory of all of them."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction

from anlan.monitoring.journal import catch_up
from anlan.monitoring.memory import Memory
from anlan.monitoring.resolve import refresh

WRITERS = 0x616E_0001
"""The advisory lock that each of these transactions holds."""
MEMORY = Memory()
_ALONE = threading.RLock()


@contextmanager
def judging() -> Iterator[Memory]:
    """Within it this process's memory has caught up with what others have written, and with the rules in force.

    Inside a caller's transaction the memory is forgotten afterwards: nobody knows yet how that one ends.
    """
    with _ALONE:
        try:
            with transaction.atomic():
                with connection.cursor() as cursor:
                    cursor.execute("select pg_advisory_xact_lock(%s)", [WRITERS])
                catch_up(MEMORY)
                refresh(MEMORY)
                yield MEMORY
        except BaseException:
            MEMORY.undo()
            raise
        if connection.in_atomic_block:
            MEMORY.forget()
        else:
            MEMORY.settled()


@contextmanager
def remembered() -> Iterator[Memory]:
    """The memory as this process has it now, without a transaction and maybe behind."""
    with _ALONE:
        yield MEMORY
