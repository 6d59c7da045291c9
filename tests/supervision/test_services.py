"""The job as people do it: found, ordered, rectified, re-checked by another, closed; and every way it may turn."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.gis.geos import Point
from django.core.exceptions import PermissionDenied, ValidationError
from django.utils import timezone

from anlan.accounts.models import Organisation, User
from anlan.kit.deadlines import deadlines_of
from anlan.kit.flow import IllegalStep
from anlan.kit.models import LawRule, Notice
from anlan.supervision import services
from anlan.supervision.models import Hazard

from .conftest import District, jpeg, ordered, rectified

pytestmark = pytest.mark.django_db


def told(person: User) -> list[str]:
    return list(Notice.objects.filter(address=f"user:{person.pk}").order_by("pk").values_list("title", flat=True))


def test_a_hazard_goes_its_whole_way_and_every_step_is_on_its_timeline(town: District, found: Hazard) -> None:
    assert (found.organisation, found.area, found.location) == (town.firm.organisation, town.street, town.firm.location)
    assert (found.contact_name, found.contact_phone) == ("李安全", "13800000001")
    row = services.hazard_pass(hazard=rectified(ordered(found, town), town), note="出口畅通", by=town.inspector2)
    assert (row.state, row.checked_by, row.rectifier, row.on_site) == ("closed", town.inspector2, "李安全", False)
    steps = list(row.entries.values_list("step", "actor__username"))
    assert steps == [
        ("report", "inspector"), ("order", "inspector"), ("rectify", "maker"), ("pass", "inspector2"),
    ]  # fmt: skip
    assert not deadlines_of(row).filter(met_at=None).exists()
    assert any("须整改" in title for title in told(town.maker))
    assert any("待复查" in title for title in told(town.inspector))
    assert any("已销号" in title for title in told(town.maker))


@pytest.mark.parametrize("who", ["maker", "maker2"])
def test_nobody_of_the_enterprise_rechecks_it(town: District, found: Hazard, who: str) -> None:
    row = rectified(ordered(found, town), town)
    with pytest.raises(PermissionDenied):
        services.hazard_pass(hazard=row, by=getattr(town, who))


def test_neither_who_reported_the_rectification_nor_who_did_it_rechecks(town: District, found: Hazard) -> None:
    row = rectified(ordered(found, town), town, by=town.street_user, rectifier="吴检查")
    for person in (town.street_user, town.inspector2):
        for step in (services.hazard_pass, services.hazard_send_back):
            with pytest.raises(PermissionDenied, match="另一人"):
                step(hazard=row, by=person, **({"reason": "x"} if step is services.hazard_send_back else {}))
    assert services.hazard_pass(hazard=row, by=town.inspector).state == "closed"


def test_what_is_sent_back_is_counted_and_gets_time_to_be_done_again(town: District, found: Hazard) -> None:
    row = rectified(ordered(found, town, due_on=timezone.localdate()), town)
    with pytest.raises(ValidationError, match="理由"):
        services.hazard_send_back(hazard=row, reason=" ", by=town.inspector)
    row = services.hazard_send_back(hazard=row, reason="仍有货物", photos=[jpeg()], by=town.inspector)
    assert (row.state, row.returns, row.rectified_by) == ("ordered", 1, None)
    assert row.due_at > timezone.now() + timedelta(days=6)
    row = services.hazard_pass(hazard=rectified(row, town), by=town.inspector)
    assert (row.state, row.returns) == ("closed", 1)
    assert list(row.photos.values_list("stage", "turn")) == [
        ("found", 0), ("rectified", 0), ("checked", 0), ("rectified", 1),
    ]  # fmt: skip


def test_what_is_rectified_on_the_spot_needs_another_eye_too(town: District, found: Hazard) -> None:
    row = rectified(found, town, by=town.inspector)
    assert (row.state, row.on_site, row.due_at) == ("rectified", True, None)
    with pytest.raises(PermissionDenied):
        services.hazard_pass(hazard=row, by=town.inspector)
    back = services.hazard_send_back(hazard=row, reason="照片看不清", by=town.inspector2)
    assert (back.state, back.on_site, back.ordered_by, back.requirement) == (
        "ordered", False, town.inspector2, "照片看不清",
    )  # fmt: skip


def test_a_rectification_is_shown_by_new_photos(town: District, found: Hazard) -> None:
    row, same = ordered(found, town), jpeg()
    with pytest.raises(ValidationError, match="照片"):
        rectified(row, town, photos=[])
    with pytest.raises(ValidationError, match="不是可用的照片"):
        rectified(row, town, photos=[b"<svg/>"])
    rectified(row, town, photos=[same])
    services.hazard_send_back(hazard=row, reason="重做", by=town.inspector)
    with pytest.raises(ValidationError, match="另拍一张"):
        rectified(row, town, photos=[same])
    with pytest.raises(ValidationError, match="最多"):
        rectified(row, town, photos=[jpeg() for _ in range(10)])


def test_more_time_is_asked_for_once_and_given_by_another(town: District, found: Hazard) -> None:
    row, day = ordered(found, town), timezone.localdate()
    for days, why in ((10, "现时限"), (200, "不超过15天")):
        with pytest.raises(ValidationError, match=why):
            services.hazard_ask_more(hazard=row, until=day + timedelta(days=days), reason="等备件", by=town.maker)
    with pytest.raises(ValidationError, match="没有待审批"):
        services.hazard_grant_more(hazard=row, by=town.inspector)
    until = day + timedelta(days=25)
    row = services.hazard_ask_more(hazard=row, until=until, reason="等备件", by=town.street_user)
    with pytest.raises(PermissionDenied, match="另一人"):
        services.hazard_grant_more(hazard=row, by=town.street_user)
    row = services.hazard_grant_more(hazard=row, by=town.inspector)
    assert (timezone.localtime(row.due_at).date(), row.extension_granted) == (until, True)
    with pytest.raises(ValidationError, match="一次"):
        services.hazard_ask_more(hazard=row, until=until + timedelta(days=5), reason="再等", by=town.maker)
    assert any("延期审批" in title for title in told(town.street_user))


def test_a_refused_extension_leaves_the_deadline(town: District, found: Hazard) -> None:
    row = ordered(found, town)
    due = row.due_at
    until = timezone.localdate() + timedelta(days=20)
    services.hazard_ask_more(hazard=row, until=until, reason="等备件", by=town.maker)
    row = services.hazard_refuse_more(hazard=row, reason="堵塞物当日可清", by=town.inspector)
    assert (row.due_at, row.extension_granted, row.extension_waits) == (due, False, False)


def test_a_listed_hazard_is_closed_only_by_a_leader(town: District, found: Hazard) -> None:
    with pytest.raises(ValidationError, match="重大"):
        services.hazard_list(hazard=found, by=town.leader)
    row = ordered(found, town, level="major")
    assert Notice.objects.filter(title__startswith="发现重大隐患").exists()
    with pytest.raises(PermissionDenied):
        services.hazard_list(hazard=row, by=town.inspector)
    row = services.hazard_list(hazard=row, reason="一周内见效", by=town.leader)
    with pytest.raises(ValidationError, match="已挂牌"):
        services.hazard_list(hazard=row, by=town.commander)
    row = services.hazard_pass(hazard=rectified(row, town), by=town.inspector2)
    assert (row.state, row.closed_at) == ("checked", None)
    with pytest.raises(PermissionDenied):
        services.hazard_release(hazard=row, by=town.inspector)
    back = services.hazard_send_back(hazard=row, reason="再固化", by=town.leader)
    assert (back.state, back.checked_by) == ("ordered", None)
    row = services.hazard_pass(hazard=rectified(back, town), by=town.inspector2)
    row = services.hazard_release(hazard=row, note="达标", by=town.commander)
    assert (row.state, row.released_by) == ("closed", town.commander)


def test_a_hazard_is_withdrawn_only_with_a_reason(town: District, found: Hazard) -> None:
    with pytest.raises(ValidationError, match="理由"):
        services.hazard_withdraw(hazard=found, reason="  ", by=town.officer)
    row = services.hazard_withdraw(hazard=found, reason="临时卸货，已离开", by=town.officer)
    assert row.state == "withdrawn"
    assert any("已撤销" in title for title in told(town.inspector))
    with pytest.raises(IllegalStep, match="已撤销"):
        ordered(row, town)


def test_another_side_takes_it_over_and_the_first_no_longer_sees_it(town: District, found: Hazard) -> None:
    row = ordered(found, town)
    office = Organisation.objects.create(name="东街道办事处", kind=Organisation.Kind.STREET, area=town.street)
    row = services.hazard_reassign(
        hazard=row, reason="公共通道", organisation=office, contact_name="刘主任", by=town.inspector
    )
    assert (row.enterprise, row.organisation, row.contact_name, row.contact_phone) == (None, office, "刘主任", "")
    assert not Hazard.objects.visible_to(town.maker).filter(pk=row.pk).exists()
    with pytest.raises(PermissionDenied):
        rectified(row, town)
    with pytest.raises(ValidationError, match="由谁整改"):
        services.hazard_reassign(hazard=row, reason="无主", by=town.inspector)


def test_the_deadline_is_the_law_rows_of_the_level_on_that_day(town: District, found: Hazard) -> None:
    LawRule.objects.filter(code="hazard_deadlines_major").update(
        value={
            "order_hours": 1,
            "rectify_days": 5,
            "again_days": 2,
            "recheck_days": 1,
            "extend_days": 2,
            "remind_days": [1],
        }
    )
    row = ordered(found, town, level="major")
    assert timezone.localtime(row.due_at).date() == timezone.localdate() + timedelta(days=5)
    with pytest.raises(ValidationError, match="今天或以后"):
        services.hazard_order(
            hazard=services.hazard_report(
                description="x", source="patrol", category=town.category, enterprise=town.firm, by=town.inspector
            ),
            requirement="清除",
            due_on=timezone.localdate() - timedelta(days=1),
            by=town.inspector,
        )


def test_the_area_is_the_smallest_that_holds_the_point(town: District) -> None:
    usual: dict[str, Any] = {"description": "路面下陷", "source": "patrol", "category": town.category}
    spot = Point(114.45, 22.65, srid=4490)
    row = services.hazard_report(location=spot, by=town.officer, **usual)
    assert row.area == town.other_street
    with pytest.raises(ValidationError, match="区域"):
        services.hazard_report(by=town.officer, **usual)
    with pytest.raises(ValidationError, match="区域"):
        services.hazard_report(location=spot, by=town.inspector, **usual)
    with pytest.raises(PermissionDenied):
        services.hazard_report(area=town.other_street, by=town.inspector, **usual)


def test_an_enterprise_reports_its_own_and_an_official_never_speaks_for_a_camera(town: District) -> None:
    row = services.hazard_report(description="配电箱门缺失", source="self_check", category=town.category, by=town.maker)
    assert (row.enterprise, row.organisation, row.area) == (town.firm, town.firm.organisation, town.street)
    for by, source in ((town.maker, "inspection"), (town.inspector, "video"), (town.team, "patrol")):
        with pytest.raises(PermissionDenied):
            services.hazard_report(description="x", source=source, category=town.category, by=by, enterprise=town.firm)


def test_numbers_count_within_the_year(town: District, found: Hazard) -> None:
    usual: dict[str, Any] = {"source": "patrol", "category": town.category, "enterprise": town.firm}
    second = services.hazard_report(description="灭火器过期", by=town.inspector, **usual)
    year = timezone.localtime(found.found_at).year
    assert [found.number, second.number] == [f"YH{year}-000001", f"YH{year}-000002"]
