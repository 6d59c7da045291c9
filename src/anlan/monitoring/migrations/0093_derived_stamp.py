"""A change of what is computed is a change of the registry: every writer takes it up with its next batch."""

from django.db import migrations

FORWARD = """
create trigger monitoring_registry_changed
    after insert or update or delete or truncate on monitoring_derivedseries
    for each statement execute function monitoring_registry_changed();
"""
BACK = "drop trigger monitoring_registry_changed on monitoring_derivedseries;"


class Migration(migrations.Migration):
    dependencies = [("monitoring", "0092_rule_spans")]
    operations = [migrations.RunSQL(FORWARD, BACK)]
