"""Every alarm is in exactly one group of the list."""

from itertools import pairwise

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from anlan.monitoring.grouping import Standing, clusters_of

Row = st.builds(
    lambda i, kind, level, minute, unseen, device, facility, area: Standing(
        i, kind, level, minute * 60.0, unseen, device, facility, None, area
    ),
    st.just(0), st.integers(0, 2), st.integers(1, 4), st.integers(0, 200), st.booleans(), st.integers(1, 4),
    st.sampled_from([None, 1, 2]), st.integers(1, 2),
)  # fmt: skip


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.lists(Row, max_size=30))
def test_every_alarm_is_in_exactly_one_group_and_the_worst_stands_first(rows: list[Standing]) -> None:
    found = [row._replace(id=place + 1) for place, row in enumerate(sorted(rows, key=lambda row: row.at))]
    clusters = clusters_of(found, 30)
    assert sorted(row.id for cluster in clusters for row in cluster.rows) == [row.id for row in found]
    assert [one.level for one in clusters] == sorted((one.level for one in clusters), reverse=True)
    for cluster in clusters:
        assert len({getattr(row, cluster.place) for row in cluster.rows}) == 1
        assert all(row.at - before.at <= 1800 for before, row in pairwise(cluster.rows))
