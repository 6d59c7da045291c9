import pytest

from anlan.vocab import units


@pytest.mark.parametrize(("chinese", "symbol"), [("毫米", "mm"), ("米", "m"), ("毫克/升", "mg/L"), ("无量纲", "1")])
def test_a_chinese_unit_has_a_symbol(chinese, symbol):
    assert units.symbol(chinese) == symbol


def test_a_symbol_is_its_own_symbol():
    assert [units.symbol(text) for text in ("mm", "%LEL", "MPa")] == ["mm", "%LEL", "MPa"]


def test_an_unknown_unit_has_none():
    assert units.symbol("公分") == units.UNKNOWN
