"""Imports and exports: every bad cell is named in words, hostile files are refused, nothing is half done."""

import io
import zipfile
from collections.abc import Sequence
from typing import Any

import openpyxl
import pytest
from django.urls import reverse
from django.utils.translation import override

from anlan.accounts.models import User
from anlan.kit.entities import Entity, entity_of
from anlan.kit.exchange.columns import import_columns
from anlan.kit.exchange.exports import rows_export
from anlan.kit.exchange.imports import ImportReport, rows_import
from anlan.kit.exchange.sheets import SheetError, csv_written, sheet_read, xlsx_written
from anlan.kit.signals import rows_imported
from anlan.registry.models import Person, Shelter, Team

from .conftest import District

pytestmark = pytest.mark.django_db

HEADERS = ("名称", "所属区域", "专业类别", "人数", "队长电话", "经度", "纬度", "坐标系")
GOOD = ("东一队", "东街道", "消防灭火", 12, "13812345678", 114.34, 22.69, "")


def declared(model: Any) -> Entity:
    found = entity_of(model)
    assert found is not None
    return found


TEAM = declared(Team)


def bring(user: User, rows: Sequence[Sequence[Any]], headers: Sequence[str] = HEADERS, **how: Any) -> ImportReport:
    sheet = sheet_read(xlsx_written("队伍", headers, rows), "teams.xlsx")
    return rows_import(entity=TEAM, sheet=sheet, user=user, **({"rehearse": False} | how))


def test_a_rehearsal_counts_and_writes_nothing(admin: User, district: District) -> None:
    report = bring(admin, [GOOD], rehearse=True)
    assert (report.total, report.created, report.clean) == (1, 1, True)
    assert not Team.objects.exists()


def test_good_rows_come_in_with_history_and_who_brought_them(admin: User, district: District) -> None:
    told: list[Any] = []

    def note(sender: Any, created: list[int], **_more: Any) -> None:
        told.append(created)

    rows_imported.connect(note)
    bring(admin, [GOOD])
    rows_imported.disconnect(note)
    team = Team.objects.get()
    assert (team.name, team.area, team.discipline, team.members) == ("东一队", district.east, "fire", 12)
    assert team.location is not None
    assert (team.location.x, team.location.y, team.location.srid) == (114.34, 22.69, 4490)
    assert team.history.get().history_user == admin  # type: ignore[attr-defined]
    assert told == [[team.pk]]


@pytest.mark.parametrize(
    ("place", "value", "column", "words"),
    [
        (0, "", "名称", "必填"),
        (0, "长" * 121, "名称", "120"),
        (1, "北街道", "所属区域", "找不到"),
        (2, "打扫卫生", "专业类别", "可填:综合救援"),
        (3, "很多", "人数", "不是整数"),
        (3, -1, "人数", "0"),
        (5, "", "经度、纬度", "同时填写"),
        (5, 200, "经度、纬度", "经度须在"),
        (5, "东边", "经度、纬度", "不是数字"),
        (7, "火星", "经度、纬度", "坐标系只能是"),
    ],
)
def test_each_bad_cell_is_named_with_row_column_value_and_reason(
    place: int, value: Any, column: str, words: str, admin: User, district: District
) -> None:
    bad = [*GOOD[:place], value, *GOOD[place + 1 :]]
    report = bring(admin, [GOOD, ["另一队", *bad[1:]] if place else bad])
    (cell,) = report.bad
    assert (cell.row, cell.column) == (3, column)
    assert words in cell.why
    assert str(value)[:5] in cell.value
    assert not Team.objects.exists()


def test_the_good_rows_alone_come_in_when_that_is_chosen(admin: User, district: District) -> None:
    report = bring(admin, [GOOD, ("坏队", "没有的街道", "fire", 1, "", "", "", "")], partial=True)
    assert (report.created, report.bad_rows) == (1, 1)
    assert [team.name for team in Team.objects.all()] == ["东一队"]


def test_wrong_columns_are_named_in_one_sentence(admin: User, district: District) -> None:
    with pytest.raises(SheetError, match=r"缺少列:专业类别、所属区域.*不认识的列:颜色.*重复的列:名称") as fault:
        bring(admin, [], headers=("名称", "颜色", "名称"))
    assert "人数" not in str(fault.value)


def test_a_row_with_a_known_key_is_renewed_and_an_equal_one_left_alone(admin: User, district: District) -> None:
    bring(admin, [GOOD])
    again = bring(admin, [GOOD])
    assert (again.created, again.updated, again.unchanged) == (0, 0, 1)
    changed = bring(admin, [(*GOOD[:3], 20, *GOOD[4:])])
    assert (changed.updated, Team.objects.get().members) == (1, 20)
    assert Team.objects.get().history.count() == 2  # type: ignore[attr-defined]


def test_columns_that_are_left_out_are_left_alone(admin: User, district: District) -> None:
    bring(admin, [GOOD])
    bring(admin, [GOOD[:3]], headers=HEADERS[:3])
    assert (Team.objects.get().members, Team.objects.get().leader_phone) == (12, "13812345678")


def test_a_key_that_stands_twice_in_the_sheet_is_told(admin: User, district: District) -> None:
    (cell,) = bring(admin, [GOOD, GOOD]).bad
    assert (cell.row, cell.column) == (3, "名称")
    assert "与第 2 行重复" in cell.why


def test_rows_of_another_area_are_neither_made_nor_touched(admin: User, east_clerk: User, district: District) -> None:
    bring(admin, [("西队", "西街道", *GOOD[2:])])
    report = bring(east_clerk, [("西队", "东街道", *GOOD[2:]), ("新队", "西街道", *GOOD[2:])])
    assert [(cell.column, cell.row) for cell in report.bad] == [("名称", 2), ("所属区域", 3)]
    assert Team.objects.get().area == district.west


def test_a_constraint_of_the_database_speaks_its_sentence(admin: User, district: District) -> None:
    sheet = sheet_read(csv_written(("名称", "所属区域", "类型", "可容纳人数", "已入住人数"),
                                   [("馆", "东街道", "室内", 10, 11)]), "s.csv")  # fmt: skip
    report = rows_import(entity=declared(Shelter), sheet=sheet, user=admin, rehearse=True)
    assert [cell.why for cell in report.bad] == ["已入住人数不能超过可容纳人数。"]


def test_an_export_comes_back_unchanged_even_with_covered_values(
    admin: User, east_clerk: User, district: District
) -> None:
    bring(admin, [GOOD])
    data = rows_export(entity=TEAM, rows=Team.objects.visible_to(east_clerk), user=east_clerk)
    assert b"13812345678" not in data
    sheet = sheet_read(data, "back.xlsx")
    assert "138****5678" in sheet.rows[0][1]
    report = rows_import(entity=TEAM, sheet=sheet, user=east_clerk, rehearse=False)
    assert (report.unchanged, report.bad) == (1, [])
    assert Team.objects.get().leader_phone == "13812345678"


def test_a_covered_value_is_refused_for_a_new_row(admin: User, district: District) -> None:
    (cell,) = bring(admin, [(*GOOD[:4], "138****5678", *GOOD[5:])]).bad
    assert "脱敏" in cell.why


def test_rows_without_a_key_are_found_by_their_number(admin: User, district: District) -> None:
    entity = declared(Person)
    one = Person.objects.create(name="甲", kind="official", area=district.east)
    data = rows_export(entity=entity, rows=Person.objects.all(), user=admin, fields=["id", "name", "kind", "area"])
    number, cells = sheet_read(data, "p.xlsx").rows[0]
    changed = csv_written(
        ("编号", "姓名", "人员类别", "所属区域"), [(cells[0], "乙", *cells[2:]), (999, "丙", *cells[2:])]
    )
    report = rows_import(entity=entity, sheet=sheet_read(changed, "p.csv"), user=admin, rehearse=False, partial=True)
    one.refresh_from_db()
    assert (number, one.name) == (2, "乙")
    assert "没有这个编号" in report.bad[0].why


def test_numbers_and_dates_are_read_as_people_type_them(admin: User, district: District) -> None:
    team = ("东一队", "990001001", "fire", "1,200", 13812345678.0, "114.34", "22.69", "cgcs2000")
    bring(admin, [team])
    assert (Team.objects.get().members, Team.objects.get().leader_phone) == (1200, "13812345678")


@pytest.mark.parametrize(
    ("data", "name", "words"),
    [
        (b"", "a.xlsx", "不是 .xlsx"),
        (b"%PDF-1.7", "a.xlsx", "不是 .xlsx"),
        (b"\xd0\xcf\x11\xe0" + b"\0" * 600, "a.xls", "另存为"),
        (b"", "a.csv", "没有内容"),
        (b"\xff\xfe\x00\xd8" * 5, "a.csv", "编码"),
    ],
)
def test_a_file_that_is_no_sheet_is_refused_in_words(data: bytes, name: str, words: str) -> None:
    with pytest.raises(SheetError, match=words):
        sheet_read(data, name)


def packed(**members: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as pack:
        for name, content in members.items():
            pack.writestr(name.replace("__", "/"), content)
    return out.getvalue()


def test_an_archive_that_is_no_workbook_or_a_broken_one_is_refused() -> None:
    with pytest.raises(SheetError, match="不是 Excel 工作簿"):
        sheet_read(packed(readme=b"x"), "a.xlsx")
    with pytest.raises(SheetError, match="已损坏"):
        sheet_read(packed(**{"xl__workbook.xml": b"<broken"}), "a.xlsx")


def test_a_small_archive_that_unpacks_to_something_vast_is_refused() -> None:
    bomb = packed(**{"xl__workbook.xml": b"x", "xl__bomb.xml": b"\0" * (310 * 1024 * 1024)})
    assert len(bomb) < 1024 * 1024
    with pytest.raises(SheetError, match="过大"):
        sheet_read(bomb, "a.xlsx")


@pytest.mark.parametrize("kind", ["xlsx", "csv"])
def test_text_that_a_spreadsheet_would_run_is_defused_and_comes_back_as_it_was(
    kind: str, admin: User, district: District
) -> None:
    bring(admin, [GOOD])
    Team.objects.update(equipment='=HYPERLINK("http://x")', leader_name="+86", address="@home")
    fields = ["name", "equipment", "leader_name", "address", "area", "discipline"]
    data = rows_export(entity=TEAM, rows=Team.objects.all(), user=admin, fields=fields, kind=kind)
    sheet = sheet_read(data, f"a.{kind}")
    risky = [cell for cell in sheet.rows[0][1] if str(cell).lstrip("'").startswith(("=", "+", "@"))]
    assert len(risky) == 3
    assert all(str(cell).startswith("'") for cell in risky)
    if kind == "xlsx":
        page = openpyxl.load_workbook(io.BytesIO(data)).worksheets[0]
        assert all(cell.data_type != "f" for row in page.iter_rows() for cell in row)
    report = rows_import(entity=TEAM, sheet=sheet, user=admin, rehearse=False)
    assert report.unchanged == 1


def test_twenty_thousand_rows_come_in_and_go_out(admin: User, district: District) -> None:
    rows = [(f"队{n}", "东街道", "fire", n % 90, f"138{n:08d}", 114.3, 22.6, "") for n in range(20_000)]
    rows[10_000] = ("队x", "东街道", "fire", "多", "", "", "", "")
    report = bring(admin, rows, partial=True)
    assert (report.created, report.bad_rows, report.bad[0].row) == (19_999, 1, 10_002)
    data = rows_export(entity=TEAM, rows=Team.objects.all(), user=admin, fields=["name", "members"], kind="csv")
    assert len(data.splitlines()) == 20_000


def upload(data: bytes, name: str = "teams.xlsx") -> io.BytesIO:
    file = io.BytesIO(data)
    file.name = name
    return file


def test_an_import_in_the_browser_rehearses_then_asks_then_writes(admin: User, district: District, enter: Any) -> None:
    client, address = enter(admin), reverse("admin:registry_team_import")
    bad = ("坏队", "没有的街道", "fire", 1, "", "", "", "")
    answer = client.post(address, {"file": upload(xlsx_written("队", HEADERS, [GOOD, bad]))})
    text = answer.content.decode()
    for word in ("第 3 行", "所属区域", "没有的街道", "找不到", "只导入没有错误的 1 行"):
        assert word in text
    assert not Team.objects.exists()
    done = client.post(address, {"token": answer.context["token"], "partial": "1"}, follow=True)
    assert "新增 1 行" in done.content.decode()
    assert "1 行有误未导入" in done.content.decode()
    assert Team.objects.count() == 1
    assert "已失效" in client.post(address, {"token": answer.context["token"]}).content.decode()


def test_a_rehearsed_file_cannot_be_taken_over_by_another_person(
    admin: User, east_clerk: User, district: District, enter: Any
) -> None:
    address = reverse("admin:registry_team_import")
    answer = enter(admin).post(address, {"file": upload(xlsx_written("队", HEADERS, [GOOD]))})
    taken = enter(east_clerk).post(address, {"token": answer.context["token"], "partial": "1"})
    assert "已失效" in taken.content.decode()
    assert not Team.objects.exists()


def test_a_wrong_file_in_the_browser_gets_a_sentence(admin: User, district: District, enter: Any) -> None:
    client, address = enter(admin), reverse("admin:registry_team_import")
    answer = client.post(address, {"file": upload(xlsx_written("队", ("名称", "颜色"), []))})
    assert "不认识的列:颜色" in answer.content.decode()
    assert "不是 .xlsx" in client.post(address, {"file": upload(b"hello")}).content.decode()


def test_only_what_was_queried_and_picked_is_exported(admin: User, district: District, enter: Any) -> None:
    bring(admin, [GOOD, ("西队", "西街道", *GOOD[2:]), ("东二队", *GOOD[1:])])
    client, address = enter(admin), reverse("admin:registry_team_export")
    queried = client.post(f"{address}?area={district.east.pk}", {"format": "csv", "fields": ["name"]})
    assert queried.content.decode("utf-8-sig").split() == ["名称", "东一队", "东二队"]
    picked = Team.objects.get(name="西队").pk
    answer = client.post(address, {"format": "csv", "fields": ["name"], "_selected_action": [picked]})
    assert answer.content.decode("utf-8-sig").split() == ["名称", "西队"]


def test_a_sheet_of_the_other_language_is_understood(admin: User, district: District) -> None:
    with override("en"):
        headers = [column.header for column in import_columns(TEAM)]
        report = bring(admin, [GOOD])
    assert report.created == 1
    assert "Longitude" in headers
    team = ["name", "discipline", "area", "Longitude", "Latitude"]
    assert bring(admin, [("西队", "fire", "西街道", 114.3, 22.6)], headers=team).created == 1
