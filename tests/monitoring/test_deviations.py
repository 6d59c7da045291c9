"""Departures from a protocol are counted per device and day, and shown so that somebody can call the supplier."""

import re
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest
from django.test import Client
from django.utils import timezone, translation

from anlan import protocols
from anlan.accounts.models import Area, User
from anlan.monitoring import polling
from anlan.monitoring.arrivals import Arrival
from anlan.monitoring.deviations import BEGINNINGS, TITLES, deviation_title, deviations_of, device_deviations
from anlan.monitoring.ingest import readings_store
from anlan.monitoring.models import DeviationCount, Device
from anlan.monitoring.moments import now_ms
from anlan.protocols import Frame, FrameError, decode
from anlan.protocols.hj212_write import wrap

from .frames import MINUTE

pytestmark = pytest.mark.django_db
DeviceMaker = Callable[..., Device]
DAY = 86_400_000


def arrivals(*frames: bytes, protocol: str = "hj212", sender: str = "") -> list[Arrival]:
    return [Arrival(source=protocol, event=event, sender=sender) for raw in frames for event in decode(protocol, raw)]


def lax(code: str = "M1", value: str = "1") -> bytes:
    """Without QN, with milliseconds that do not belong there."""
    return wrap(f"ST=32;CN=2011;MN={code};Flag=5;CP=&&DataTime=20240701120000000;w01018-Rtd={value}&&".encode())


def counts(device: Device) -> dict[str, int]:
    return dict(DeviationCount.objects.filter(device=device).values_list("name", "count"))


def browse(area: Area, role: str = "duty_officer") -> Client:
    user = User.objects.get_or_create(username=role + area.code, defaults={"role": role, "area": area})[0]
    client = Client()
    client.force_login(user, backend="anlan.accounts.backends.RoleBackend")
    return client


def test_each_leniency_is_counted_for_its_device_and_day(device: DeviceMaker) -> None:
    one, now = device(code="M1", protocol="hj212"), now_ms()
    readings_store(batch=arrivals(lax(), lax(value="x")), now=now)
    readings_store(batch=arrivals(lax()), now=now + MINUTE)
    assert counts(one) == {"missing_qn": 3, "long_data_time": 3, "unreadable_value": 1}
    readings_store(batch=arrivals(lax()), now=now + DAY)
    assert DeviationCount.objects.filter(name="missing_qn").count() == 2
    last = DeviationCount.objects.filter(name="missing_qn").first()
    assert last is not None
    assert last.last_at.timestamp() * 1000 == pytest.approx(now + DAY)


def test_who_keeps_to_the_text_and_who_is_not_registered_has_no_row(device: DeviceMaker) -> None:
    device(code="M1", protocol="hj212")
    good = wrap(b"QN=20240701120000123;ST=32;CN=2011;MN=M1;Flag=5;CP=&&DataTime=20240701120000;w01018-Rtd=1&&")
    readings_store(batch=arrivals(good, lax("STRANGER")), now=now_ms())
    assert not DeviationCount.objects.exists()


def test_a_device_name_that_no_database_can_hold_breaks_nothing(device: DeviceMaker) -> None:
    device(code="M1", protocol="hj212")
    event = decode("hj212", lax())[0]
    assert isinstance(event, Frame)
    odd = Frame(
        protocol="hj212", device="M\0", function="2011", readings=(), fields={}, reply=None, raw=b"",
        deviations=("missing_qn", "x" * 99),
    )  # fmt: skip
    long = Arrival(source="hj212", event=FrameError("y" * 99), sender="M1", times=7)
    readings_store(batch=[Arrival(source="hj212", event=odd), long], now=now_ms())
    assert DeviationCount.objects.get().count == 7


def test_the_page_shows_the_most_frequent_first_and_filters(device: DeviceMaker, area: Area) -> None:
    one, other = device(code="M1", protocol="hj212"), device(code="0011223344")
    now, today = timezone.now(), timezone.localdate()
    for row, name, day, number in (
        (one, "missing_qn", today, 5), (one, "missing_qn", today - timedelta(days=8), 100),
        (other, "error:checksum", today, 40),
    ):  # fmt: skip
        DeviationCount.objects.create(device=row, name=name, day=day, count=number, last_at=now)
    client = browse(area)
    page = client.get("/deviations/?days=7").content.decode()
    assert page.index("校验不符") < page.index("没有请求编号(QN)")
    month = client.get("/deviations/?days=30").content.decode()
    assert month.index("没有请求编号(QN)") < month.index("校验不符")
    assert "105" in month
    assert "站M1" not in client.get("/deviations/?protocol=sl651").content.decode()
    assert "站M1" in client.get("/deviations/?q=M1").content.decode()
    assert "没有不合规的报文" in client.get("/deviations/?q=%00zzz&days=nonsense&protocol=zz").content.decode()
    part = client.get("/deviations/", headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in part


def test_another_areas_deviations_are_not_there(device: DeviceMaker, area: Area) -> None:
    one = device()
    DeviationCount.objects.create(device=one, name="no_clock", day=date(2099, 1, 1), count=1, last_at=timezone.now())
    there = Area.objects.create(code="440310002", name="坑梓街道", level="street", parent=area)
    assert "时钟从未设置" in browse(area).get("/deviations/").content.decode()
    assert "时钟从未设置" not in browse(there, "street").get("/deviations/").content.decode()
    assert browse(area, "enterprise").get("/deviations/").status_code == 403


def test_the_device_page_names_its_deviations(device: DeviceMaker, area: Area) -> None:
    one = device(code="M1", protocol="hj212")
    readings_store(batch=arrivals(lax()), now=now_ms())
    page = browse(area).get(f"/devices/{one.pk}/").content.decode()
    assert "数据时间多出毫秒" in page
    user = User.objects.get(username="duty_officer440310")
    assert {row.name for row in device_deviations(user, one)} == {row.name for row in deviations_of(user)}


def test_every_deviation_that_the_code_names_has_words_in_both_languages() -> None:
    told = re.compile(r"deviations(?:\.append\(| \+= \[|=\[| = \[)[^\n]*|(?<![\w\]])\[(?:\*deviations, )?\"[a-z_]+\"\]")
    sources = [*Path(protocols.__path__[0]).glob("*.py"), *Path(polling.__path__[0]).glob("*.py")]
    lines = [line for source in sources if source.stem != "cap" for line in told.findall(source.read_text("utf-8"))]
    named = {name for line in lines for name in re.findall(r'"([a-z]+[_:][a-z_]*:?)', line)}
    assert {"bare_nan", "bad_position", "exception_", "padded_pair", "naive_time", "sequence_gap", "unit_"} <= named
    for name in sorted(named | TITLES.keys() | BEGINNINGS.keys()):
        assert deviation_title(name) != name
        with translation.override("en"):
            assert deviation_title(name).isascii(), name
