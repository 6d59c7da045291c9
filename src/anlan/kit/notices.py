"""One outbox for every message to a person, whatever the channel."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db import models
from django.utils import timezone

from anlan.kit.events import URGENT
from anlan.kit.jobs import deliver_notices
from anlan.kit.live import live_publish
from anlan.kit.models import Notice

PAGES = ("user:", "role:")
"""Addresses that the pages themselves show; all others are handed to Apprise."""
TOGETHER = 200
"""Messages to one address that share a job."""
GONE = (Notice.State.SENT, Notice.State.READ, Notice.State.HELD, Notice.State.WITHDRAWN)


class ChannelRefused(RuntimeError):
    """The channel did not take the message; the job is tried again."""


@dataclass(frozen=True, kw_only=True)
class Message:
    """What somebody is told. `level`: info, warn, alert; `about`: the row, which has been saved.

    One with a `tag` (such as the level of an alarm) and a `place` is counted by them where many are told as one
    (`kit.bundles`); one without always goes by itself. `urgent` ones do not wait for others.
    """

    address: str
    title: str
    body: str = ""
    level: str = "info"
    url: str = ""
    about: models.Model | None = None
    tag: str = ""
    place: str = ""
    urgent: bool = False

    def row(self) -> Notice:
        return Notice(
            address=self.address, title=self.title, body=self.body, level=self.level, url=self.url, tag=self.tag[:20],
            place=self.place[:120], urgent=self.urgent, about=self.about._meta.label_lower if self.about else "",
            about_id=self.about.pk if self.about else None,
        )  # fmt: skip


def notice_send(
    *, address: str, title: str, body: str = "", level: str = "info", url: str = "", about: models.Model | None = None
) -> Notice:
    """Puts one message in the outbox, which goes by itself; it leaves when the transaction has committed."""
    message = Message(address=address, title=title, body=body, level=level, url=url, about=about)
    return notices_send([message])[0]


def notices_send(messages: Iterable[Message]) -> list[Notice]:
    """Puts messages in the outbox with two statements; they leave when the transaction has committed."""
    rows = Notice.objects.bulk_create([message.row() for message in messages])
    for urgent in (True, False):
        jobs = list(_jobs([row for row in rows if row.urgent == urgent]))
        if jobs:
            deliver_notices.configure(priority=URGENT if urgent else 0).batch_defer(*jobs)
    return rows


def _jobs(rows: Iterable[Notice]) -> Iterable[dict[str, Any]]:
    by_address: dict[str, list[int]] = defaultdict(list)
    for row in rows:
        by_address[row.address].append(row.pk)
    for address, ids in by_address.items():
        for start in range(0, len(ids), TOGETHER):
            yield {"address": address, "notice_ids": ids[start : start + TOGETHER]}


def notices_withdraw(*, about: str, ids: Iterable[int]) -> int:
    """Takes back reminders about these rows that have not left yet; gives how many. They stay in the outbox as such."""
    waiting = Notice.objects.filter(state__in=(Notice.State.WAITING, Notice.State.HELD), about=about)
    return waiting.filter(about_id__in=list(ids)).exclude(tag="").update(state=Notice.State.WITHDRAWN)


def notice_deliver(*, notice_id: int) -> None:
    """Hands one message to its channel; a refusal is recorded on the row and tried again."""
    notice = Notice.objects.get(pk=notice_id)
    if notice.state in GONE:
        return
    if notice.address.startswith(PAGES):
        live_publish("notice", address=notice.address, id=notice.pk, title=notice.title, level=notice.level)
    else:
        _send_outside(notice)
    notice.state, notice.sent_at, notice.error = Notice.State.SENT, timezone.now(), ""
    notice.save(update_fields=["state", "sent_at", "error"])
    notice.bundled.filter(state=Notice.State.HELD).update(state=Notice.State.SENT, sent_at=notice.sent_at)


def _send_outside(notice: Notice) -> None:
    from apprise import Apprise

    courier = Apprise()
    if not courier.add(notice.address) or not courier.notify(title=notice.title, body=notice.body or notice.title):
        notice.state, notice.error = Notice.State.FAILED, "the channel did not take the message"
        notice.save(update_fields=["state", "error"])
        raise ChannelRefused(notice.address.split("://")[0])
