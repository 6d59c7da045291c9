"""Law data that nobody's change is lost in, and notices that reach whom they should."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.urls import reverse

from anlan.accounts.models import User
from anlan.kit.inbox import addresses_of, notice_read, notices_of, unread_of
from anlan.kit.law import NoSuchRule, law_value
from anlan.kit.law_load import law_files, law_load
from anlan.kit.models import LawRule, Notice
from anlan.kit.notices import notice_send

from .conftest import District

pytestmark = pytest.mark.django_db

ENTRY = {"code": "tea", "name": "茶歇", "value": {"minutes": 5}, "unit": "分钟", "valid_from": "2020-01-01",
         "valid_to": None, "source": "本单位", "clause": "", "verified": "own"}  # fmt: skip


def written(path: Path, **changes: Any) -> list[Path]:
    path.write_text(json.dumps([ENTRY | changes]))
    return [path]


def test_the_law_that_ships_is_there_after_migration() -> None:
    assert law_value("first_report") == {"minutes": 5, "chase_minutes": [3, 5]}
    assert [grade["name"] for grade in law_value("accident_grade_493")] == [
        "特别重大事故", "重大事故", "较大事故", "一般事故"
    ]  # fmt: skip
    assert LawRule.objects.get(code="first_report").verified == LawRule.Verified.OWN


def test_loading_twice_changes_nothing() -> None:
    before = LawRule.objects.count()
    assert law_load() == {"added": 0, "renewed": 0, "kept": before}


def test_a_row_nobody_touched_is_renewed_and_a_changed_one_kept(tmp_path: Path) -> None:
    path = tmp_path / "law.json"
    assert law_load(written(path))["added"] == 1
    assert law_load(written(path, value={"minutes": 7}))["renewed"] == 1
    assert law_value("tea") == {"minutes": 7}
    LawRule.objects.filter(code="tea").update(value={"minutes": 9})
    assert law_load(written(path, value={"minutes": 8}))["kept"] == 1
    assert law_value("tea") == {"minutes": 9}


def test_a_rule_is_in_force_from_its_first_to_its_last_day(tmp_path: Path) -> None:
    law_load(written(tmp_path / "a.json", valid_to="2020-12-31"))
    assert law_value("tea", at=date(2020, 12, 31)) == {"minutes": 5}
    with pytest.raises(NoSuchRule):
        law_value("tea", at=date(2021, 1, 1))


def test_every_rule_that_ships_says_where_it_stands() -> None:
    entries = [entry for path in law_files() for entry in json.loads(path.read_text("utf-8"))]
    assert len({(entry["code"], entry["valid_from"]) for entry in entries}) == len(entries)
    for entry in entries:
        assert entry["source"]
        assert entry["verified"] in LawRule.Verified.values


def test_a_notice_reaches_a_person_by_number_and_by_role_in_their_area_or_above(
    east_clerk: User, reader: User, district: District
) -> None:
    assert f"role:street@{district.district.code}" in addresses_of(east_clerk)
    for address in (f"user:{east_clerk.pk}", "role:street@990001", "role:street@990001001", "role:street@990001002",
                    "role:leader@990001", f"user:{reader.pk}"):  # fmt: skip
        notice_send(address=address, title=address)
    assert {notice.title for notice in notices_of(east_clerk)} == {
        f"user:{east_clerk.pk}", "role:street@990001", "role:street@990001001"
    }  # fmt: skip


def test_a_notice_to_a_role_is_read_by_each_for_themselves(east_clerk: User, district: District) -> None:
    other = User.objects.create(username="二号", role="street", area=district.east)
    notice = notice_send(address="role:street@990001001", title="开会")
    notice_read(notice=notice, user=east_clerk)
    assert not unread_of(east_clerk).exists()
    assert unread_of(other).count() == 1


def test_the_bell_counts_and_reading_goes_where_the_notice_points(east_clerk: User, enter: Any) -> None:
    client = enter(east_clerk)
    unread = reverse("kit:notices_unread")
    assert client.get(unread).content == b""
    one = notice_send(address=f"user:{east_clerk.pk}", title="看图", url="/map/")
    two = notice_send(address=f"user:{east_clerk.pk}", title="外面", url="https://example.org/")
    assert client.get(unread).content == b"2"
    assert "看图" in client.get(reverse("kit:notices")).content.decode()
    assert client.post(reverse("kit:notice_read", args=[one.pk])).headers["Location"] == "/map/"
    assert client.post(reverse("kit:notice_read", args=[two.pk])).headers["Location"] == reverse("kit:notices")
    assert client.get(unread).content == b""
    one.refresh_from_db()
    assert one.state == Notice.State.READ


def test_all_can_be_read_at_once_and_others_notices_cannot(east_clerk: User, reader: User, enter: Any) -> None:
    foreign = notice_send(address=f"user:{reader.pk}", title="别人的")
    notice_send(address=f"user:{east_clerk.pk}", title="自己的")
    client = enter(east_clerk)
    assert client.post(reverse("kit:notice_read", args=[foreign.pk])).status_code == 404
    client.post(reverse("kit:notices_read_all"))
    assert not unread_of(east_clerk).exists()
    assert unread_of(reader).count() == 1
