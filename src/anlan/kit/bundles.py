"""Many messages to one person as one: a flood is told by counts and a link, never message by message.

Of each address a few messages of a window leave by themselves, the urgent ones first. What is beyond is held for some
seconds and leaves as one bundle; further bundles keep a distance, a shorter one where something urgent is in them.
Every message stays a row of the outbox in a named state; the law row `notice_bundle` has the numbers.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from anlan.kit.events import URGENT
from anlan.kit.jobs import deliver_notices
from anlan.kit.law import NoSuchRule, law_value
from anlan.kit.models import Notice, NoticeGate
from anlan.kit.notices import ChannelRefused, notice_deliver

PAGES: dict[str, str] = {}
"""By the label of what all messages of a bundle are about: the page that lists them, to which the bundle's id is added."""
LEVELS = ("alert", "warn", "info")
PLACES = 5
NAMED = 3
USUAL: dict[str, float] = {"single": 5, "minutes": 5, "gather_seconds": 5, "urgent_seconds": 30}


@dataclass(frozen=True, kw_only=True)
class Pace:
    """So many messages of a window leave singly; a bundle waits for `gather`, the next for `window` or `urgent`."""

    single: int
    window: timedelta
    gather: timedelta
    urgent: timedelta

    @classmethod
    def now(cls) -> "Pace":
        numbers = USUAL
        with suppress(NoSuchRule, TypeError, ValueError):
            numbers = {name: float(value) for name, value in (USUAL | law_value("notice_bundle")).items()}
        single, minutes, gather, urgent = (numbers[name] for name in USUAL)
        return cls(
            single=int(single), window=timedelta(minutes=minutes), gather=timedelta(seconds=gather),
            urgent=timedelta(seconds=urgent),
        )  # fmt: skip


def notices_deliver(
    *, address: str, notice_ids: Iterable[int], waited: bool = False, now: datetime | None = None
) -> None:
    """Hands over what leaves by itself and holds the rest, but nothing of what has `waited` for others before.

    A refused message raises when all have been tried.
    """
    rows = list(Notice.objects.filter(pk__in=list(notice_ids)).order_by("pk"))
    tagged = [row for row in rows if row.tag and row.state == Notice.State.WAITING]
    held = _held(address, tagged, now or timezone.now()) if tagged and not waited else set()
    refused: list[str] = []
    for row in rows:
        if row.pk not in held:
            try:
                notice_deliver(notice_id=row.pk)
            except ChannelRefused as error:
                refused.append(str(error))
    if refused:
        raise ChannelRefused(refused[0])


@transaction.atomic
def _held(address: str, rows: Sequence[Notice], now: datetime) -> set[int]:
    """Which of these wait for a bundle; where it is due, it is made at once."""
    NoticeGate.objects.get_or_create(address=address)
    gate, pace = NoticeGate.objects.select_for_update().get(address=address), Pace.now()
    if gate.since is None or not gate.since <= now < gate.since + pace.window:
        gate.since, gate.sent = now, 0
    ordered = sorted(rows, key=lambda row: (not row.urgent, row.pk))
    room = max(0, pace.single - gate.sent)
    rest = ordered[room:]
    gate.sent += len(ordered) - len(rest)
    if rest:
        held = Notice.objects.filter(pk__in=[row.pk for row in rest], state=Notice.State.WAITING)
        held.update(state=Notice.State.HELD)
        gate.due_at = _due(gate, pace, any(row.urgent for row in rest), now)
    if gate.due_at is not None and gate.due_at <= now:
        _close(gate, now)
    gate.save()
    return {row.pk for row in rest}


def _due(gate: NoticeGate, pace: Pace, urgent: bool, now: datetime) -> datetime:
    distance = pace.urgent if urgent else pace.window
    first = gate.bundled_at is None or not gate.bundled_at <= now < gate.bundled_at + distance
    due = now + (timedelta() if urgent else pace.gather) if first else (gate.bundled_at or now) + distance
    return due if gate.due_at is None else min(due, gate.due_at)


def bundles_sweep(*, now: datetime | None = None) -> int:
    """Sends every bundle that is due, and those that a clock set back would make wait; gives how many. Repeatable."""
    at = now or timezone.now()
    far = at + 2 * Pace.now().window
    made = 0
    with transaction.atomic():
        gates = NoticeGate.objects.select_for_update(skip_locked=True).filter(Q(due_at__lte=at) | Q(due_at__gt=far))
        for gate in gates:
            made += _close(gate, at)
            gate.save()
    return made


def _close(gate: NoticeGate, now: datetime) -> bool:
    """What was held for an address leaves as one message; a single one as it is. False where all was withdrawn."""
    gate.due_at = None
    rows = list(Notice.objects.filter(address=gate.address, state=Notice.State.HELD, bundle=None).order_by("pk"))
    if not rows:
        return False
    gate.bundled_at = now
    ids = [row.pk for row in rows]
    if len(rows) == 1:
        leaving = rows[0]
        Notice.objects.filter(pk=leaving.pk).update(state=Notice.State.WAITING)
    else:
        leaving = _bundle(gate.address, rows)
        Notice.objects.filter(pk__in=ids).update(bundle=leaving)
    urgent = any(row.urgent for row in rows)
    job = deliver_notices.configure(priority=URGENT if urgent else 0)
    job.defer(address=gate.address, notice_ids=[leaving.pk], waited=True)
    return True


def _bundle(address: str, rows: Sequence[Notice]) -> Notice:
    """The message for many, the worst first. What is told twice of one thing counts once, as it was told last."""
    subjects = sorted({(row.about, row.about_id or -row.pk): row for row in rows}.values(), key=_rank)
    level = min((row.level for row in subjects), key=LEVELS.index)
    with override(settings.LANGUAGE_CODE):
        title, body = _title(subjects), "\n".join(filter(None, (_named(subjects), _places(subjects))))
    made = Notice.objects.create(address=address, title=title[:200], body=body, level=level, about="kit.notice")
    about = {row.about for row in subjects}
    page = PAGES.get(about.pop(), "") if len(about) == 1 else ""
    made.url = f"{page or '/notices/?bundle='}{made.pk}"
    made.save(update_fields=["url"])
    return made


def _rank(row: Notice) -> tuple[bool, int]:
    """Of the worst the least."""
    return not row.urgent, LEVELS.index(row.level)


def _title(rows: Sequence[Notice]) -> str:
    worst: dict[str, tuple[bool, int]] = {}
    for row in rows:
        worst.setdefault(row.tag, _rank(row))
    counts = Counter(row.tag for row in rows)
    tags = "、".join(f"{tag} {counts[tag]}" for tag in sorted(counts, key=lambda tag: (worst[tag], -counts[tag])))
    return _("%(count)d 条提醒合并:%(tags)s") % {"count": len(rows), "tags": tags}


def _named(rows: Sequence[Notice]) -> str:
    """The first few urgent ones by their own words."""
    urgent = [row.title for row in rows if row.urgent]
    more = _("…等 %(count)d 条") % {"count": len(urgent)} if len(urgent) > NAMED else ""
    return ";".join(urgent[:NAMED]) + more


def _places(rows: Sequence[Notice]) -> str:
    found = Counter(row.place for row in rows if row.place).most_common()
    told = ";".join(_("%(place)s %(count)d 条") % {"place": place, "count": n} for place, n in found[:PLACES])
    if more := found[PLACES:]:
        words = {"places": len(more), "count": sum(n for _place, n in more)}
        told += _(";另 %(places)d 处 %(count)d 条") % words
    return told
