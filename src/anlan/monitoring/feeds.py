"""Offices that are asked for their warnings: CAP itself, or Atom and RSS that point to it."""

import asyncio
import logging
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from urllib.parse import urljoin, urlsplit
from xml.etree.ElementTree import Element, tostring

import httpx
from django.db import Error, close_old_connections, connections, transaction
from django.db.models import Q
from django.utils import timezone

from anlan.monitoring.models import WarningFeed
from anlan.monitoring.warnings import warning_receive
from anlan.protocols import FrameError, cap

PATIENCE = 15.0
LARGEST = 2_000_000
MOST_LINKS, MOST_SEEN = 50, 500
PAUSE = 5.0
LONGEST = timedelta(minutes=30)
log = logging.getLogger(__name__)


class FeedTrouble(Exception):
    """Why a feed gave nothing, in words."""


def feeds_pull() -> int:
    """Asks every feed that is due, each in its turn and by one process only; how many were asked."""
    asked = 0
    while (feed := _claim()) is not None:
        asked += 1
        try:
            seen = feed_pull(feed)
        except (FeedTrouble, FrameError, httpx.HTTPError, OSError) as error:
            failures = feed.failures + 1
            due = timezone.now() + min(timedelta(seconds=feed.period) * 2 ** min(failures, 8), LONGEST)
            said = (str(error) or type(error).__name__)[:200]
            WarningFeed.objects.filter(pk=feed.pk).update(last_error=said, failures=failures, due_at=due)
            log.warning("no warnings of %s: %s", feed.name, said)
        else:
            WarningFeed.objects.filter(pk=feed.pk).update(
                last_error="", failures=0, last_ok_at=timezone.now(), seen=seen
            )
    return asked


async def pull_forever() -> None:
    """Looks again and again for feeds that are due; a slow office delays nothing but other offices."""
    thread = ThreadPoolExecutor(1, thread_name_prefix="ingest-feeds")
    try:
        while True:
            try:
                await asyncio.get_running_loop().run_in_executor(thread, _pull)
            except Error as error:
                log.warning("no warnings are asked for: %s", str(error).strip())
            await asyncio.sleep(PAUSE)
    finally:
        thread.submit(connections.close_all)
        thread.shutdown(wait=False)


def _pull() -> None:
    close_old_connections()
    feeds_pull()


@transaction.atomic
def _claim() -> WarningFeed | None:
    """A feed that is due, and no longer is: its next time is set before it is asked."""
    now = timezone.now()
    due = WarningFeed.objects.filter(Q(due_at=None) | Q(due_at__lte=now), active=True).exclude(url="")
    feed = due.select_for_update(skip_locked=True).order_by("due_at", "pk").first()
    if feed is not None:
        WarningFeed.objects.filter(pk=feed.pk).update(due_at=now + timedelta(seconds=max(10, feed.period)))
    return feed


def feed_pull(feed: WarningFeed) -> list[str]:
    """Takes in what is new at the feed's address; the marks of the entries that need not be fetched again.

    A link is followed only on the feed's own host.
    """
    marks = list(feed.seen)
    with httpx.Client(timeout=PATIENCE, follow_redirects=False, headers={"User-Agent": "Anlan"}) as client:
        data = _fetched(client, feed.url)
        root = cap.xml_root(data)
        if root.tag.rpartition("}")[2] == "alert":
            warning_receive(feed=feed, raw=data)
            return marks
        links = [(link, mark) for link, mark in _entries(feed, root) if mark not in set(marks)]
        for link, mark in links[:MOST_LINKS]:
            try:
                warning_receive(feed=feed, raw=_fetched(client, link) if isinstance(link, str) else link)
            except FrameError as error:
                log.warning("an entry of %s is no warning: %s", feed.name, error)
            marks.append(mark)
    return marks[-MOST_SEEN:]


def _fetched(client: httpx.Client, url: str) -> bytes:
    with client.stream("GET", url) as answer:
        if answer.status_code != 200:
            raise FeedTrouble(f"HTTP {answer.status_code}")
        data = bytearray()
        for piece in answer.iter_bytes():
            data += piece
            if len(data) > LARGEST:
                raise FeedTrouble(f"more than {LARGEST} bytes")
    return bytes(data)


def _entries(feed: WarningFeed, root: Element) -> Iterator[tuple[str | bytes, str]]:
    """Each entry's alert, as a link or as it stands inside, with a mark of its version."""
    for entry in root.iter():
        if not isinstance(entry.tag, str) or entry.tag.rpartition("}")[2] not in ("entry", "item"):
            continue
        inside = next((one for one in entry.iter() if one.tag.rpartition("}")[2] == "alert"), None)
        mark = " ".join(_word(entry, name) for name in ("id", "guid", "updated", "pubDate"))[:300]
        if inside is not None:
            yield tostring(inside), mark
        elif link := _link(feed, entry):
            yield link, f"{link} {mark}"[:400]


def _word(entry: Element, name: str) -> str:
    return next((one.text or "" for one in entry if one.tag.rpartition("}")[2] == name), "").strip()


def _link(feed: WarningFeed, entry: Element) -> str:
    """The address of an entry's alert; one that says to be CAP before others. Empty where it leads elsewhere."""
    links = [one for one in entry if one.tag.rpartition("}")[2] in ("link", "enclosure")]
    links.sort(key=lambda one: "cap" not in (one.get("type") or ""))
    for one in links:
        url = urljoin(feed.url, one.get("href") or one.get("url") or (one.text or "").strip())
        if urlsplit(url).scheme in ("http", "https") and urlsplit(url).netloc == urlsplit(feed.url).netloc:
            return url
    return ""
