"""Areas stand below one another in four levels."""

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from anlan.accounts.models import Area

pytestmark = pytest.mark.django_db
Areas = dict[str, Area]


def test_a_path_holds_the_codes_from_the_district_down(areas: Areas) -> None:
    assert areas["g1"].path == "440310.440310001.440310001001.44031000100101."


def test_a_new_code_carries_everything_below_along(areas: Areas) -> None:
    areas["s1"].code = "440310009"
    areas["s1"].full_clean()
    areas["s1"].save()
    areas["g1"].refresh_from_db()
    areas["s2"].refresh_from_db()
    assert areas["g1"].path == "440310.440310009.440310001001.44031000100101."
    assert areas["s2"].path == "440310.440310002."


def test_moving_an_area_moves_everything_below_it(areas: Areas) -> None:
    areas["c1"].parent = areas["s2"]
    areas["c1"].save(update_fields=["parent"])
    areas["g2"].refresh_from_db()
    assert areas["g2"].path == "440310.440310002.440310001001.44031000100102."


@pytest.mark.parametrize(
    ("level", "parent"), [("district", "d"), ("street", None), ("community", "d"), ("grid", "s1"), ("street", "c1")]
)
def test_an_area_stands_exactly_one_level_below_its_parent(areas: Areas, level: str, parent: str | None) -> None:
    area = Area(code="9", name="错位", level=level, parent=areas[parent] if parent else None)
    with pytest.raises(ValidationError, match="上级区域必须正好高一级"):
        area.full_clean()
    with pytest.raises(IntegrityError), transaction.atomic():
        area.save()


def test_an_area_is_not_closed_before_it_opens() -> None:
    area = Area(code="9", name="旧区", level="district", valid_from="2023-01-01", valid_to="2022-12-31")
    with pytest.raises(ValidationError, match="停用日期不能早于启用日期"):
        area.full_clean()
    with pytest.raises(IntegrityError), transaction.atomic():
        area.save()


@pytest.mark.parametrize("code", ["4403.10", "44 03", "区一", "44%"])
def test_a_code_that_would_break_the_path_is_refused(code: str) -> None:
    with pytest.raises(ValidationError, match="区划代码只能由数字和字母组成"):
        Area(code=code, name="错码", level="district").full_clean()
