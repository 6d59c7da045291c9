"""A change of the holidays table makes every writer read the rules again."""

from django.db import migrations

CALENDAR = """
create trigger monitoring_calendar_changed
    after insert or update or delete or truncate on monitoring_calendarday
    for each statement execute function monitoring_rules_changed();
"""
UNDO = "drop trigger monitoring_calendar_changed on monitoring_calendarday;"


class Migration(migrations.Migration):
    dependencies = [("monitoring", "0150_forecasts")]
    operations = [migrations.RunSQL(CALENDAR, UNDO)]
