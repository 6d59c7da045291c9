"""Rules of areas, proposals and their rehearsals, dynamic bounds, forecasts, derived series, a device's life."""

import django.db.models.deletion
import simple_history.models
from django.conf import settings
from django.db import migrations, models

BOUNDS = """
create trigger monitoring_bounds_changed
    after insert or update or delete or truncate on monitoring_dynamicbound
    for each statement execute function monitoring_rules_changed();
create function monitoring_area_rules_moved() returns trigger language plpgsql as $$
begin
    if exists (select 1 from monitoring_thresholdrule where area_id is not null) then
        insert into monitoring_rulestamp as stamp (id, version) values (1, txid_current() * 1000)
            on conflict (id) do update set version = greatest(stamp.version + 1, excluded.version);
    end if;
    return null;
end $$;
create trigger monitoring_devices_moved
    after insert or update of area_id, kind on monitoring_device
    for each statement execute function monitoring_area_rules_moved();
create trigger monitoring_devices_retired
    after update of life on monitoring_device
    for each statement execute function monitoring_rules_changed();
do $$ begin
    if exists (select from pg_proc where proname = 'monitoring_registry_changed') then
        create trigger monitoring_registry_life_changed after update of life on monitoring_device
            for each statement execute function monitoring_registry_changed();
    end if;
end $$;
create trigger monitoring_areas_moved
    after update of path on accounts_area
    for each statement execute function monitoring_area_rules_moved();
"""

UNDO = """
drop trigger monitoring_areas_moved on accounts_area;
drop trigger if exists monitoring_registry_life_changed on monitoring_device;
drop trigger monitoring_devices_retired on monitoring_device;
drop trigger monitoring_devices_moved on monitoring_device;
drop function monitoring_area_rules_moved();
drop trigger monitoring_bounds_changed on monitoring_dynamicbound;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0003_people_and_area_rules"),
        ("monitoring", "0061_alarm_guards"),
        ("registry", "0002_industry_names"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Commissioning",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField(auto_now_add=True, verbose_name="验收时间")),
                ("checks", models.JSONField(verbose_name="检查结果")),
                ("failed", models.PositiveSmallIntegerField(default=0, verbose_name="不合格项")),
                ("note", models.CharField(blank=True, max_length=500, verbose_name="说明")),
            ],
            options={
                "verbose_name": "设备验收",
                "verbose_name_plural": "设备验收",
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="DerivedSeries",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=60, unique=True, verbose_name="名称")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("difference", "差值(第一减第二)"),
                            ("ratio", "比值(第一除以第二)"),
                            ("drift", "与邻近站中位数之差"),
                        ],
                        max_length=12,
                        verbose_name="算法",
                    ),
                ),
                (
                    "radius_km",
                    models.FloatField(
                        default=3, help_text="只用于邻近站:同类设备的同一指标,至少要两个", verbose_name="邻近半径(公里)"
                    ),
                ),
                ("key", models.CharField(max_length=60, verbose_name="指标代码")),
                ("unit", models.CharField(blank=True, max_length=20, verbose_name="单位")),
                (
                    "max_age_minutes",
                    models.PositiveIntegerField(
                        default=15, help_text="另一指标的读数早于这么久就不算", verbose_name="最大时差(分钟)"
                    ),
                ),
                ("active", models.BooleanField(default=True, verbose_name="启用")),
            ],
            options={
                "verbose_name": "计算指标",
                "verbose_name_plural": "计算指标",
                "ordering": ["id"],
            },
        ),
        migrations.CreateModel(
            name="DynamicBound",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("profile", models.JSONField(verbose_name="各时段常值")),
                ("raise_at", models.FloatField(null=True, verbose_name="动态触发值")),
                ("clear_at", models.FloatField(null=True, verbose_name="动态解除值")),
                ("hour", models.PositiveSmallIntegerField(default=0, verbose_name="时段")),
                ("readings", models.PositiveIntegerField(default=0, verbose_name="所据读数")),
                ("computed_at", models.DateTimeField(verbose_name="计算时间")),
            ],
            options={
                "verbose_name": "动态阈值",
                "verbose_name_plural": "动态阈值",
            },
        ),
        migrations.CreateModel(
            name="Forecast",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "level",
                    models.PositiveSmallIntegerField(
                        choices=[(0, "正常"), (1, "蓝色"), (2, "黄色"), (3, "橙色"), (4, "红色")],
                        verbose_name="将到级别",
                    ),
                ),
                ("limit", models.FloatField(verbose_name="触发值")),
                ("sign", models.SmallIntegerField(default=1)),
                ("made_at", models.BigIntegerField(verbose_name="发出时间")),
                ("revised_at", models.BigIntegerField(verbose_name="修订时间")),
                ("early_at", models.BigIntegerField(null=True, verbose_name="最早")),
                ("due_at", models.BigIntegerField(null=True, verbose_name="预计越线时间")),
                ("late_at", models.BigIntegerField(null=True, verbose_name="最晚")),
                ("until", models.BigIntegerField(verbose_name="预测截止")),
                ("chance", models.FloatField(default=0, verbose_name="越线可能")),
                ("path", models.JSONField(default=list)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("standing", "预测中"),
                            ("withdrawn", "已撤回待评"),
                            ("hit", "命中"),
                            ("false", "空报"),
                            ("miss", "漏报"),
                        ],
                        default="standing",
                        max_length=10,
                        verbose_name="结果",
                    ),
                ),
                ("crossed_at", models.BigIntegerField(null=True, verbose_name="实际越线时间")),
                ("settled_at", models.DateTimeField(null=True, verbose_name="评定时间")),
            ],
            options={
                "verbose_name": "越线预测",
                "verbose_name_plural": "越线预测",
                "ordering": ["-made_at"],
            },
        ),
        migrations.CreateModel(
            name="ForecastRun",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField(verbose_name="运行时间")),
                ("outcomes", models.JSONField(verbose_name="结果")),
                ("seconds", models.FloatField(verbose_name="用时(秒)")),
            ],
            options={
                "verbose_name": "预测运行",
                "verbose_name_plural": "预测运行",
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="HistoricalDerivedSeries",
            fields=[
                ("id", models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name="ID")),
                ("name", models.CharField(db_index=True, max_length=60, verbose_name="名称")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("difference", "差值(第一减第二)"),
                            ("ratio", "比值(第一除以第二)"),
                            ("drift", "与邻近站中位数之差"),
                        ],
                        max_length=12,
                        verbose_name="算法",
                    ),
                ),
                (
                    "radius_km",
                    models.FloatField(
                        default=3, help_text="只用于邻近站:同类设备的同一指标,至少要两个", verbose_name="邻近半径(公里)"
                    ),
                ),
                ("key", models.CharField(max_length=60, verbose_name="指标代码")),
                ("unit", models.CharField(blank=True, max_length=20, verbose_name="单位")),
                (
                    "max_age_minutes",
                    models.PositiveIntegerField(
                        default=15, help_text="另一指标的读数早于这么久就不算", verbose_name="最大时差(分钟)"
                    ),
                ),
                ("active", models.BooleanField(default=True, verbose_name="启用")),
                ("history_id", models.AutoField(primary_key=True, serialize=False)),
                ("history_date", models.DateTimeField(db_index=True)),
                ("history_change_reason", models.TextField(null=True)),
                (
                    "history_type",
                    models.CharField(choices=[("+", "Created"), ("~", "Changed"), ("-", "Deleted")], max_length=1),
                ),
            ],
            options={
                "verbose_name": "historical 计算指标",
                "verbose_name_plural": "historical 计算指标",
                "ordering": ("-history_date", "-history_id"),
                "get_latest_by": ("history_date", "history_id"),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="Rehearsal",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("days", models.PositiveSmallIntegerField(verbose_name="历史天数")),
                ("end", models.BigIntegerField(verbose_name="截止时刻")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "排队中"),
                            ("running", "预演中"),
                            ("done", "已完成"),
                            ("failed", "未完成"),
                        ],
                        default="waiting",
                        max_length=10,
                        verbose_name="状态",
                    ),
                ),
                ("done", models.PositiveIntegerField(default=0, verbose_name="已预演指标")),
                ("total", models.PositiveIntegerField(default=0, verbose_name="指标总数")),
                ("trouble", models.CharField(blank=True, max_length=300, verbose_name="未完成原因")),
                ("result", models.JSONField(null=True, verbose_name="结果")),
                ("rule_print", models.CharField(blank=True, max_length=64, verbose_name="规则摘要")),
                ("data_print", models.CharField(blank=True, max_length=64, verbose_name="数据摘要")),
                ("asked_at", models.DateTimeField(auto_now_add=True)),
                ("finished_at", models.DateTimeField(null=True, verbose_name="完成时间")),
            ],
            options={
                "verbose_name": "规则预演",
                "verbose_name_plural": "规则预演",
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="RehearsalSight",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField(auto_now_add=True)),
            ],
        ),
        migrations.CreateModel(
            name="RuleProposal",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("changes", models.JSONField(verbose_name="改动")),
                ("base", models.CharField(blank=True, max_length=64)),
                ("why", models.CharField(max_length=500, verbose_name="理由")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("draft", "待预演"),
                            ("rehearsed", "已预演待签"),
                            ("live", "已签署生效"),
                            ("rejected", "已驳回"),
                            ("withdrawn", "已撤回"),
                        ],
                        default="draft",
                        max_length=12,
                        verbose_name="状态",
                    ),
                ),
                ("proposed_at", models.DateTimeField(auto_now_add=True, verbose_name="提出时间")),
                ("decided_at", models.DateTimeField(null=True, verbose_name="决定时间")),
                ("decision", models.CharField(blank=True, max_length=500, verbose_name="决定说明")),
            ],
            options={
                "verbose_name": "规则改动",
                "verbose_name_plural": "规则改动",
                "ordering": ["-proposed_at"],
            },
        ),
        migrations.AlterModelOptions(
            name="thresholdrule",
            options={
                "ordering": ["device_kind", "area_id", "device_id", "key"],
                "verbose_name": "报警规则",
                "verbose_name_plural": "报警规则",
            },
        ),
        migrations.RemoveConstraint(
            model_name="thresholdrule",
            name="rule_once",
        ),
        migrations.RemoveConstraint(
            model_name="thresholdrule",
            name="rule_levels_in_order",
        ),
        migrations.AddField(
            model_name="device",
            name="certificate_hash",
            field=models.CharField(
                blank=True, db_index=True, editable=False, max_length=64, verbose_name="客户端证书指纹"
            ),
        ),
        migrations.AddField(
            model_name="device",
            name="life",
            field=models.CharField(
                choices=[
                    ("registered", "已登记"),
                    ("issued", "已发凭证"),
                    ("in_service", "已验收在用"),
                    ("retired", "已退役"),
                ],
                default="registered",
                editable=False,
                max_length=12,
                verbose_name="阶段",
            ),
        ),
        migrations.AddField(
            model_name="historicaldevice",
            name="certificate_hash",
            field=models.CharField(
                blank=True, db_index=True, editable=False, max_length=64, verbose_name="客户端证书指纹"
            ),
        ),
        migrations.AddField(
            model_name="historicaldevice",
            name="life",
            field=models.CharField(
                choices=[
                    ("registered", "已登记"),
                    ("issued", "已发凭证"),
                    ("in_service", "已验收在用"),
                    ("retired", "已退役"),
                ],
                default="registered",
                editable=False,
                max_length=12,
                verbose_name="阶段",
            ),
        ),
        migrations.AddField(
            model_name="historicalthresholdrule",
            name="area",
            field=models.ForeignKey(
                blank=True,
                db_constraint=False,
                help_text="留空则全区适用;与设备类别一起填,只管该区域及其下级区域内的设备",
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                to="accounts.area",
                verbose_name="适用区域",
            ),
        ),
        migrations.AddField(
            model_name="historicalthresholdrule",
            name="blue_clear_low",
            field=models.FloatField(blank=True, null=True, verbose_name="蓝色解除下界"),
        ),
        migrations.AddField(
            model_name="historicalthresholdrule",
            name="blue_raise_low",
            field=models.FloatField(blank=True, null=True, verbose_name="蓝色触发下界"),
        ),
        migrations.AddField(
            model_name="historicalthresholdrule",
            name="clear_samples",
            field=models.PositiveIntegerField(default=1, verbose_name="解除次数"),
        ),
        migrations.AddField(
            model_name="historicalthresholdrule",
            name="clear_seconds",
            field=models.PositiveIntegerField(default=0, verbose_name="解除时长(秒)"),
        ),
        migrations.AddField(
            model_name="historicalthresholdrule",
            name="counter",
            field=models.BooleanField(
                default=False, help_text="累计时按增量相加,回落视为清零", verbose_name="读数是累计表底"
            ),
        ),
        migrations.AddField(
            model_name="historicalthresholdrule",
            name="duration_seconds",
            field=models.PositiveIntegerField(default=0, help_text="0 为不要求持续", verbose_name="持续时长(秒)"),
        ),
        migrations.AddField(
            model_name="historicalthresholdrule",
            name="dynamic",
            field=models.BooleanField(
                default=False, help_text="只会比固定阈值更灵敏,不会放宽", verbose_name="按自身历史收紧"
            ),
        ),
        migrations.AddField(
            model_name="historicalthresholdrule",
            name="flat_level",
            field=models.PositiveSmallIntegerField(
                choices=[(0, "正常"), (1, "蓝色"), (2, "黄色"), (3, "橙色"), (4, "红色")],
                default=1,
                verbose_name="不变级别",
            ),
        ),
        migrations.AddField(
            model_name="historicalthresholdrule",
            name="flat_minutes",
            field=models.PositiveIntegerField(default=0, help_text="0 为不检查", verbose_name="不变时限(分钟)"),
        ),
        migrations.AddField(
            model_name="historicalthresholdrule",
            name="flat_tolerance",
            field=models.FloatField(default=0, verbose_name="不变容差"),
        ),
        migrations.AddField(
            model_name="historicalthresholdrule",
            name="forecast_minutes",
            field=models.PositiveIntegerField(
                default=0, help_text="0 为不预测;预计在此时长内越线即发预测报警", verbose_name="预测时长(分钟)"
            ),
        ),
        migrations.AddField(
            model_name="historicalthresholdrule",
            name="orange_clear_low",
            field=models.FloatField(blank=True, null=True, verbose_name="橙色解除下界"),
        ),
        migrations.AddField(
            model_name="historicalthresholdrule",
            name="orange_raise_low",
            field=models.FloatField(blank=True, null=True, verbose_name="橙色触发下界"),
        ),
        migrations.AddField(
            model_name="historicalthresholdrule",
            name="rate_seconds",
            field=models.PositiveIntegerField(
                default=0, help_text="0 为按相邻两次读数之差;600 为按每十分钟的变化", verbose_name="突变按时长折算(秒)"
            ),
        ),
        migrations.AddField(
            model_name="historicalthresholdrule",
            name="red_clear_low",
            field=models.FloatField(blank=True, null=True, verbose_name="红色解除下界"),
        ),
        migrations.AddField(
            model_name="historicalthresholdrule",
            name="red_raise_low",
            field=models.FloatField(blank=True, null=True, verbose_name="红色触发下界"),
        ),
        migrations.AddField(
            model_name="historicalthresholdrule",
            name="schedule_days",
            field=models.CharField(blank=True, help_text="留空为每天", max_length=7, verbose_name="生效星期"),
        ),
        migrations.AddField(
            model_name="historicalthresholdrule",
            name="schedule_end",
            field=models.TimeField(
                blank=True, help_text="早于或等于起始时刻即到次日", null=True, verbose_name="生效止"
            ),
        ),
        migrations.AddField(
            model_name="historicalthresholdrule",
            name="schedule_start",
            field=models.TimeField(blank=True, null=True, verbose_name="生效起"),
        ),
        migrations.AddField(
            model_name="historicalthresholdrule",
            name="season_from",
            field=models.CharField(blank=True, max_length=5, verbose_name="季节起(月-日)"),
        ),
        migrations.AddField(
            model_name="historicalthresholdrule",
            name="season_to",
            field=models.CharField(blank=True, max_length=5, verbose_name="季节止(月-日)"),
        ),
        migrations.AddField(
            model_name="historicalthresholdrule",
            name="windows",
            field=models.JSONField(blank=True, default=list, verbose_name="累计时段"),
        ),
        migrations.AddField(
            model_name="historicalthresholdrule",
            name="within",
            field=models.PositiveSmallIntegerField(
                blank=True,
                default=0,
                help_text="0 为须连续;如次数 3、最近 5 次,即五次中有三次越限才触发",
                verbose_name="最近几次之中",
            ),
        ),
        migrations.AddField(
            model_name="historicalthresholdrule",
            name="yellow_clear_low",
            field=models.FloatField(blank=True, null=True, verbose_name="黄色解除下界"),
        ),
        migrations.AddField(
            model_name="historicalthresholdrule",
            name="yellow_raise_low",
            field=models.FloatField(blank=True, null=True, verbose_name="黄色触发下界"),
        ),
        migrations.AddField(
            model_name="thresholdrule",
            name="area",
            field=models.ForeignKey(
                blank=True,
                help_text="留空则全区适用;与设备类别一起填,只管该区域及其下级区域内的设备",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="accounts.area",
                verbose_name="适用区域",
            ),
        ),
        migrations.AddField(
            model_name="thresholdrule",
            name="blue_clear_low",
            field=models.FloatField(blank=True, null=True, verbose_name="蓝色解除下界"),
        ),
        migrations.AddField(
            model_name="thresholdrule",
            name="blue_raise_low",
            field=models.FloatField(blank=True, null=True, verbose_name="蓝色触发下界"),
        ),
        migrations.AddField(
            model_name="thresholdrule",
            name="clear_samples",
            field=models.PositiveIntegerField(default=1, verbose_name="解除次数"),
        ),
        migrations.AddField(
            model_name="thresholdrule",
            name="clear_seconds",
            field=models.PositiveIntegerField(default=0, verbose_name="解除时长(秒)"),
        ),
        migrations.AddField(
            model_name="thresholdrule",
            name="counter",
            field=models.BooleanField(
                default=False, help_text="累计时按增量相加,回落视为清零", verbose_name="读数是累计表底"
            ),
        ),
        migrations.AddField(
            model_name="thresholdrule",
            name="duration_seconds",
            field=models.PositiveIntegerField(default=0, help_text="0 为不要求持续", verbose_name="持续时长(秒)"),
        ),
        migrations.AddField(
            model_name="thresholdrule",
            name="dynamic",
            field=models.BooleanField(
                default=False, help_text="只会比固定阈值更灵敏,不会放宽", verbose_name="按自身历史收紧"
            ),
        ),
        migrations.AddField(
            model_name="thresholdrule",
            name="flat_level",
            field=models.PositiveSmallIntegerField(
                choices=[(0, "正常"), (1, "蓝色"), (2, "黄色"), (3, "橙色"), (4, "红色")],
                default=1,
                verbose_name="不变级别",
            ),
        ),
        migrations.AddField(
            model_name="thresholdrule",
            name="flat_minutes",
            field=models.PositiveIntegerField(default=0, help_text="0 为不检查", verbose_name="不变时限(分钟)"),
        ),
        migrations.AddField(
            model_name="thresholdrule",
            name="flat_tolerance",
            field=models.FloatField(default=0, verbose_name="不变容差"),
        ),
        migrations.AddField(
            model_name="thresholdrule",
            name="forecast_minutes",
            field=models.PositiveIntegerField(
                default=0, help_text="0 为不预测;预计在此时长内越线即发预测报警", verbose_name="预测时长(分钟)"
            ),
        ),
        migrations.AddField(
            model_name="thresholdrule",
            name="orange_clear_low",
            field=models.FloatField(blank=True, null=True, verbose_name="橙色解除下界"),
        ),
        migrations.AddField(
            model_name="thresholdrule",
            name="orange_raise_low",
            field=models.FloatField(blank=True, null=True, verbose_name="橙色触发下界"),
        ),
        migrations.AddField(
            model_name="thresholdrule",
            name="rate_seconds",
            field=models.PositiveIntegerField(
                default=0, help_text="0 为按相邻两次读数之差;600 为按每十分钟的变化", verbose_name="突变按时长折算(秒)"
            ),
        ),
        migrations.AddField(
            model_name="thresholdrule",
            name="red_clear_low",
            field=models.FloatField(blank=True, null=True, verbose_name="红色解除下界"),
        ),
        migrations.AddField(
            model_name="thresholdrule",
            name="red_raise_low",
            field=models.FloatField(blank=True, null=True, verbose_name="红色触发下界"),
        ),
        migrations.AddField(
            model_name="thresholdrule",
            name="schedule_days",
            field=models.CharField(blank=True, help_text="留空为每天", max_length=7, verbose_name="生效星期"),
        ),
        migrations.AddField(
            model_name="thresholdrule",
            name="schedule_end",
            field=models.TimeField(
                blank=True, help_text="早于或等于起始时刻即到次日", null=True, verbose_name="生效止"
            ),
        ),
        migrations.AddField(
            model_name="thresholdrule",
            name="schedule_start",
            field=models.TimeField(blank=True, null=True, verbose_name="生效起"),
        ),
        migrations.AddField(
            model_name="thresholdrule",
            name="season_from",
            field=models.CharField(blank=True, max_length=5, verbose_name="季节起(月-日)"),
        ),
        migrations.AddField(
            model_name="thresholdrule",
            name="season_to",
            field=models.CharField(blank=True, max_length=5, verbose_name="季节止(月-日)"),
        ),
        migrations.AddField(
            model_name="thresholdrule",
            name="windows",
            field=models.JSONField(blank=True, default=list, verbose_name="累计时段"),
        ),
        migrations.AddField(
            model_name="thresholdrule",
            name="within",
            field=models.PositiveSmallIntegerField(
                blank=True,
                default=0,
                help_text="0 为须连续;如次数 3、最近 5 次,即五次中有三次越限才触发",
                verbose_name="最近几次之中",
            ),
        ),
        migrations.AddField(
            model_name="thresholdrule",
            name="yellow_clear_low",
            field=models.FloatField(blank=True, null=True, verbose_name="黄色解除下界"),
        ),
        migrations.AddField(
            model_name="thresholdrule",
            name="yellow_raise_low",
            field=models.FloatField(blank=True, null=True, verbose_name="黄色触发下界"),
        ),
        migrations.AlterField(
            model_name="alarm",
            name="kind",
            field=models.PositiveSmallIntegerField(
                choices=[
                    (0, "超限"),
                    (1, "突变"),
                    (2, "无数据"),
                    (3, "累计超限"),
                    (4, "数值不变"),
                    (5, "预计超限"),
                    (6, "漂移"),
                    (7, "差值超限"),
                ],
                verbose_name="报警类型",
            ),
        ),
        migrations.AlterField(
            model_name="historicalthresholdrule",
            name="direction",
            field=models.CharField(
                choices=[
                    ("above", "高于触发"),
                    ("below", "低于触发"),
                    ("inside", "区间内触发"),
                    ("outside", "区间外触发"),
                ],
                default="above",
                max_length=8,
                verbose_name="方向",
            ),
        ),
        migrations.AlterField(
            model_name="thresholdrule",
            name="direction",
            field=models.CharField(
                choices=[
                    ("above", "高于触发"),
                    ("below", "低于触发"),
                    ("inside", "区间内触发"),
                    ("outside", "区间外触发"),
                ],
                default="above",
                max_length=8,
                verbose_name="方向",
            ),
        ),
        migrations.AddConstraint(
            model_name="device",
            constraint=models.UniqueConstraint(
                condition=models.Q(("certificate_hash", ""), _negated=True),
                fields=("certificate_hash",),
                name="device_certificate_once",
                violation_error_message="该证书已绑定另一台设备。",
            ),
        ),
        migrations.AddConstraint(
            model_name="device",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("life", "retired"), _negated=True),
                    models.Q(("certificate_hash", ""), ("token_hash", "")),
                    _connector="OR",
                ),
                name="retired_device_has_no_credentials",
                violation_error_message="已退役的设备不能有接入凭证。",
            ),
        ),
        migrations.AddConstraint(
            model_name="thresholdrule",
            constraint=models.CheckConstraint(
                condition=models.Q(("device", None), ("area", None), _connector="OR"),
                name="rule_area_is_of_a_kind",
                violation_error_message="适用区域只能与适用设备类别一起填写。",
            ),
        ),
        migrations.AddConstraint(
            model_name="thresholdrule",
            constraint=models.UniqueConstraint(
                fields=("device_kind", "area", "device", "key"),
                name="rule_once",
                nulls_distinct=False,
                violation_error_message="同一范围的同一指标只能有一条规则。",
            ),
        ),
        migrations.AddConstraint(
            model_name="thresholdrule",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("direction__in", ("inside", "outside")),
                        models.Q(
                            models.Q(
                                ("blue_raise__isnull", True),
                                ("blue_raise_low__isnull", True),
                                ("blue_clear_low__isnull", True),
                            ),
                            models.Q(("blue_raise_low__isnull", False), ("blue_clear_low__isnull", False)),
                            _connector="OR",
                        ),
                        models.Q(
                            models.Q(
                                ("yellow_raise__isnull", True),
                                ("yellow_raise_low__isnull", True),
                                ("yellow_clear_low__isnull", True),
                            ),
                            models.Q(("yellow_raise_low__isnull", False), ("yellow_clear_low__isnull", False)),
                            _connector="OR",
                        ),
                        models.Q(
                            models.Q(
                                ("orange_raise__isnull", True),
                                ("orange_raise_low__isnull", True),
                                ("orange_clear_low__isnull", True),
                            ),
                            models.Q(("orange_raise_low__isnull", False), ("orange_clear_low__isnull", False)),
                            _connector="OR",
                        ),
                        models.Q(
                            models.Q(
                                ("red_raise__isnull", True),
                                ("red_raise_low__isnull", True),
                                ("red_clear_low__isnull", True),
                            ),
                            models.Q(("red_raise_low__isnull", False), ("red_clear_low__isnull", False)),
                            _connector="OR",
                        ),
                    ),
                    models.Q(
                        models.Q(("direction__in", ("inside", "outside")), _negated=True),
                        ("blue_raise_low__isnull", True),
                        ("blue_clear_low__isnull", True),
                        ("yellow_raise_low__isnull", True),
                        ("yellow_clear_low__isnull", True),
                        ("orange_raise_low__isnull", True),
                        ("orange_clear_low__isnull", True),
                        ("red_raise_low__isnull", True),
                        ("red_clear_low__isnull", True),
                    ),
                    _connector="OR",
                ),
                name="rule_bands_have_both_ends",
                violation_error_message="区间须有下界和上界,且下界低于上界;只有“区间内”“区间外”触发才填下界。",
            ),
        ),
        migrations.AddConstraint(
            model_name="thresholdrule",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("season_from", ""), ("season_to", "")),
                    models.Q(models.Q(("season_from", ""), _negated=True), models.Q(("season_to", ""), _negated=True)),
                    _connector="OR",
                ),
                name="rule_season_has_both_ends",
                violation_error_message="生效季节须写成“月-日”,如 04-15 至 10-15,且两端都填。",
            ),
        ),
        migrations.AddConstraint(
            model_name="thresholdrule",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("direction", "above"),
                        ("blue_raise__lt", models.F("yellow_raise")),
                        ("blue_raise__lt", models.F("orange_raise")),
                        ("blue_raise__lt", models.F("red_raise")),
                        ("yellow_raise__lt", models.F("orange_raise")),
                        ("yellow_raise__lt", models.F("red_raise")),
                        ("orange_raise__lt", models.F("red_raise")),
                    ),
                    models.Q(
                        ("direction", "below"),
                        ("blue_raise__gt", models.F("yellow_raise")),
                        ("blue_raise__gt", models.F("orange_raise")),
                        ("blue_raise__gt", models.F("red_raise")),
                        ("yellow_raise__gt", models.F("orange_raise")),
                        ("yellow_raise__gt", models.F("red_raise")),
                        ("orange_raise__gt", models.F("red_raise")),
                    ),
                    ("direction__in", ("inside", "outside")),
                    _connector="OR",
                ),
                name="rule_levels_in_order",
                violation_error_message="级别越高,触发值须越严重,且不能比低级别更晚解除。",
            ),
        ),
        migrations.AddField(
            model_name="commissioning",
            name="by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="验收人",
            ),
        ),
        migrations.AddField(
            model_name="commissioning",
            name="device",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="commissionings",
                to="monitoring.device",
                verbose_name="监测设备",
            ),
        ),
        migrations.AddField(
            model_name="derivedseries",
            name="device",
            field=models.OneToOneField(
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="derived",
                to="monitoring.device",
                verbose_name="监测设备",
            ),
        ),
        migrations.AddField(
            model_name="derivedseries",
            name="first",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="monitoring.series",
                verbose_name="第一指标",
            ),
        ),
        migrations.AddField(
            model_name="derivedseries",
            name="second",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="monitoring.series",
                verbose_name="第二指标",
            ),
        ),
        migrations.AddField(
            model_name="dynamicbound",
            name="rule",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="monitoring.thresholdrule",
                verbose_name="报警规则",
            ),
        ),
        migrations.AddField(
            model_name="dynamicbound",
            name="series",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="bound",
                to="monitoring.series",
                verbose_name="监测指标",
            ),
        ),
        migrations.AddField(
            model_name="forecast",
            name="rule",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="forecasts",
                to="monitoring.thresholdrule",
                verbose_name="报警规则",
            ),
        ),
        migrations.AddField(
            model_name="forecast",
            name="series",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="forecasts",
                to="monitoring.series",
                verbose_name="监测指标",
            ),
        ),
        migrations.AddField(
            model_name="historicalderivedseries",
            name="device",
            field=models.ForeignKey(
                blank=True,
                db_constraint=False,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                to="monitoring.device",
                verbose_name="监测设备",
            ),
        ),
        migrations.AddField(
            model_name="historicalderivedseries",
            name="first",
            field=models.ForeignKey(
                blank=True,
                db_constraint=False,
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                to="monitoring.series",
                verbose_name="第一指标",
            ),
        ),
        migrations.AddField(
            model_name="historicalderivedseries",
            name="history_user",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="historicalderivedseries",
            name="second",
            field=models.ForeignKey(
                blank=True,
                db_constraint=False,
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                to="monitoring.series",
                verbose_name="第二指标",
            ),
        ),
        migrations.AddField(
            model_name="rehearsal",
            name="asked_by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="rehearsalsight",
            name="person",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="rehearsalsight",
            name="rehearsal",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="sights", to="monitoring.rehearsal"
            ),
        ),
        migrations.AddField(
            model_name="ruleproposal",
            name="decided_by",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="决定人",
            ),
        ),
        migrations.AddField(
            model_name="ruleproposal",
            name="proposed_by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="提出人",
            ),
        ),
        migrations.AddField(
            model_name="ruleproposal",
            name="rule",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="proposals",
                to="monitoring.thresholdrule",
                verbose_name="报警规则",
            ),
        ),
        migrations.AddField(
            model_name="ruleproposal",
            name="signed_on",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="monitoring.rehearsal",
                verbose_name="签署所据预演",
            ),
        ),
        migrations.AddField(
            model_name="rehearsal",
            name="proposal",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="rehearsals", to="monitoring.ruleproposal"
            ),
        ),
        migrations.AddConstraint(
            model_name="commissioning",
            constraint=models.CheckConstraint(
                condition=models.Q(("failed", 0), models.Q(("note", ""), _negated=True), _connector="OR"),
                name="commissioning_with_faults_says_why",
                violation_error_message="带着不合格项验收须写明理由。",
            ),
        ),
        migrations.AddConstraint(
            model_name="derivedseries",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("kind", "drift"), ("second", None)),
                    models.Q(models.Q(("kind", "drift"), _negated=True), ("second__isnull", False)),
                    _connector="OR",
                ),
                name="derived_has_its_second",
                violation_error_message="差值和比值须有第二指标,与邻近站之差没有第二指标。",
            ),
        ),
        migrations.AddConstraint(
            model_name="derivedseries",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("second", None), models.Q(("second", models.F("first")), _negated=True), _connector="OR"
                ),
                name="derived_of_two_different",
                violation_error_message="第一指标和第二指标不能是同一个。",
            ),
        ),
        migrations.AddConstraint(
            model_name="derivedseries",
            constraint=models.CheckConstraint(
                condition=models.Q(("max_age_minutes__gt", 0), ("radius_km__gt", 0)),
                name="derived_reaches_somewhere",
                violation_error_message="邻近半径和最大时差须大于零。",
            ),
        ),
        migrations.AddConstraint(
            model_name="dynamicbound",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("clear_at", None), ("raise_at", None)),
                    models.Q(("clear_at__isnull", False), ("raise_at__isnull", False)),
                    _connector="OR",
                ),
                name="bound_in_pairs",
                violation_error_message="动态触发值和解除值须成对。",
            ),
        ),
        migrations.AddIndex(
            model_name="forecast",
            index=models.Index(fields=["state", "-made_at"], name="forecast_list"),
        ),
        migrations.AddConstraint(
            model_name="forecast",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "standing")),
                fields=("series",),
                name="one_standing_forecast_a_series",
                violation_error_message="同一指标同时只有一个预测。",
            ),
        ),
        migrations.AddConstraint(
            model_name="forecast",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "miss")), fields=("series", "crossed_at"), name="one_miss_a_crossing"
            ),
        ),
        migrations.AddConstraint(
            model_name="forecast",
            constraint=models.CheckConstraint(
                condition=models.Q(("until__gte", models.F("made_at"))),
                name="forecast_ends_after_it_begins",
                violation_error_message="预测截止不能早于发出时间。",
            ),
        ),
        migrations.AddConstraint(
            model_name="rehearsalsight",
            constraint=models.UniqueConstraint(fields=("rehearsal", "person"), name="rehearsal_seen_once"),
        ),
        migrations.AddConstraint(
            model_name="ruleproposal",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "live"), _negated=True),
                    models.Q(("decided_by", models.F("proposed_by")), _negated=True),
                    _connector="OR",
                ),
                name="proposal_signed_by_a_second_person",
                violation_error_message="提出人不能签署自己的改动。",
            ),
        ),
        migrations.AddConstraint(
            model_name="ruleproposal",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "live"), _negated=True),
                    models.Q(
                        ("decided_at__isnull", False), ("decided_by__isnull", False), ("signed_on__isnull", False)
                    ),
                    _connector="OR",
                ),
                name="proposal_live_is_signed",
                violation_error_message="生效的改动须有签署人和所据预演。",
            ),
        ),
        migrations.AddConstraint(
            model_name="rehearsal",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state__in", ["waiting", "running"])),
                fields=("proposal",),
                name="one_rehearsal_at_a_time",
                violation_error_message="这项改动正在预演,请等它完成。",
            ),
        ),
        migrations.AddConstraint(
            model_name="rehearsal",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "done"), _negated=True),
                    models.Q(("finished_at__isnull", False), ("result__isnull", False)),
                    _connector="OR",
                ),
                name="rehearsal_done_has_a_result",
                violation_error_message="完成的预演须有结果。",
            ),
        ),
        migrations.RunSQL(BOUNDS, UNDO),
    ]
