"""The packed store: a log of batches, chunks of one series and day, files of months that are over."""

from typing import Any

import numpy as np
from django.db import migrations

STORE = """
create table monitoring_readinglog (
    position bigint generated always as identity primary key,
    at timestamptz not null default clock_timestamp(),
    first_time bigint not null,
    last_time bigint not null,
    number int not null,
    data bytea not null
);
create table monitoring_readingchunk (
    id bigint generated always as identity,
    series_id bigint not null,
    first_time bigint not null,
    last_time bigint not null,
    number int not null,
    data bytea not null
);
create index monitoring_readingchunk_range on monitoring_readingchunk (series_id, last_time);
create index monitoring_readingchunk_id on monitoring_readingchunk (id);
create index monitoring_readingchunk_age on monitoring_readingchunk using brin (last_time);
create table monitoring_readingfile (
    id bigint generated always as identity primary key,
    block bigint not null,
    month bigint not null,
    path text not null unique,
    first_time bigint not null,
    last_time bigint not null,
    number bigint not null,
    bytes bigint not null,
    unique (block, month)
);
create table monitoring_storestate (id smallint primary key check (id = 1), folded bigint not null);
insert into monitoring_storestate values (1, 0);
alter table monitoring_readinglog alter data set storage external;
alter table monitoring_readingchunk alter data set storage external, set (
    toast_tuple_target = 8160, autovacuum_vacuum_scale_factor = 0.05);
alter table monitoring_readinglog set (
    autovacuum_vacuum_threshold = 200, autovacuum_vacuum_scale_factor = 0, toast.autovacuum_vacuum_threshold = 2000,
    toast.autovacuum_vacuum_scale_factor = 0);
"""
UNDO = """
drop table monitoring_readinglog, monitoring_readingchunk, monitoring_readingfile, monitoring_storestate;
create table monitoring_reading (
    series_id bigint not null,
    time bigint not null,
    value double precision not null,
    state smallint not null,
    primary key (series_id, time)
) partition by range (time);
create table monitoring_reading_other partition of monitoring_reading default;
"""
PIECE = 200_000


def move(apps: Any, editor: Any) -> None:
    """Rows become rows of the log."""
    from anlan.monitoring import store

    with editor.connection.cursor() as cursor:
        last = (-(2**63), -(2**63))
        while True:
            cursor.execute(
                "select series_id, time, value, state from monitoring_reading"
                " where (series_id, time) > (%s, %s) order by series_id, time limit %s",
                [*last, PIECE],
            )
            rows = cursor.fetchall()
            if not rows:
                break
            series, time, value, state = zip(*rows, strict=True)
            store.append(np.array(series), np.array(time), np.array(value, float), np.array(state, np.uint8))
            last = rows[-1][:2]
        cursor.execute("drop table monitoring_reading")


class Migration(migrations.Migration):
    dependencies = [("monitoring", "0002_store")]
    operations = [
        migrations.RunSQL(STORE, UNDO),
        migrations.RunPython(move, migrations.RunPython.noop),
    ]
