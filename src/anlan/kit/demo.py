"""The demo district: each part makes its own rows, from below, always the same for the same seed.

A part's `demo.py` has `demo(world: DemoWorld) -> None`; it is found by being there and reads from the database what
the parts below it have made. Passwords alone differ from run to run.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from importlib import import_module
from importlib.util import find_spec
from random import Random
from time import monotonic
from types import ModuleType
from typing import TypeVar

from django.conf import settings
from django.db import connection, models, transaction
from django.utils.translation import gettext as _

M = TypeVar("M", bound=models.Model)
BATCH = 2000


@dataclass(frozen=True, kw_only=True)
class Login:
    """A log-in of the demo, in clear: shown once and kept nowhere in the database."""

    role: str
    username: str
    password: str
    name: str


class Stopwatch:
    """Seconds since the last lap."""

    def __init__(self) -> None:
        self._since = monotonic()

    def lap(self) -> float:
        before, self._since = self._since, monotonic()
        return self._since - before


@dataclass(frozen=True, kw_only=True)
class DemoWorld:
    """What every part of the demo is given.

    `scale` 1 is the size of the district in 2022; `day` is the day that all dates of the demo are counted from;
    `say` shows one line of progress. `logins` collects the log-ins that were made. Where `live` is
    given, in ms, the hours before that moment are made too.
    """

    seed: int = 1
    scale: float = 1.0
    day: date = date(2026, 11, 1)
    live: int = 0
    say: Callable[[str], None] = field(default=lambda _text: None)
    logins: list[Login] = field(default_factory=list)
    watch: Stopwatch = field(default_factory=Stopwatch)

    def rng(self, part: str) -> Random:
        """A generator of the part's own, so that a change in one part leaves the others as they were."""
        return Random(f"{self.seed}/{part}")

    def count(self, number: int, *, least: int = 1) -> int:
        """`number` at this world's scale, never under `least`."""
        return max(least, round(number * self.scale))

    def progress(self, text: str) -> None:
        """One line, with the seconds since the line before."""
        self.say(_("%(text)s,%(seconds).1f 秒") % {"text": text, "seconds": self.watch.lap()})

    def hush(self, about: str) -> None:
        """Old stories send no notice today: those about rows of this part are taken back with the jobs to send them."""
        from anlan.kit.jobs import deliver_notices
        from anlan.kit.models import Notice

        written = Notice.objects.filter(about__startswith=about, state=Notice.State.WAITING)
        with connection.cursor() as cursor:
            cursor.execute(
                "delete from procrastinate_jobs where task_name = %s and (args->'notice_ids'->>0)::bigint = any(%s)",
                [deliver_notices.name, list(written.values_list("pk", flat=True))],
            )
        written.delete()

    def insert(self, rows: Sequence[M], *, what: str = "") -> list[M]:
        """Writes rows of one model in bulk, without history, and says how many; they come back with their ids."""
        if not rows:
            return []
        made = type(rows[0])._default_manager.bulk_create(rows, batch_size=BATCH)
        title = what or str(type(rows[0])._meta.verbose_name)
        self.progress(_("%(title)s %(count)d 条") % {"title": title, "count": len(made)})
        return made


def demo_parts() -> list[ModuleType]:
    """The `demo` modules of the house, from below."""
    names = [f"anlan.{part}.demo" for part in settings.HOUSE if part != "kit"]
    return [import_module(name) for name in names if find_spec(name)]


def demo_build(world: DemoWorld) -> None:
    """Makes the whole district in one transaction: after a failure there is nothing of it."""
    with transaction.atomic():
        for part in demo_parts():
            part.demo(world)
        with connection.cursor() as cursor:
            cursor.execute("analyze")
