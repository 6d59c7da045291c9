"""What a check found wrong with an aged file; empty where nothing is."""

from django.db import migrations

DAMAGE = "alter table monitoring_readingfile add column damage text not null default '';"
UNDO = "alter table monitoring_readingfile drop column damage;"


class Migration(migrations.Migration):
    dependencies = [("monitoring", "0170_calendar_of_rules")]
    operations = [migrations.RunSQL(DAMAGE, UNDO)]
