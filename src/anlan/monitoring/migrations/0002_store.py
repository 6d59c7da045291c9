"""The readings' own table, the version of the rules, and a timeline that nobody rewrites."""

from django.db import migrations

STORE = """
create table monitoring_reading (
    series_id bigint not null,
    time bigint not null,
    value double precision not null,
    state smallint not null,
    primary key (series_id, time)
) partition by range (time);
create table monitoring_reading_other partition of monitoring_reading default;
"""

STAMP = """
create function monitoring_rules_changed() returns trigger language plpgsql as $$
begin
    insert into monitoring_rulestamp as stamp (id, version) values (1, txid_current() * 1000)
        on conflict (id) do update set version = greatest(stamp.version + 1, excluded.version);
    return null;
end $$;
create trigger monitoring_rules_changed
    after insert or update or delete or truncate on monitoring_thresholdrule
    for each statement execute function monitoring_rules_changed();
"""

TIMELINE = """
create function monitoring_timeline_kept() returns trigger language plpgsql as $$
begin
    raise exception 'the timeline of an alarm is never rewritten' using errcode = 'integrity_constraint_violation';
end $$;
create trigger monitoring_timeline_kept before update or delete on monitoring_alarmstep
    for each row execute function monitoring_timeline_kept();
"""

UNDO = """
drop trigger monitoring_timeline_kept on monitoring_alarmstep;
drop function monitoring_timeline_kept();
drop trigger monitoring_rules_changed on monitoring_thresholdrule;
drop function monitoring_rules_changed();
delete from monitoring_rulestamp;
drop table monitoring_reading;
"""


class Migration(migrations.Migration):
    dependencies = [("monitoring", "0001_initial")]
    operations = [migrations.RunSQL([STORE, STAMP, TIMELINE], UNDO)]
