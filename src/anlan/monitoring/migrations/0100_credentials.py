"""Credentials of devices beside token and certificate; the doors look again when any of them changes."""

import django.db.models.deletion
from django.db import migrations, models

import anlan.monitoring.models.access

STAMP = """
create table monitoring_accessstamp (id smallint primary key check (id = 1), version bigint not null);
insert into monitoring_accessstamp values (1, 0);
create function monitoring_access_changed() returns trigger language plpgsql as $$
begin
    update monitoring_accessstamp set version = greatest(version + 1, txid_current() * 1000);
    return null;
end $$;
create trigger monitoring_access_changed
    after insert or delete or truncate or update of code, protocol, kind, life, certificate_hash on monitoring_device
    for each statement execute function monitoring_access_changed();
create trigger monitoring_access_changed
    after delete or truncate or update of secret_hash, proven_at, mode, addresses on monitoring_deviceaccess
    for each statement execute function monitoring_access_changed();
create trigger monitoring_access_made
    after insert on monitoring_deviceaccess
    for each row when (new.secret_hash <> '' or new.mode <> '' or new.addresses <> '')
    execute function monitoring_access_changed();
create trigger monitoring_access_changed
    after insert or update or delete or truncate on kit_lawrule
    for each statement execute function monitoring_access_changed();
"""

UNDO = """
drop trigger monitoring_access_changed on kit_lawrule;
drop trigger monitoring_access_made on monitoring_deviceaccess;
drop trigger monitoring_access_changed on monitoring_deviceaccess;
drop trigger monitoring_access_changed on monitoring_device;
drop function monitoring_access_changed();
drop table monitoring_accessstamp;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('kit', '0002_inbox_and_law_history'),
        ('monitoring', '0093_derived_stamp'),
    ]

    operations = [
        migrations.CreateModel(
            name='DeviceAccess',
            fields=[
                ('device', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='access', serialize=False, to='monitoring.device', verbose_name='监测设备')),
                ('secret_hash', models.CharField(blank=True, editable=False, max_length=64, verbose_name='通信口令')),
                ('proven_at', models.DateTimeField(blank=True, editable=False, null=True, verbose_name='鉴权码启用时间')),
                ('broker_hash', models.CharField(blank=True, editable=False, max_length=160, verbose_name='消息代理口令')),
                ('mode', models.CharField(blank=True, choices=[('', '按协议默认'), ('strict', '须核对'), ('lenient', '放行并计数')], max_length=10, verbose_name='核对方式')),
                ('addresses', models.CharField(blank=True, max_length=500, validators=[anlan.monitoring.models.access.networks_valid], verbose_name='允许的地址')),
                ('last_used_at', models.DateTimeField(blank=True, null=True, verbose_name='最近接入')),
                ('last_way', models.CharField(blank=True, choices=[('', '没有出示凭证'), ('token', '令牌'), ('certificate', '客户端证书'), ('password', '通信口令'), ('code', '鉴权码')], max_length=12, verbose_name='最近凭证')),
                ('last_address', models.CharField(blank=True, max_length=45, verbose_name='最近地址')),
                ('refused', models.BigIntegerField(default=0, verbose_name='拒绝次数')),
                ('last_refused_at', models.DateTimeField(blank=True, null=True, verbose_name='最近拒绝')),
                ('last_refusal', models.CharField(blank=True, max_length=20, verbose_name='拒绝原因')),
                ('last_refused_address', models.CharField(blank=True, max_length=45, verbose_name='被拒地址')),
            ],
            options={
                'verbose_name': '设备接入',
                'verbose_name_plural': '设备接入',
                'constraints': [models.CheckConstraint(condition=models.Q(('proven_at', None), models.Q(('secret_hash', ''), _negated=True), _connector='OR'), name='proven_device_has_a_secret', violation_error_message='没有口令或鉴权码的设备不能标为已启用。')],
            },
        ),
        migrations.CreateModel(
            name='PollAccess',
            fields=[
                ('device', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='poll_access', serialize=False, to='monitoring.device', verbose_name='监测设备')),
                ('security', models.CharField(choices=[('none', '不加密'), ('sign', '签名(Basic256Sha256)'), ('encrypt', '签名并加密(Basic256Sha256)')], default='none', max_length=10, verbose_name='安全策略')),
                ('login', models.CharField(choices=[('anonymous', '匿名'), ('password', '用户名和口令'), ('certificate', '证书')], default='anonymous', max_length=12, verbose_name='登录方式')),
                ('user', models.CharField(blank=True, max_length=60, verbose_name='用户名')),
                ('sealed', models.TextField(blank=True, editable=False, verbose_name='口令')),
                ('fingerprint', models.CharField(blank=True, max_length=64, verbose_name='服务器证书指纹')),
            ],
            options={
                'verbose_name': '轮询登录',
                'verbose_name_plural': '轮询登录',
                'constraints': [models.CheckConstraint(condition=models.Q(('login', 'anonymous'), models.Q(('login', 'password'), ('security', 'encrypt')), models.Q(('login', 'certificate'), models.Q(('security', 'none'), _negated=True)), _connector='OR'), name='poll_login_is_not_in_the_clear', violation_error_message='口令只在加密的会话里使用,证书只在签名或加密的会话里使用。'), models.CheckConstraint(condition=models.Q(models.Q(('login', 'password'), _negated=True), models.Q(('user', ''), _negated=True), _connector='OR'), name='poll_password_has_a_user', violation_error_message='用口令登录须填写用户名。'), models.CheckConstraint(condition=models.Q(('fingerprint', ''), ('fingerprint__regex', '^[0-9a-f]{64}$'), _connector='OR'), name='poll_fingerprint', violation_error_message='指纹须为64位十六进制(SHA-256)。')],
            },
        ),
        migrations.RunSQL(STAMP, UNDO),
    ]
