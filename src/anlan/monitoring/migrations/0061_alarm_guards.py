"""What is suppressed has a version, and windows of one device, facility or area never overlap."""

from django.db import migrations

STAMP = """
create function monitoring_suppression_changed() returns trigger language plpgsql as $$
begin
    insert into monitoring_suppressionstamp as stamp (id, version) values (1, txid_current() * 1000)
        on conflict (id) do update set version = greatest(stamp.version + 1, excluded.version);
    return null;
end $$;
create trigger monitoring_suppression_changed
    after insert or update or delete or truncate on monitoring_suppression
    for each statement execute function monitoring_suppression_changed();
create trigger monitoring_suppression_changed
    after insert or update or delete or truncate on monitoring_causerule
    for each statement execute function monitoring_suppression_changed();
"""

OVERLAP = """
alter table monitoring_maintenancewindow
    add constraint window_device_overlap exclude using gist (
        int8range(device_id, device_id, '[]') with &&, tstzrange(starts_at, ends_at) with &&
    ) where (device_id is not null and cancelled_at is null),
    add constraint window_facility_overlap exclude using gist (
        int8range(facility_id, facility_id, '[]') with &&, tstzrange(starts_at, ends_at) with &&
    ) where (facility_id is not null and cancelled_at is null),
    add constraint window_area_overlap exclude using gist (
        int8range(area_id, area_id, '[]') with &&, tstzrange(starts_at, ends_at) with &&
    ) where (device_id is null and facility_id is null and cancelled_at is null);
"""

ANNOUNCED = "update monitoring_alarm set announced_at = arrived_at where announced_at is null;"

UNDO = """
alter table monitoring_maintenancewindow
    drop constraint window_device_overlap, drop constraint window_facility_overlap, drop constraint window_area_overlap;
drop trigger monitoring_suppression_changed on monitoring_suppression;
drop trigger monitoring_suppression_changed on monitoring_causerule;
drop function monitoring_suppression_changed();
"""


class Migration(migrations.Migration):
    dependencies = [("monitoring", "0060_alarms")]
    operations = [migrations.RunSQL([STAMP, OVERLAP, ANNOUNCED], UNDO)]
