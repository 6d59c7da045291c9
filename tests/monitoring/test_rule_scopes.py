"""Which rule judges a series, in the rulebook and on its page alike; and how a row becomes the kernel's rule."""

import re
from collections.abc import Callable
from itertools import combinations

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import translation

from anlan.accounts.models import Area, User
from anlan.monitoring.ingest import readings_store
from anlan.monitoring.models import Alarm, Device, RuleProposal, Series, ThresholdRule
from anlan.monitoring.models.rule_kernel import kernel_rule
from anlan.monitoring.moments import HOUR
from anlan.monitoring.reasons import matches_of
from anlan.monitoring.rule_words import lines_of
from anlan.monitoring.rulebook import rulebook, rulebook_of
from anlan.rules import Band, Level, Schedule, Span, Threshold

from .frames import MINUTE, NOW, frame

pytestmark = pytest.mark.django_db
Maker = Callable[..., Device]
KEY = "part-1-3-9:fire"


@pytest.fixture
def places(area: Area) -> dict[str, Area]:
    street = Area.objects.create(code="440310001", name="坪山街道", level="street", parent=area)
    community = Area.objects.create(code="440310001001", name="坪环社区", level="community", parent=street)
    other = Area.objects.create(code="440310002", name="坑梓街道", level="street", parent=area)
    return {"district": area, "street": street, "community": community, "other": other}


@pytest.fixture
def series(device: Maker, places: dict[str, Area]) -> Series:
    row = device()
    Device.objects.filter(pk=row.pk).update(area=places["community"])
    row.refresh_from_db()
    return Series.objects.create(device=row, key=KEY)


def scoped(series: Series, places: dict[str, Area]) -> dict[str, ThresholdRule]:
    """Every rule that fits the series, from the one that wins to the one that loses against all."""
    kinds = {
        "device key": {"device": series.device, "key": KEY},
        "device family": {"device": series.device, "key": "*:fire"},
        "community key": {"device_kind": "level", "area": places["community"], "key": KEY},
        "community family": {"device_kind": "level", "area": places["community"], "key": "*:fire"},
        "street": {"device_kind": "level", "area": places["street"], "key": KEY},
        "kind key": {"device_kind": "level", "key": KEY},
        "kind family": {"device_kind": "level", "key": "*:fire"},
    }
    return {name: ThresholdRule(name=name, source="测", **values) for name, values in kinds.items()}


def test_device_comes_before_the_nearest_area_before_kind_and_the_page_says_the_same(
    series: Series, places: dict[str, Area]
) -> None:
    rules = scoped(series, places)
    order = list(rules)
    for rule in rules.values():
        rule.save()
    for kept in (pair for size in (1, 2, 7) for pair in combinations(order, size)):
        ThresholdRule.objects.update(active=False)
        ThresholdRule.objects.filter(name__in=kept).update(active=True)
        best = rules[min(kept, key=order.index)]
        book = rulebook()
        assert book.ids[book.row(series.device_id, "level", KEY)] == best.pk, kept
        matches = matches_of(series)
        assert [one.rule.name for one in matches] == sorted(kept, key=order.index)
        assert [one.wins for one in matches] == [True] + [False] * (len(kept) - 1)


def test_a_rule_of_another_area_judges_nothing_here_until_the_device_moves_there(
    series: Series, places: dict[str, Area]
) -> None:
    ThresholdRule.objects.create(name="坑梓", source="测", device_kind="level", area=places["other"], key=KEY)
    book = rulebook()
    assert book.row(series.device_id, "level", KEY) == 0
    assert matches_of(series) == []
    Device.objects.update(area=places["other"])
    book = rulebook()
    assert book.row(series.device_id, "level", KEY) == 1


def rule(**values: object) -> ThresholdRule:
    return ThresholdRule(**{"name": "测", "device_kind": "level", "key": "ph", "source": "测", **values})


def test_a_row_becomes_the_kernels_rule_with_every_part() -> None:
    made = kernel_rule(
        rule(
            samples=3, within=5, clear_samples=2, clear_seconds=60, rate_limit=1.5, rate_seconds=600, counter=True,
            windows=[{"hours": 3, "orange": [50, 40]}], flat_minutes=120, flat_tolerance=0.01, flat_level=2,
            spans=[
                {"days": "12345", "from": "08:00", "to": "12:00"}, {"days": "12345", "from": "14:00", "to": "24:00"},
                {"from": "22:00", "to": "06:00", "season": ["06-01", "08-31"]},
            ],
            season_from="04-15", season_to="10-15",
        )
    )  # fmt: skip
    assert (made.samples, made.within, made.clear_samples, made.clear_duration) == (3, 5, 2, 60_000)
    assert (made.rate_limit, made.rate_per, made.counter) == (1.5, 600_000, True)
    assert made.windows[0].length == 3 * HOUR
    assert made.windows[0].orange == Threshold(raise_at=50, clear_at=40)
    assert (made.flat_after, made.flat_tolerance, made.flat_level) == (2 * HOUR, 0.01, Level.YELLOW)
    assert made.schedule == Schedule(
        spans=(
            Span(days=(1, 2, 3, 4, 5), start=8 * 60, end=12 * 60),
            Span(days=(1, 2, 3, 4, 5), start=14 * 60),
            Span(start=22 * 60, end=6 * 60, season=((6, 1), (8, 31))),
        ),
        season=((4, 15), (10, 15)),
    )


def test_a_band_has_both_ends_and_nothing_else_has_a_low_end() -> None:
    acid = rule(direction="outside", yellow_raise=9, yellow_raise_low=6, yellow_clear=8.8, yellow_clear_low=6.2)
    acid.full_clean()
    assert kernel_rule(acid).yellow == Band(raise_low=6, raise_high=9, clear_low=6.2, clear_high=8.8)
    assert "黄色:在 6 ~ 9 之外触发,回到 6.2 ~ 8.8 之内解除" in lines_of(acid, "")
    for wrong in (
        rule(direction="outside", yellow_raise=9, yellow_clear=8.8),
        rule(yellow_raise=9, yellow_raise_low=6, yellow_clear=8.8),
    ):
        with pytest.raises(ValidationError):
            wrong.full_clean()
        with pytest.raises(IntegrityError, match="rule_bands_have_both_ends"), transaction.atomic():
            wrong.save()


@pytest.mark.parametrize(
    "values",
    [
        {"samples": 3, "within": 2}, {"samples": 2, "within": 99}, {"spans": [{}] * 9}, {"spans": [8]},
        {"spans": [{"from": "8"}]}, {"spans": [{"season": ["06-01"]}]}, {"spans": [{"season": ["06-01", ""]}]}, {"spans": "x"},
        {"windows": [{"hours": 1, "blue": [1, 2]}]}, {"windows": [{"hours": 1, "blue": [2, 1]}] * 2},
        {"windows": "x"}, {"windows": [{"blue": [2, 1]}]}, {"flat_tolerance": -1}, {"season_from": "13-01", "season_to": "02-01"},
        {"season_from": "04-15"}, {"spans": [{"days": "89"}]}, {"season_from": "xx", "season_to": "yy"},
    ],
)  # fmt: skip
def test_what_contradicts_itself_is_refused_with_a_chinese_sentence(values: dict[str, object]) -> None:
    with pytest.raises(ValidationError) as told:
        rule(**values).full_clean()
    assert all(any("\u4e00" <= c <= "\u9fff" for c in message) for message in told.value.messages)


def test_a_rulebook_of_all_sorts_of_rows_is_read(area: Area) -> None:
    rule(duration_seconds=60, windows=[{"hours": 1, "red": [9, 8]}]).save()
    assert len(rulebook_of(list(ThresholdRule.objects.all())).ids) == 2


@pytest.fixture
def client(area: Area) -> Client:
    user = User.objects.create(username="duty", role="duty_officer", area=area)
    made = Client()
    made.force_login(user, backend="anlan.accounts.backends.RoleBackend")
    return made


FORM = {
    "name": "雨量", "device_kind": "rain", "key": "22", "unit": "mm", "source": "防汛预案", "verified": "own",
    "direction": "above", "samples": 1, "within": 0, "duration_seconds": 0, "clear_samples": 1, "clear_seconds": 0,
    "rate_seconds": 0, "rate_level": 1, "flat_minutes": 0, "flat_tolerance": 0, "flat_level": 1, "no_data_minutes": 0,
    "no_data_level": 1, "forecast_minutes": 0, "active": "on", "why": "入汛",
}  # fmt: skip


def test_the_form_makes_a_proposal_of_what_a_duty_chief_fills_in(client: Client) -> None:
    body = FORM | {
        "window_3_orange_raise": 50, "window_3_orange_clear": 45, "span_0_days": ["1", "2"], "span_0_from": "08:00",
        "span_2_from": "22:00", "span_2_to": "06:00", "span_2_season_from": "06-01", "span_2_season_to": "08-31",
        "within": 5, "samples": 3, "duration_seconds": 600, "season_from": "04-15", "season_to": "10-15",
    }  # fmt: skip
    answer = client.post("/rules/new/", body)
    assert answer.status_code == 302, answer.context["form"].errors
    changes = RuleProposal.objects.get().changes
    assert changes["windows"] == [{"hours": 3, "orange": [50.0, 45.0]}]
    assert changes["spans"] == [
        {"days": "12", "from": "08:00"},
        {"from": "22:00", "to": "06:00", "season": ["06-01", "08-31"]},
    ]
    page = client.get(answer["Location"]).content.decode()
    assert "周一、周二 08:00 至 24:00;每天 22:00 至次日 06:00(06-01 至 08-31)" in page
    assert "3 小时累计超过" in page
    assert "橙色 50" in page


def test_half_a_pair_and_a_missing_reason_are_told_at_their_fields(client: Client) -> None:
    answer = client.post("/rules/new/", FORM | {"window_3_orange_raise": 50, "span_1_season_to": "08-31", "why": ""})
    assert answer.status_code == 422
    assert set(answer.context["form"].errors) == {"window_3_orange_clear", "span_1_season_from", "why"}


def test_a_rule_says_when_it_holds_and_how_often_and_how_long_it_must_be_beyond() -> None:
    week = {"days": "12345", "to": "12:00", "from": "08:00"}
    told = lines_of(rule(spans=[week, {"days": "67"}], samples=3, within=5, duration_seconds=600), "m")
    assert "只在 周一至周五 08:00 至 12:00;周六、周日 00:00 至 24:00 触发" in told
    assert {"最近 5 次中有 3 次越限才触发", "持续越限 10 分钟 才触发", "以上两项须同时满足"} <= set(told)


def test_the_form_of_a_live_rule_shows_it_and_changes_only_what_is_changed(client: Client, area: Area) -> None:
    live = rule(
        device_kind="rain", key="22", name="雨量", unit="mm", source="防汛预案",
        windows=[{"hours": 24, "blue": [50, 40]}], spans=[{"days": "67", "from": "08:00"}],
    )  # fmt: skip
    live.save()
    page = client.get(f"/rules/{live.pk}/change/").content.decode()
    assert 'value="50' in page
    assert 'value="08:00"' in page
    kept = {
        "window_24_blue_raise": 50,
        "window_24_blue_clear": 40,
        "span_0_days": ["6", "7"],
        "span_0_from": "08:00",
    }
    client.post(f"/rules/{live.pk}/change/", FORM | kept | {"blue_raise": 8, "blue_clear": 6})
    assert RuleProposal.objects.get().changes == {"blue_raise": 8.0, "blue_clear": 6.0}


def test_pages_of_rules_open_for_who_may_see_them_and_not_for_others(
    client: Client, area: Area, series: Series
) -> None:
    live = rule(device_kind="", device=series.device)
    live.save()
    for address in (
        "/rules/",
        f"/rules/{live.pk}/",
        f"/series/{series.pk}/",
        "/rules/new/",
        f"/rules/{live.pk}/change/",
    ):
        assert client.get(address).status_code == 200, address
    assert client.get("/rules/?device_kind=nonsense").status_code == 200
    assert client.get("/rules/new/?copy=abc&device=99999999999999999999&key=%00").status_code in (200, 422)
    other = Area.objects.get(code="440310002")
    far = User.objects.create(username="far", role="street", area=other)
    client.force_login(far, backend="anlan.accounts.backends.RoleBackend")
    for address in (f"/rules/{live.pk}/", f"/series/{series.pk}/"):
        assert client.get(address).status_code == 404, address
    assert client.get("/rules/new/").status_code == 403


def test_english_pages_have_no_chinese_of_ours(client: Client, series: Series) -> None:
    live = rule(
        name="Level", device_kind="", device=series.device, source="plan", unit="m", dynamic=True, key=series.key
    )
    live.blue_raise, live.blue_clear, live.flat_minutes, live.spans = (
        3,
        2.5,
        60,
        [{"days": "12", "season": ["06-01", "08-31"]}],
    )
    live.windows = [{"hours": 3, "red": [9, 8]}]
    live.save()
    Device.objects.update(name="Station")
    Series.objects.update(name="Level")
    client.cookies["django_language"] = "en"
    for address in (
        "/rules/",
        f"/rules/{live.pk}/",
        f"/rules/{live.pk}/change/",
        f"/series/{series.pk}/",
        "/forecasts/",
    ):
        with translation.override("zh-hans"):
            page = client.get(address).content.decode()
        body = page.split("<main")[1].split("</main>")[0]
        for name in Area.objects.values_list("name", flat=True):
            body = body.replace(name, "")
        found = re.findall(r"[\u4e00-\u9fff]+", body)
        assert not found, (address, found)


def test_rain_of_three_hours_and_flatness_raise_alarms_of_their_own_through_ingest(device: Maker) -> None:
    device(kind="rain")
    rule(
        device_kind="rain", key="22", windows=[{"hours": 3, "orange": [50, 40]}], flat_minutes=120, flat_level=1
    ).save()  # fmt: skip
    for minute in range(0, 180, 10):
        readings_store(batch=[frame([("22", NOW + minute * MINUTE, 4.0)])], now=NOW + minute * MINUTE)
    found = {alarm.kind: alarm.level for alarm in Alarm.objects.all()}
    assert found == {Alarm.Kind.ACCUMULATION: 3, Alarm.Kind.FLAT: 1}
    assert Series.objects.get().level == 3
