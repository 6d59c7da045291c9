"""Warnings of other offices: taken in once, followed to their end, shown, and turned into signals."""

import http.server
import secrets
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.gis.geos import MultiPolygon, Polygon
from django.test import Client
from django.utils import timezone

from anlan.accounts.models import Area
from anlan.command.models import Signal
from anlan.monitoring.feeds import feeds_pull
from anlan.monitoring.models import WarningFeed, WeatherWarning
from anlan.monitoring.services import token_hash
from anlan.monitoring.warnings import warning_receive

pytestmark = pytest.mark.django_db

SQUARE = Polygon(((114.2, 22.5), (114.5, 22.5), (114.5, 22.8), (114.2, 22.8), (114.2, 22.5)), srid=4490)
AREA = "<polygon>22.6,114.3 22.6,114.4 22.7,114.4 22.7,114.3 22.6,114.3</polygon>"
FAR = "<polygon>40.0,116.0 40.0,116.4 40.2,116.4 40.0,116.0</polygon>"


def at(minutes: int) -> str:
    return (datetime.now(UTC).replace(microsecond=0) + timedelta(minutes=minutes)).isoformat()


def message(identifier: str = "1", *, sent: str = "", area: str = AREA, expires: str = "", **words: str) -> bytes:
    told = {"status": "Actual", "msgType": "Alert", "severity": "Severe", "event": "暴雨", "references": "", **words}
    return f"""<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2"><identifier>{identifier}</identifier>
    <sender>office@example.cn</sender><sent>{sent or at(-1)}</sent><status>{told["status"]}</status>
    <msgType>{told["msgType"]}</msgType><scope>Public</scope><references>{told["references"]}</references>
    <info><language>en-US</language><category>Met</category><event>rain</event><urgency>Immediate</urgency>
    <severity>{told["severity"]}</severity><certainty>Observed</certainty><headline>Rain</headline></info>
    <info><language>zh-CN</language><category>Met</category><event>{told["event"]}</event><urgency>Immediate</urgency>
    <severity>{told["severity"]}</severity><certainty>Observed</certainty><expires>{expires or at(180)}</expires>
    <senderName>示例市气象台</senderName><headline>{told["event"]}预警{identifier}</headline>
    <area><areaDesc>坪山区</areaDesc>{area}</area></info></alert>""".encode()


@pytest.fixture
def feed(area: Area) -> WarningFeed:
    Area.objects.filter(pk=area.pk).update(boundary=MultiPolygon(SQUARE, srid=4490))
    return WarningFeed.objects.create(name="示例市气象台")


def in_force() -> list[str]:
    return list(
        WeatherWarning.objects.get_queryset().in_force().order_by("identifier").values_list("identifier", flat=True)
    )


def reference(row: WeatherWarning) -> str:
    return f"{row.sender},{row.identifier},{row.sent.isoformat()}"


def test_the_same_message_is_taken_in_once(feed: WarningFeed) -> None:
    raw = message()
    first, new = warning_receive(feed=feed, raw=raw)
    again, newer = warning_receive(feed=feed, raw=raw)
    assert (first.pk, new, newer) == (again.pk, True, False)
    assert (first.headline, first.language, bytes(first.raw)) == ("暴雨预警1", "zh-CN", raw)
    assert first.geometry is not None
    assert first.geometry.extent == (114.3, 22.6, 114.4, 22.7)


def test_an_update_replaces_and_a_cancel_ends(feed: WarningFeed) -> None:
    first, _ = warning_receive(feed=feed, raw=message())
    second, _ = warning_receive(feed=feed, raw=message("2", msgType="Update", references=reference(first)))
    assert in_force() == ["2"]
    warning_receive(feed=feed, raw=message("3", msgType="Cancel", references=reference(second)))
    assert in_force() == []
    first.refresh_from_db()
    assert (first.standing, first.replaced_by_id) == ("replaced", second.pk)


def test_a_message_that_comes_after_its_own_cancel_is_cancelled(feed: WarningFeed) -> None:
    sent = at(-5)
    warning_receive(feed=feed, raw=message("9", msgType="Cancel", references=f"office@example.cn,1,{sent}"))
    late, _ = warning_receive(feed=feed, raw=message("1", sent=sent))
    assert (late.standing, in_force()) == ("cancelled", [])


def test_an_exercise_is_kept_ends_nothing_real_and_is_not_in_force(
    feed: WarningFeed, run_jobs: Callable[[], int]
) -> None:
    first, _ = warning_receive(feed=feed, raw=message())
    warning_receive(feed=feed, raw=message("2", msgType="Cancel", status="Exercise", references=reference(first)))
    warning_receive(feed=feed, raw=message("3", status="Test", severity="Extreme"))
    run_jobs()
    assert in_force() == ["1"]
    assert WeatherWarning.objects.count() == 3
    assert Signal.objects.count() == 1


def test_another_offices_feed_ends_nothing(feed: WarningFeed) -> None:
    first, _ = warning_receive(feed=feed, raw=message())
    other = WarningFeed.objects.create(name="另一单位")
    warning_receive(feed=other, raw=message("2", msgType="Cancel", references=reference(first)))
    assert in_force() == ["1"]


def test_what_has_run_out_is_not_in_force(feed: WarningFeed) -> None:
    warning_receive(feed=feed, raw=message(expires=at(-1)))
    assert in_force() == []


def test_the_areas_of_codes_are_the_outline_where_nothing_else_is_told(feed: WarningFeed) -> None:
    code = "<geocode><valueName>GB/T 2260</valueName><value>440310</value></geocode>"
    row, _ = warning_receive(feed=feed, raw=message(area=code))
    assert row.geometry is not None
    assert row.geometry.extent == SQUARE.extent
    circle, _ = warning_receive(feed=feed, raw=message("2", area="<circle>22.6,114.3 5</circle>"))
    assert circle.geometry is not None
    assert circle.geometry.extent[3] - 22.6 == pytest.approx(5 / 111.195, rel=1e-3)


def test_a_crossed_outline_is_made_valid(feed: WarningFeed) -> None:
    bow = "<polygon>22.6,114.3 22.7,114.4 22.6,114.4 22.7,114.3 22.6,114.3</polygon>"
    row, _ = warning_receive(feed=feed, raw=message(area=bow))
    assert row.geometry is not None
    assert row.geometry.valid


def test_a_severe_warning_is_one_signal_until_it_gets_worse(feed: WarningFeed, run_jobs: Callable[[], int]) -> None:
    first, _ = warning_receive(feed=feed, raw=message())
    run_jobs()
    signal = Signal.objects.get()
    assert (signal.title, signal.level, signal.event_type, signal.area) == (
        "暴雨预警1", 3, "waterlogging", Area.objects.get(code="440310"),
    )  # fmt: skip
    second, _ = warning_receive(feed=feed, raw=message("2", msgType="Update", references=reference(first)))
    run_jobs()
    assert Signal.objects.count() == 1
    third = message("3", msgType="Update", severity="Extreme", references=reference(second))
    warning_receive(feed=feed, raw=third)
    run_jobs()
    assert list(Signal.objects.order_by("level").values_list("level", flat=True)) == [3, 4]


def test_mild_and_far_warnings_are_no_signals(feed: WarningFeed, run_jobs: Callable[[], int]) -> None:
    warning_receive(feed=feed, raw=message(severity="Moderate"))
    warning_receive(feed=feed, raw=message("2", area=FAR, severity="Extreme"))
    run_jobs()
    assert not Signal.objects.exists()


def test_an_office_sends_by_its_token(feed: WarningFeed, client: Client) -> None:
    token = secrets.token_urlsafe(32)
    WarningFeed.objects.update(token_hash=token_hash(token))

    def post(raw: bytes, said: str = token) -> Any:
        return client.post(
            "/api/warnings/cap", raw, content_type="application/cap+xml", headers={"Authorization": f"Bearer {said}"}
        )

    raw = message()
    assert [post(raw).status_code, post(raw).status_code, post(raw, "wrong").status_code] == [201, 200, 401]
    bad = post(b"<alert/>")
    assert (bad.status_code, bad.json()["error"]) == (400, "schema")
    WarningFeed.objects.update(active=False)
    assert post(message("2")).status_code == 401


class Office(http.server.BaseHTTPRequestHandler):
    """What an office's server answers, by path."""

    pages: dict[str, bytes] = {}
    asked: list[str] = []

    def do_GET(self) -> None:
        Office.asked.append(self.path)
        body = self.pages.get(self.path)
        self.send_response(200 if body is not None else 404)
        self.end_headers()
        self.wfile.write(body or b"")

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def office() -> Iterator[str]:
    Office.pages, Office.asked = {}, []
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Office)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def due() -> None:
    WarningFeed.objects.update(due_at=timezone.now())


def test_an_atom_feed_is_followed_to_its_messages_once_each(feed: WarningFeed, office: str) -> None:
    entry = '<entry><id>{0}</id><updated>2026</updated><link type="application/cap+xml" href="{1}"/></entry>'
    entries = [entry.format("a", "/a.cap"), entry.format("b", "b.cap"), entry.format("x", "http://elsewhere.test/x")]
    inside = f"<entry><id>c</id><content>{message('3').decode()}</content></entry>"
    atom = f'<feed xmlns="http://www.w3.org/2005/Atom">{"".join(entries)}{inside}</feed>'
    Office.pages = {"/feed": atom.encode(), "/a.cap": message("1"), "/b.cap": message("2")}
    WarningFeed.objects.update(url=f"{office}/feed")
    assert feeds_pull() == 1
    assert in_force() == ["1", "2", "3"]
    assert feeds_pull() == 0
    due()
    feeds_pull()
    assert Office.asked == ["/feed", "/a.cap", "/b.cap", "/feed"]
    assert WarningFeed.objects.get().last_error == ""


def test_rss_and_plain_messages_are_followed_too(feed: WarningFeed, office: str) -> None:
    rss = "<rss><channel><item><guid>1</guid><link>/a.cap</link></item></channel></rss>"
    Office.pages = {"/rss": rss.encode(), "/a.cap": message("1"), "/plain": message("2")}
    WarningFeed.objects.update(url=f"{office}/rss")
    WarningFeed.objects.create(name="直接", url=f"{office}/plain")
    assert feeds_pull() == 2
    assert in_force() == ["1", "2"]


def test_a_feed_that_fails_says_why_and_is_asked_less_often(feed: WarningFeed, office: str) -> None:
    WarningFeed.objects.update(url=f"{office}/gone")
    feeds_pull()
    row = WarningFeed.objects.get()
    assert (row.failures, "HTTP 404" in row.last_error) == (1, True)
    assert row.due_at is not None
    assert row.due_at > timezone.now() + timedelta(seconds=100)
    due()
    Office.pages = {"/gone": message()}
    feeds_pull()
    row.refresh_from_db()
    assert (row.failures, row.last_error) == (0, "")


def test_the_pages_show_warnings_their_chain_and_their_text(feed: WarningFeed, client: Client, area: Area) -> None:
    first, _ = warning_receive(feed=feed, raw=message())
    second, _ = warning_receive(feed=feed, raw=message("2", msgType="Update", references=reference(first)))
    client.force_login(get_user_model().objects.create_user("desk", role="duty_officer", area=area))
    page = client.get("/warnings/").content.decode()
    assert page.index("暴雨预警2") < page.index("暴雨预警1")
    assert f"focus=monitoring.weatherwarning:{second.pk}" in page
    detail = client.get(f"/warnings/{first.pk}/").content.decode()
    assert f"/warnings/{second.pk}/" in detail
    assert "office@example.cn" in detail
    assert client.get("/warnings/?standing=nonsense").status_code == 200
    assert client.post(f"/warnings/feeds/{feed.pk}/token/").status_code == 403


def test_an_administrator_gives_a_feed_its_token_which_is_shown_once(
    feed: WarningFeed, client: Client, area: Area
) -> None:
    client.force_login(get_user_model().objects.create_user("admin", role="administrator", area=area))
    page = client.post(f"/warnings/feeds/{feed.pk}/token/").content.decode()
    assert "新的推送令牌" in page
    feed.refresh_from_db()
    assert len(feed.token_hash) == 64
    assert "新的推送令牌" not in client.get("/warnings/").content.decode()
