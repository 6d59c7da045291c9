"""A rule's one span of the week becomes one of several."""

from typing import Any

from django.db import migrations, models

OLD = ("schedule_days", "schedule_start", "schedule_end")


def span_of(told: dict[str, Any]) -> list[dict[str, str]]:
    """The spans of what the three fields held; clocks are times or "08:00"."""
    days, start, end = (told.get(name) or "" for name in OLD)
    row = {"days": days, "from": str(start)[:5], "to": str(end)[:5].replace("00:00", "24:00")}
    return [{name: value for name, value in row.items() if value}] if any(row.values()) else []


def forward(apps: Any, schema_editor: Any) -> None:
    for name in ("ThresholdRule", "HistoricalThresholdRule"):
        model = apps.get_model("monitoring", name)
        for row in model.objects.exclude(schedule_days="", schedule_start=None, schedule_end=None):
            model.objects.filter(pk=row.pk).update(spans=span_of(vars(row)))
    for proposal in apps.get_model("monitoring", "RuleProposal").objects.select_related("rule"):
        if changed := {name: proposal.changes.pop(name) for name in OLD if name in proposal.changes}:
            proposal.changes["spans"] = span_of((vars(proposal.rule) if proposal.rule else {}) | changed)
            proposal.save(update_fields=["changes"])


class Migration(migrations.Migration):
    dependencies = [("monitoring", "0091_kinds_of_devices")]
    operations = [
        *(
            migrations.AddField(model, "spans", models.JSONField(blank=True, default=list, verbose_name="生效时段"))
            for model in ("thresholdrule", "historicalthresholdrule")
        ),
        migrations.RunPython(forward, migrations.RunPython.noop),
        *(
            migrations.RemoveField(model, name)
            for model in ("thresholdrule", "historicalthresholdrule")
            for name in OLD
        ),
    ]
