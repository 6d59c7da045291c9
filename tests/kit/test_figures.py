"""A figure opens to its definition, the moment it was counted, and its rows."""

import json
from datetime import date
from typing import Any

import pytest
from django.urls import reverse

from anlan.accounts.models import User
from anlan.kit.figures import Period, figure, figure_value, figures, year_period
from anlan.registry.models import Enterprise, Shelter
from anlan.site.cli import parser
from anlan.site.commands import export
from anlan.site.commands import figures as figures_command

from .conftest import District

pytestmark = pytest.mark.django_db


def shelters(district: District) -> None:
    for name, area, cameras in (("东馆", district.east, 3), ("西馆", district.west, 4)):
        Shelter.objects.create(
            name=name, area=area, category="indoor", capacity=10, cameras=cameras, manager_phone="13812345678"
        )


def test_a_figure_adds_up_the_rows_one_sees(district: District, admin: User, east_clerk: User) -> None:
    shelters(district)
    assert figure_value("shelter_cameras", admin, year_period()).value == 7
    assert figure_value("shelter_cameras", east_clerk, year_period()).value == 3
    assert figure_value("shelters", admin, year_period()).value == 2


def test_closed_firms_are_not_counted(district: District, admin: User) -> None:
    for number, status in enumerate(("operating", "suspended", "closed")):
        Enterprise.objects.create(
            name=status,
            credit_code=f"9144030000000000{number:02}",
            area=district.east,
            status=status,
            key_supervised=True,
        )
    assert figure_value("enterprises", admin, year_period()).value == 2
    assert figure_value("key_enterprises", admin, year_period()).value == 2


def test_an_empty_district_counts_nought(admin: User) -> None:
    assert {key: figure_value(key, admin, year_period()).value for key in ("team_members", "shelters")} == {
        "team_members": 0,
        "shelters": 0,
    }


def test_every_figure_says_in_words_what_it_counts(admin: User) -> None:
    for key in figures():
        value = figure_value(key, admin, year_period())
        assert not any(text.isascii() for text in (value.title, value.unit, value.definition)), key


def test_a_figure_is_declared_once() -> None:
    with pytest.raises(ValueError, match="twice"):
        figure("shelters", title="x", unit="x")(lambda user, period: Shelter.objects.all())


def test_a_year_is_its_first_to_its_last_day() -> None:
    assert year_period(2024) == Period(start=date(2024, 1, 1), end=date(2024, 12, 31))


def test_a_figure_on_the_page_leads_to_its_rows(district: District, admin: User, enter: Any) -> None:
    shelters(district)
    client = enter(admin)
    assert reverse("kit:figure", args=["shelter_cameras"]) in client.get(reverse("kit:figures")).content.decode()
    text = client.get(reverse("kit:figure", args=["shelter_cameras"])).content.decode()
    for word in ("东馆", "西馆", "口径", "统计于", "明细 2 条"):
        assert word in text
    assert "13812345678" not in text
    assert client.get(reverse("kit:figure", args=["none"])).status_code == 404
    assert client.get(reverse("kit:figures"), {"start": "2024-02-31", "end": "x"}).status_code == 200


def test_the_rows_behind_a_figure_are_those_of_ones_area(district: District, east_clerk: User, enter: Any) -> None:
    shelters(district)
    text = enter(east_clerk).get(reverse("kit:figure", args=["shelters"])).content.decode()
    assert "东馆" in text
    assert "西馆" not in text


def test_the_command_prints_figures_as_json(district: District, admin: User, capsys: Any) -> None:
    shelters(district)
    assert figures_command.run(parser().parse_args(["figures", "--json", "--year", "2026"])) == 0
    printed = {one["key"]: one for one in json.loads(capsys.readouterr().out)}
    assert printed["shelter_cameras"]["value"] == 7
    assert printed["shelter_cameras"]["start"] == "2026-01-01"


def test_the_command_exports_as_the_named_person_may_read(
    district: District, east_clerk: User, tmp_path: Any, capsys: Any
) -> None:
    shelters(district)
    out = tmp_path / "shelters.csv"
    words = ["export", "registry.shelter", "--fields", "name,manager_phone", "--format", "csv", "--out", str(out)]
    assert export.run(parser().parse_args([*words, "--as", east_clerk.username])) == 0
    assert out.read_text("utf-8-sig").split() == ["名称,管理员电话", "东馆,138****5678"]
    assert export.run(parser().parse_args(["export", "registry.nothing"])) == 2
    assert export.run(parser().parse_args([*words[:3], "colour"])) == 2
    assert "registry.shelter" in capsys.readouterr().err
