"""The invented district: areas tile it exactly, at every level, whatever the seed."""

from random import Random

import pytest
import shapely
from django.contrib.gis.db.models import Union

from anlan.accounts.demo.areas import areas_make, layout
from anlan.accounts.demo.names import Names, organisation_check
from anlan.accounts.demo.tiling import Seed, grow, mesh, outlines
from anlan.accounts.models import Area
from anlan.kit.demo import DemoWorld
from anlan.vocab.codes import credit_fault

SLIVER = 1e-12
"""Square degrees: a hundredth of a square metre."""


@pytest.mark.parametrize("seed", [1, 2, 2026])
def test_regions_are_single_pieces_that_leave_no_gap_and_no_overlap(seed: int) -> None:
    ground = mesh(layout()["outline"], Random(seed))
    seeds = {
        code: Seed(lon=area["lon"], lat=area["lat"], pull=area["pull"])
        for code, area in layout()["areas"].items()
        if len(code) == 12
    }
    faces = list(outlines(ground, grow(ground, range(len(ground.cells)), seeds)).values())
    assert len(faces) == 25
    assert all(face.geom_type == "Polygon" and face.is_valid for face in faces)
    assert shapely.coverage_is_valid(faces)
    whole = shapely.coverage_union_all(faces)
    assert whole.geom_type == "Polygon"
    assert len(whole.interiors) == 0
    assert sum(face.area for face in faces) == pytest.approx(whole.area, abs=SLIVER)


@pytest.fixture
def areas(db: None) -> list[Area]:
    areas_make(DemoWorld())
    return list(Area.objects.all())


def test_the_district_has_the_codes_of_the_national_statistics_and_20_grids(areas: list[Area]) -> None:
    sizes = {level: sum(area.level == level for area in areas) for level in Area.Level.values}
    assert sizes == {"district": 1, "street": 7, "community": 25, "grid": 20}
    assert {area.name for area in areas if area.level == "district"} == {"坪山区"}
    assert all(area.code.startswith("440310") for area in areas)
    later = [area.name for area in areas if area.valid_from is not None]
    assert later == ["新和社区"]


def test_children_together_are_their_parent(areas: list[Area]) -> None:
    for parent in areas:
        children = Area.objects.filter(parent=parent)
        if not children:
            continue
        whole = children.aggregate(whole=Union("boundary"))["whole"]
        assert parent.boundary is not None
        assert whole.sym_difference(parent.boundary).area < SLIVER, parent.name
        parts = sum(child.boundary.area for child in children if child.boundary)
        assert parts == pytest.approx(parent.boundary.area, abs=SLIVER), parent.name


def test_every_path_leads_from_the_district_down(areas: list[Area]) -> None:
    by_id = {area.pk: area for area in areas}
    for area in areas:
        above = by_id[area.parent_id].path if area.parent_id else ""
        assert area.path == f"{above}{area.code}."


def test_the_district_lies_where_it_should(areas: list[Area]) -> None:
    (district,) = [area for area in areas if area.level == "district"]
    assert district.boundary is not None
    west, south, east, north = district.boundary.extent
    assert west > 114.26 - 0.01
    assert south > 22.61 - 0.01
    assert east < 114.44 + 0.01
    assert north < 22.77 + 0.01


def test_invented_credit_codes_are_valid_and_never_repeat() -> None:
    names = Names(Random(3), series="4")
    codes = [names.credit_code("91") for _ in range(500)]
    assert len(set(codes)) == 500
    assert all(credit_fault(code) is None for code in codes)
    assert all(organisation_check(code[8:16]) == code[16] for code in codes)


def test_the_organisation_code_check_agrees_with_a_known_firm_code() -> None:
    assert organisation_check("70846113") == "6"


def test_invented_trade_names_hold_no_known_firm() -> None:
    names = Names(Random(4), series="4")
    assert not any(known in names.trade() for known in ("比亚迪", "蓝天", "华为") for _ in range(300))
