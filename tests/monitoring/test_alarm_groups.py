"""Every alarm is in exactly one group of the list."""

from datetime import datetime, timedelta

from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from anlan.monitoring.grouping import Standing, groups_of

Row = st.builds(
    lambda i, kind, level, minute, unseen, device, facility, area: Standing(
        i, kind, level, datetime(2026, 1, 1, tzinfo=timezone.get_current_timezone()) + timedelta(minutes=minute), unseen,
        (device, f"d{device}"), (facility, f"f{facility}"), (None, None), (area, f"a{area}"),
    ),
    st.just(0), st.integers(0, 2), st.integers(1, 4), st.integers(0, 200), st.booleans(), st.integers(1, 4),
    st.sampled_from([None, 1, 2]), st.integers(1, 2),
)  # fmt: skip


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.lists(Row, max_size=30))
def test_every_alarm_is_in_exactly_one_group_and_the_worst_stands_first(rows: list[Standing]) -> None:
    found = [row._replace(id=place + 1) for place, row in enumerate(rows)]
    groups = groups_of(found, 30)
    assert sorted(pk for group in groups for pk in group.ids) == [row.id for row in found]
    assert [g.level for g in groups] == sorted((g.level for g in groups), reverse=True)
    levels = {row.id: row.level for row in found}
    for group in groups:
        assert group.level == max(levels[pk] for pk in group.ids) == levels[group.ids[0]]
