"""Writers look again at the registry when a device leaves service or returns to it."""

from django.db import migrations

AGAIN = """
drop trigger monitoring_registry_changed on monitoring_device;
create trigger monitoring_registry_changed
    after insert or delete or truncate
        or update of code, protocol, kind, area_id{more} on monitoring_device
    for each statement execute function monitoring_registry_changed();
"""


class Migration(migrations.Migration):
    dependencies = [("monitoring", "0070_rules_and_life")]
    operations = [migrations.RunSQL(AGAIN.format(more=", life"), AGAIN.format(more=""))]
