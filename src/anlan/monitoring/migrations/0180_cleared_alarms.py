from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("monitoring", "0171_damaged_files"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="alarm",
            index=models.Index(
                fields=["-raised_at", "-id"],
                condition=models.Q(("cleared_at__isnull", False)),
                name="alarm_cleared",
            ),
        ),
    ]
