"""One outbox for every message to a person, whatever the channel."""

from django.db import models
from django.utils import timezone

from anlan.kit.jobs import deliver_notice
from anlan.kit.live import live_publish
from anlan.kit.models import Notice

PAGES = ("user:", "role:")
"""Addresses that the pages themselves show; all others are handed to Apprise."""


class ChannelRefused(RuntimeError):
    """The channel did not take the message; the job is tried again."""


def notice_send(
    *,
    address: str,
    title: str,
    body: str = "",
    level: str = "info",
    url: str = "",
    about: models.Model | None = None,
) -> Notice:
    """Puts a message in the outbox; it leaves when the transaction has committed. `level`: info, warn, alert."""
    notice = Notice.objects.create(
        address=address,
        title=title,
        body=body,
        level=level,
        url=url,
        about=about._meta.label_lower if about else "",
        about_id=about.pk if about else None,
    )
    deliver_notice.defer(notice_id=notice.pk)
    return notice


def notice_deliver(*, notice_id: int) -> None:
    """Hands one message to its channel; a refusal is recorded on the row and tried again."""
    notice = Notice.objects.get(pk=notice_id)
    if notice.state in {Notice.State.SENT, Notice.State.READ}:
        return
    if notice.address.startswith(PAGES):
        live_publish("notice", address=notice.address, id=notice.pk, title=notice.title, level=notice.level)
    else:
        _send_outside(notice)
    notice.state, notice.sent_at, notice.error = Notice.State.SENT, timezone.now(), ""
    notice.save(update_fields=["state", "sent_at", "error"])


def _send_outside(notice: Notice) -> None:
    from apprise import Apprise

    courier = Apprise()
    if not courier.add(notice.address) or not courier.notify(title=notice.title, body=notice.body or notice.title):
        notice.state, notice.error = Notice.State.FAILED, "the channel did not take the message"
        notice.save(update_fields=["state", "error"])
        raise ChannelRefused(notice.address.split("://")[0])
