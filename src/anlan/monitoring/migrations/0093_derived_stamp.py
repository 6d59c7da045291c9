"""A change of what is computed is a change of the registry: every writer takes it up with its next batch."""

from django.db import migrations, models

FORWARD = """
create trigger monitoring_registry_changed
    after insert or update or delete or truncate on monitoring_derivedseries
    for each statement execute function monitoring_registry_changed();
"""
BACK = "drop trigger monitoring_registry_changed on monitoring_derivedseries;"


class Migration(migrations.Migration):
    dependencies = [("monitoring", "0092_rule_spans")]
    operations = [
        migrations.RunSQL(FORWARD, BACK),
        *(
            migrations.AlterField(
                model,
                "max_age_minutes",
                models.PositiveIntegerField(
                    default=15,
                    help_text="各指标到齐才计算;读数早于这么久的指标不再等,也不算",
                    verbose_name="最大时差(分钟)",
                ),
            )
            for model in ("derivedseries", "historicalderivedseries")
        ),
    ]
