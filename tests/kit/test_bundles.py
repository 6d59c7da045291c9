"""Many messages to one address leave as one; each stays a row in a named state."""

from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from procrastinate.contrib.django.models import ProcrastinateJob

from anlan.kit.bundles import bundles_sweep, notices_deliver
from anlan.kit.models import LawRule, Notice, NoticeGate
from anlan.kit.notices import ChannelRefused, Message, notice_send, notices_send, notices_withdraw

from .conftest import District

pytestmark = pytest.mark.django_db
Send = Callable[..., list[Notice]]


@pytest.fixture
def send(run_jobs: Callable[[], int]) -> Send:
    """Sends so many tagged messages to one address, each about a row of its own, and lets them leave."""
    rule = LawRule.objects.filter(code="notice_bundle").first()
    assert rule is not None

    def send_all(number: int, *, address: str = "user:7", urgent: bool = False) -> list[Notice]:
        tag, level = ("红色", "alert") if urgent else ("黄色", "warn")
        sent = notices_send(
            Message(address=address, title=f"第{n}条", level=level, tag=tag, place="泵站", urgent=urgent, about=rule)
            for n in range(number)
        )
        for place, row in enumerate(sent):
            Notice.objects.filter(pk=row.pk).update(about_id=row.pk * 1000 + place)
        run_jobs()
        return sent

    return send_all


def left(address: str = "user:7") -> list[str]:
    return list(
        Notice.objects.filter(address=address, state="sent", bundle=None).order_by("pk").values_list("title", flat=True)
    )


def test_a_few_leave_by_themselves_and_the_rest_as_one(send: Send, run_jobs: Callable[[], int]) -> None:
    send(9)
    assert left() == [f"第{n}条" for n in range(5)]
    assert bundles_sweep() == 0
    assert bundles_sweep(now=timezone.now() + timedelta(seconds=6)) == 1
    run_jobs()
    assert left()[5:] == ["4 条提醒合并:黄色 4"]


def test_one_that_was_held_alone_leaves_as_it_is(send: Send, run_jobs: Callable[[], int]) -> None:
    send(6)
    bundles_sweep(now=timezone.now() + timedelta(seconds=6))
    run_jobs()
    assert left()[5:] == ["第5条"]


def test_each_address_has_its_own_measure_and_untagged_ones_always_leave(send: Send) -> None:
    send(8)
    send(2, address="user:8")
    notice_send(address="user:7", title="派单")
    send(1)
    assert len(left("user:8")) == 2


def test_a_personal_message_passes_a_flood(send: Send, run_jobs: Callable[[], int]) -> None:
    send(30)
    notice_send(address="user:7", title="派单")
    run_jobs()
    assert left()[-1] == "派单"


def test_what_is_taken_back_is_not_told(send: Send, run_jobs: Callable[[], int]) -> None:
    sent = send(8)
    about = list(Notice.objects.filter(pk__in=[row.pk for row in sent]).values_list("about_id", flat=True))
    assert notices_withdraw(about="kit.lawrule", ids=about) == 3
    assert bundles_sweep(now=timezone.now() + timedelta(seconds=6)) == 0
    assert NoticeGate.objects.get().due_at is None


def test_a_clock_set_back_makes_nobody_wait(send: Send) -> None:
    send(8)
    assert bundles_sweep(now=timezone.now() - timedelta(hours=1)) == 1


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_channel_that_refuses_one_gets_the_others_and_is_tried_again(district: District) -> None:
    rows = [Notice.objects.create(address=a, title="x") for a in ("nonsense://x", "user:7")]
    with pytest.raises(ChannelRefused):
        notices_deliver(address="", notice_ids=[row.pk for row in rows])
    assert [Notice.objects.get(pk=row.pk).state for row in rows] == ["failed", "sent"]


Flood = st.lists(st.tuples(st.integers(1, 12), st.booleans(), st.integers(0, 400)), min_size=1, max_size=6)


@given(Flood)
@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
def test_however_they_come_none_is_lost_and_bundles_keep_their_distance(
    send: Send, run_jobs: Callable[[], int], bursts: list[tuple[int, bool, int]]
) -> None:
    Notice.objects.all().delete()
    NoticeGate.objects.all().delete()
    now, bundled = timezone.now(), list[datetime]()
    for number, urgent, pause in bursts:
        rows = notices_send(Message(address="user:7", title="x", tag="红", urgent=urgent) for _ in range(number))
        ProcrastinateJob.objects.exclude(args__has_key="waited")._raw_delete("default")
        notices_deliver(address="user:7", notice_ids=[row.pk for row in rows], now=now)
        bundled += NoticeGate.objects.values_list("bundled_at", flat=True)
        now += timedelta(seconds=pause)
        bundles_sweep(now=now)
        bundled += NoticeGate.objects.values_list("bundled_at", flat=True)
    bundles_sweep(now=now + timedelta(minutes=6))
    run_jobs()
    assert set(Notice.objects.values_list("state", flat=True)) == {"sent"}
    times = sorted({at for at in bundled if at is not None})
    assert all((b - a).total_seconds() >= 30 for a, b in pairwise(times))
