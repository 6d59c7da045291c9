"""Pages, API, export, map and figures: who sees which hazards, and what a refusal says."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from anlan.accounts.models import User
from anlan.kit.entities import entity_of
from anlan.kit.exchange.exports import rows_export
from anlan.kit.figures import figure_value, year_period
from anlan.onemap.catalogue import catalogue
from anlan.onemap.drawing import geojson
from anlan.onemap.selectors import layer_of
from anlan.supervision import services
from anlan.supervision.demo import demo
from anlan.supervision.models import Hazard

from .conftest import District, jpeg, ordered, rectified

pytestmark = pytest.mark.django_db
Browse = Callable[[User], Client]


def upload(content: bytes | None = None) -> SimpleUploadedFile:
    return SimpleUploadedFile("photo.jpg", content or jpeg(), "image/jpeg")


def text(client: Client, address: str, status: int = 200) -> str:
    answer = client.get(address)
    assert answer.status_code == status, address
    return answer.content.decode()


@pytest.fixture
def report(town: District) -> dict[str, Any]:
    return {
        "key": str(uuid4()), "description": "消防通道停放货车", "source": "patrol", "level": "general",
        "category": town.category.pk, "site": town.firm.credit_code, "lon": "114.351", "lat": "22.691",
    }  # fmt: skip


def test_a_person_sees_the_hazards_of_their_area_and_no_others(town: District, found: Hazard, browse: Browse) -> None:
    photo = found.photos.get()
    addresses = (f"/hazards/{found.pk}/", f"/hazards/photos/{photo.pk}/")
    for person in (town.inspector, town.officer, town.leader, town.maker, town.community, town.street_user):
        client = browse(person)
        assert found.number in text(client, "/hazards/")
        for address in addresses:
            assert client.get(address).status_code == 200
    for person in (town.far, town.other_maker):
        client = browse(person)
        assert found.number not in text(client, "/hazards/")
        for address in addresses:
            assert client.get(address).status_code == 404
        assert client.post(f"/hazards/{found.pk}/order/", {"requirement": "x"}).status_code == 404
        assert client.get(f"/api/supervision/hazard/{found.pk}").status_code == 404
    assert browse(town.team).get("/hazards/").status_code == 403
    assert Client().get("/hazards/").status_code == 302


def test_a_report_from_a_phone_is_one_hazard_however_often_it_is_sent(
    town: District, report: dict[str, Any], browse: Browse
) -> None:
    client, content = browse(town.inspector), jpeg()
    for _turn in range(3):
        answer = client.post("/hazards/new/", {**report, "photos": [upload(content), upload()]})
        assert answer.status_code == 302
    row = Hazard.objects.get()
    assert (row.enterprise, row.area, row.photos.count()) == (town.firm, town.street, 2)
    assert row.location.coords == pytest.approx((114.351, 22.691))
    assert client.get("/hazards/").content.decode().count("消防通道停放货车") == 1


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"description": ""}, "这个字段是必填项"),
        ({"site": "没有这家厂"}, "没有名为"),
        ({"lon": "999"}, "小于或等于"),
        ({"source": "video"}, "不在可用的选项中"),
        ({"site": "", "lon": "", "lat": ""}, "请选择所属区域"),
        ({"photos": "not a picture"}, "不是可用的照片"),
    ],
)
def test_a_report_that_makes_no_sense_is_refused_in_words_and_keeps_what_was_typed(
    town: District, report: dict[str, Any], browse: Browse, change: dict[str, Any], sentence: str
) -> None:
    if "photos" in change:
        change = {"photos": SimpleUploadedFile("a.jpg", b"not a picture", "image/jpeg")}
    answer = browse(town.inspector).post("/hazards/new/", {**report, **change})
    assert answer.status_code == 422
    page = answer.content.decode()
    assert sentence in page
    assert change.get("description") == "" or "消防通道停放货车" in page
    assert not Hazard.objects.exists()


def test_the_whole_job_is_done_on_pages(town: District, found: Hazard, browse: Browse) -> None:
    inspector, maker, second = browse(town.inspector), browse(town.maker), browse(town.inspector2)
    here = f"/hazards/{found.pk}/"
    order = {
        "level": "general",
        "category": town.category.pk,
        "requirement": "清空并保持常开",
        "contact_name": "李安全",
    }
    assert inspector.post(f"{here}order/", {**order, "key": str(uuid4())}).status_code == 302
    assert "报告整改完成" in text(maker, here)
    assert "13800000001" not in text(inspector, here)
    assert "13800000001" in text(inspector, f"{here}phone/")
    assert maker.get(f"{here}phone/").status_code == 404
    none = maker.post(f"{here}rectify/", {"note": "已清空"})
    assert (none.status_code, "这个字段是必填项" in none.content.decode()) == (422, True)
    spot = {"lon": "114.3501", "lat": "22.6902"}
    assert maker.post(f"{here}rectify/", {"note": "已清空", "photos": upload(), **spot}).status_code == 302
    assert second.post(f"{here}pass/", {"note": "属实", **spot}).status_code == 302
    found.refresh_from_db()
    assert found.state == "closed"
    assert found.entries.get(step="pass").data == {"lon": 114.3501, "lat": 22.6902}
    late = inspector.post(f"{here}pass/", {})
    assert late.status_code == 409
    assert "已销号" in late.content.decode()


def test_a_step_that_a_role_may_not_take_is_refused_in_words(town: District, found: Hazard, browse: Browse) -> None:
    answer = browse(town.maker).post(f"/hazards/{found.pk}/withdraw/", {"reason": "x"})
    assert (answer.status_code, "您的角色不能" in answer.content.decode()) == (403, True)
    assert browse(town.inspector).post(f"/hazards/{found.pk}/explode/").status_code == 404
    row = rectified(ordered(found, town), town, by=town.inspector)
    page = text(browse(town.inspector), f"/hazards/{row.pk}/")
    assert "须由另一人复查" in page
    assert "复查合格</button>" not in page


def test_filters_find_and_nonsense_finds_nothing(town: District, found: Hazard, browse: Browse) -> None:
    client = browse(town.officer)
    second = services.hazard_report(
        description="粉尘堆积", source="patrol", category=town.category, level="major", enterprise=town.other_firm,
        by=town.officer,
    )  # fmt: skip
    services.hazard_order(hazard=second, requirement="清理", by=town.officer)
    Hazard.objects.filter(pk=second.pk).update(due_at=timezone.now() - timedelta(days=2))
    for query, there in (
        ("state=found", found), ("level=major", second), ("late=1", second), ("source=inspection", found),
        ("area=990310002", second), ("q=粉尘", second), (f"q={found.number}", found), ("category=evacuation&state=found", found),
    ):  # fmt: skip
        page = text(client, f"/hazards/?{query}")
        assert [row.number for row in (found, second) if row.number in page] == [there.number], query
    for query in ("state=x", "level=x", "category=x", "area=x", "q=%00", "category=%00", "page=99"):
        text(client, f"/hazards/?{query}")
    page = text(client, "/hazards/")
    assert page.index(second.number) < page.index(found.number)
    services.hazard_withdraw(hazard=found, reason="误认", by=town.officer)
    for query, shown in (("", False), ("all=1", True), ("state=withdrawn", True), (f"q={found.number}", True)):
        assert (found.number in text(client, f"/hazards/?{query}")) == shown


def test_the_site_field_offers_what_the_person_sees(town: District, browse: Browse) -> None:
    client = browse(town.inspector)
    assert client.get("/hazards/sites/?site=东街").status_code == 404
    found = client.get("/hazards/sites/?site=东街", headers={"HX-Request": "true"}).content.decode()
    assert town.firm.name in found
    assert client.get("/hazards/sites/?site=西街", headers={"HX-Request": "true"}).content.decode().strip() == ""


def test_the_api_and_the_export_show_the_same_rows_masked(town: District, found: Hazard, browse: Browse) -> None:
    items = browse(town.inspector).get("/api/supervision/hazard/?state=found").json()["items"]
    assert [item["number"] for item in items] == [found.number]
    assert items[0]["contact_phone"] == "138****0001"
    assert browse(town.far).get("/api/supervision/hazard/").json()["total"] == 0
    assert browse(town.admin).post("/api/supervision/hazard/", {}, content_type="application/json").status_code == 405
    entity = entity_of(Hazard)
    assert entity is not None
    rows = Hazard.objects.visible_to(town.leader)
    sheet = rows_export(entity=entity, rows=rows, user=town.leader, kind="csv").decode("utf-8-sig")
    assert found.number in sheet
    assert "13800000001" not in sheet


def test_the_map_shows_what_stands_and_the_late_ones_red(town: District, found: Hazard) -> None:
    row = ordered(found, town)
    layer = layer_of(town.inspector, "supervision.hazard")
    assert layer is not None
    assert b'"_colour" : "yellow"' in geojson(layer)
    Hazard.objects.filter(pk=row.pk).update(due_at=timezone.now() - timedelta(minutes=1))
    layer = layer_of(town.inspector, "supervision.hazard")
    assert layer is not None
    assert b'"_colour" : "red"' in geojson(layer)
    told = next(one for one in catalogue(town.inspector)["layers"] if one["key"] == "supervision.hazard")
    assert [line["words"] for line in told["legend"]] == ["逾期未整改", "重大隐患", "一般隐患"]
    row.refresh_from_db()
    services.hazard_pass(hazard=rectified(row, town), by=town.inspector2)
    far = layer_of(town.far, "supervision.hazard")
    assert layer_of(town.team, "supervision.hazard") is None
    assert (far is not None and far.rows.count(), layer.rows.count()) == (0, 0)


def test_figures_count_what_was_found_rectified_and_in_time(town: District, found: Hazard) -> None:
    services.hazard_pass(hazard=rectified(ordered(found, town), town), by=town.inspector2)
    usual: dict[str, Any] = {"source": "patrol", "category": town.category, "enterprise": town.firm}
    late = services.hazard_report(description="灭火器过期", by=town.inspector, **usual)
    late = ordered(late, town)
    now = timezone.now()
    services.hazard_pass(hazard=rectified(late, town, at=late.due_at + timedelta(days=1)), by=town.inspector2, at=now)
    spot = services.hazard_report(description="电线拖地", level="major", by=town.inspector, **usual)
    services.hazard_pass(hazard=rectified(spot, town, by=town.inspector), by=town.inspector2)
    gone = services.hazard_report(description="不是隐患", by=town.inspector, **usual)
    services.hazard_withdraw(hazard=gone, reason="误认", by=town.inspector)
    period = year_period(timezone.localdate().year)
    keys = ("found", "major", "rectified", "on_site", "by_deadline", "in_time", "overdue")
    values = [figure_value(f"hazards_{key}", town.leader, period).value for key in keys]
    assert values == [3, 1, 3, 1, 2, 66.7, 0]
    assert figure_value("hazards_found", town.far, period).value == 0


def test_a_district_without_its_people_has_no_demo_hazards(town: District) -> None:
    from anlan.kit.demo import DemoWorld

    town.officer.delete()
    demo(DemoWorld())
    assert not Hazard.objects.exists()
