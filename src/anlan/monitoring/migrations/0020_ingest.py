"""What writers need to judge from memory: the journal of the kernel's state, and a version of the registry."""

from django.db import migrations

JOURNAL = """
create table monitoring_statejournal (
    id bigint generated always as identity primary key,
    position bigint not null,
    whole boolean not null,
    series bytea not null,
    state bytea not null,
    rules bytea not null
);
alter table monitoring_statejournal
    alter series set storage external, alter state set storage external, alter rules set storage external;
"""

STAMP = """
create table monitoring_registrystamp (id smallint primary key check (id = 1), version bigint not null);
insert into monitoring_registrystamp values (1, 0);
create function monitoring_registry_changed() returns trigger language plpgsql as $$
begin
    update monitoring_registrystamp set version = greatest(version + 1, txid_current() * 1000);
    return null;
end $$;
create trigger monitoring_registry_changed
    after insert or delete or truncate
        or update of code, protocol, kind, area_id on monitoring_device
    for each statement execute function monitoring_registry_changed();
create trigger monitoring_registry_changed
    after delete or truncate or update of device_id, key on monitoring_series
    for each statement execute function monitoring_registry_changed();
"""

UNDO = """
drop trigger monitoring_registry_changed on monitoring_series;
drop trigger monitoring_registry_changed on monitoring_device;
drop function monitoring_registry_changed();
drop table monitoring_registrystamp;
drop table monitoring_statejournal;
"""


class Migration(migrations.Migration):
    dependencies = [("monitoring", "0010_packed_store")]
    operations = [
        migrations.RunSQL([JOURNAL, STAMP], UNDO),
        migrations.RemoveField("series", "state"),
    ]
