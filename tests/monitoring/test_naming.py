"""Quantities are called by the words of the national code tables."""

import pytest

from anlan.monitoring.naming import series_name


@pytest.mark.parametrize(
    ("protocol", "key", "name"),
    [
        ("sl651", "20", "当前降水量"),
        ("sl651", "45:2", "水位超限"),
        ("sl651", "45:x", ""),
        ("hj212", "a21028-Rtd", "硫化氢"),
        ("hj212", "011-Avg", "化学需氧量平均值"),
        ("hj212", "zz-Rtd", ""),
        ("gb26875", "part-1-3-393433:fire", "系统1-3 部件393433 火警"),
        ("gb26875", "unit:link", "传输装置通信故障"),
        ("json", "lel", "可燃气体浓度"),
        ("json", "whatever", ""),
    ],
)
def test_a_series_is_named_by_its_code(protocol: str, key: str, name: str) -> None:
    assert series_name(protocol, key) == name
