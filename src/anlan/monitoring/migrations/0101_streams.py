"""A stream of a camera is a row of its own, which several people may watch."""

import django.db.models.deletion
from django.db import migrations, models

STATES = [("asked", "正在请求"), ("invited", "正在接通"), ("playing", "播放中"), ("ending", "正在关闭"), ("ended", "已关闭"), ("failed", "未能播放")]
RTP = [("udp", "UDP"), ("tcp-passive", "TCP(设备连接流媒体)"), ("tcp-active", "TCP(流媒体连接设备)")]
OPEN = models.Q(state__in=["asked", "invited", "playing"])
UNDER_WAY = models.Q(("state__in", ["ended", "failed"]), _negated=True)
COPY = """
update monitoring_playsession set state = 'failed', ended_at = now() where ended_at is null;
insert into monitoring_camerastream
    (id, camera_id, way, state, name, ssrc, rtp, rtp_host, rtp_port, urls, trouble, dialog, asked_at, ended_at)
select id, camera_id, way, state, stream, ssrc, 'udp', rtp_host, rtp_port, urls, trouble, '{}', asked_at, ended_at
from monitoring_playsession;
update monitoring_playsession set watched_id = id;
select setval(pg_get_serial_sequence('monitoring_camerastream', 'id'), coalesce(max(id), 0) + 1, false) from monitoring_camerastream;
set constraints all immediate;
"""


class Migration(migrations.Migration):
    dependencies = [("monitoring", "0100_credentials")]

    operations = [
        migrations.AddField(
            "videoplatform", "rtp",
            models.CharField(choices=RTP, default="udp", help_text="丢包、花屏的网络宜用 TCP", max_length=12, verbose_name="媒体传输"),
        ),
        migrations.AddField(
            "historicalvideoplatform", "rtp",
            models.CharField(choices=RTP, default="udp", help_text="丢包、花屏的网络宜用 TCP", max_length=12, verbose_name="媒体传输"),
        ),
        migrations.CreateModel(
            name="CameraStream",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("way", models.CharField(choices=[("gb28181", "GB/T 28181"), ("rtsp", "RTSP")], max_length=10, verbose_name="取流方式")),
                ("state", models.CharField(choices=STATES, default="asked", max_length=10, verbose_name="状态")),
                ("name", models.CharField(max_length=40, verbose_name="流标识")),
                ("ssrc", models.CharField(blank=True, max_length=10, verbose_name="SSRC")),
                ("rtp", models.CharField(choices=RTP, default="udp", max_length=12, verbose_name="媒体传输")),
                ("rtp_host", models.CharField(blank=True, max_length=100, verbose_name="收流地址")),
                ("rtp_port", models.PositiveIntegerField(default=0, verbose_name="收流端口")),
                ("urls", models.JSONField(default=dict, verbose_name="播放地址")),
                ("trouble", models.CharField(blank=True, max_length=200, verbose_name="失败原因")),
                ("dialog", models.JSONField(blank=True, default=dict, verbose_name="信令会话")),
                ("asked_at", models.DateTimeField(verbose_name="请求时间")),
                ("ended_at", models.DateTimeField(null=True, verbose_name="结束时间")),
                ("camera", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="streams", to="monitoring.camera", verbose_name="摄像头")),
            ],
            options={"verbose_name": "视频流", "verbose_name_plural": "视频流", "ordering": ["-id"]},
        ),
        migrations.AddField(
            "playsession", "watched",
            models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name="sessions", to="monitoring.camerastream", verbose_name="视频流"),
        ),
        migrations.RunSQL(COPY, migrations.RunSQL.noop),
        migrations.RemoveIndex("playsession", "play_open"),
        *[migrations.RemoveField("playsession", name) for name in ("way", "state", "stream", "ssrc", "rtp_host", "rtp_port", "urls", "trouble")],
        migrations.RenameField("playsession", "watched", "stream"),
        migrations.AlterField(
            "playsession", "stream",
            models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="sessions", to="monitoring.camerastream", verbose_name="视频流"),
        ),
        migrations.AddIndex("playsession", models.Index(fields=["stream"], name="play_open", condition=models.Q(ended_at=None))),
        migrations.AddIndex("camerastream", models.Index(fields=["state"], name="stream_open", condition=UNDER_WAY)),
        migrations.AddConstraint(
            "camerastream",
            models.UniqueConstraint(
                condition=OPEN, fields=("camera",), name="stream_of_camera_once",
                violation_error_message="同一摄像头同时只取一路流。",
            ),
        ),
        migrations.AddConstraint(
            "camerastream",
            models.UniqueConstraint(
                condition=models.Q(UNDER_WAY, models.Q(("ssrc", ""), _negated=True)), fields=("ssrc",), name="stream_ssrc_once",
                violation_error_message="SSRC 不能同时用于两路流。",
            ),
        ),
    ]
