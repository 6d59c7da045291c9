"""The demo's last hours: a reservoir that is polled and forecast, a power cut that explains silent sensors, a warning.

The rows are always there. What happened in the hours before now goes through the same services as everybody's
readings, and only where the demo is to be live.
"""

import hashlib
import secrets
from datetime import timedelta
from typing import Any, Protocol
from xml.sax.saxutils import escape

from django.contrib.gis.geos import Point
from django.utils import timezone
from django.utils.translation import gettext as _

from anlan.accounts.models import User
from anlan.accounts.roles import Role
from anlan.kit.demo import DemoWorld
from anlan.monitoring.arrivals import Arrival
from anlan.monitoring.forecasting.run import forecasts_run
from anlan.monitoring.forecasting.score import forecasts_settle
from anlan.monitoring.ingest import readings_store
from anlan.monitoring.models import (
    Alarm,
    CauseRule,
    Device,
    DeviceDependency,
    Means,
    PolledPoint,
    PollPlan,
    Series,
    ThresholdRule,
    WarningFeed,
)
from anlan.monitoring.moments import HOUR
from anlan.monitoring.replaying import reservoir
from anlan.monitoring.services import alarm_acknowledge
from anlan.monitoring.silence import silence_sweep
from anlan.monitoring.warnings import warning_receive
from anlan.protocols import Frame, Reading

MINUTE = 60_000
STEP = 5 * MINUTE
BEGIN, BEFORE = 110 * MINUTE, 200 * MINUTE
"""History begins so long after a storm's begin, when its crossing is past, and so long before now at least."""
CUT, QUIET = 32 * MINUTE, 36 * MINUTE
"""How long ago the power went, and the last word of those that it fed."""
SOURCE = "安澜默认值,按演示站址设定,须本单位核定"
BEHIND = ("水泵电机温度传感器", "配电柜温度传感器", "泵房室温传感器")
HEADLINE = "演示:坪山区暴雨黄色预警信号生效"


class Hosts(Protocol):
    def take(self, kind: str) -> Any: ...


def hours_demo(world: DemoWorld, hosts: Hosts) -> None:
    if PollPlan.objects.exists():
        return
    gauge = _gauge(hosts.take("facility:reservoir"))
    power, fed = _pump_house(hosts.take("facility:pump_station"))
    feed, _made = WarningFeed.objects.get_or_create(name="市气象局预警(演示)")
    if now := world.live:
        begin = (now - BEFORE - BEGIN) // reservoir.CYCLE * reservoir.CYCLE + BEGIN
        _readings(gauge, power, fed, begin, now)
        _forecasts(begin, now)
        _power_is_known(power, now)
        warning_receive(feed=feed, raw=_warning(gauge))
        world.progress(_("最近几小时的监测数据"))


def _device(host: Any, *, code: str, title: str, protocol: str, kind: str, key: str, words: tuple[str, str]) -> Device:
    device = Device.objects.create(
        name=f"{host.name}{title}", code=code, protocol=protocol, kind=kind, area_id=host.area_id,
        organisation_id=host.organisation_id, address=host.address, location=host.location, facility=host,
        token_hash=hashlib.sha256(secrets.token_urlsafe(32).encode()).hexdigest(),
    )  # fmt: skip
    name, unit = words
    Series.objects.create(device=device, key=key, name=name, unit=unit)
    return device


def _rule(device: Device, **values: Any) -> None:
    ThresholdRule.objects.create(device=device, source=SOURCE, **values)


def _gauge(host: Any) -> Device:
    """Asked by Modbus each minute; its level is forecast an hour ahead."""
    device = _device(
        host, code="MODBUS-RES-01", title="水位计", protocol="modbus", kind=Device.Kind.LEVEL, key="level",
        words=("水位", "m"),
    )  # fmt: skip
    PollPlan.objects.create(device=device, address=f"modbus://127.0.0.1:{reservoir.PORT}", period=60)
    PolledPoint.objects.create(device=device, key="level", unit="m", address=reservoir.REGISTER, scale=reservoir.SCALE)
    _rule(
        device, name="水库水位", key="level", low=0, high=20, forecast_minutes=60, blue_raise=2.0, blue_clear=1.9,
        yellow_raise=2.6, yellow_clear=2.5, orange_raise=3.0, orange_clear=2.9, red_raise=3.4, red_clear=3.3,
    )  # fmt: skip
    return device


def _pump_house(host: Any) -> tuple[Device, list[Device]]:
    """A sensor of the mains on a battery, and those that fall silent without mains."""
    power = _device(
        host, code="MQTT-POWER-01", title="市电监测", protocol="json", kind=Device.Kind.OTHER, key="power_lost",
        words=("市电中断", "1"),
    )  # fmt: skip
    _rule(power, name="市电中断", key="power_lost", low=0, high=1, yellow_raise=0.5, yellow_clear=0.5)
    fed = [
        _device(
            host, code=f"MQTT-PUMP-{number:02}", title=title, protocol="json", kind=Device.Kind.OTHER,
            key="temperature", words=("温度", "℃"),
        )
        for number, title in enumerate(BEHIND, 1)
    ]  # fmt: skip
    for device in fed:
        _rule(
            device, name=f"{device.name}温度", key="temperature", low=-40, high=200, yellow_raise=60, yellow_clear=55,
            no_data_minutes=15,
        )  # fmt: skip
    DeviceDependency.objects.bulk_create(DeviceDependency(parent=power, means=Means.POWER, child=one) for one in fed)
    CauseRule.objects.create(
        name="泵房市电中断", device=power, key="power_lost", scope=CauseRule.Scope.POWERED, within_minutes=30
    )
    return power, fed


def _readings(gauge: Device, power: Device, fed: list[Device], begin: int, now: int) -> None:
    """All in one batch, each in order of time."""
    last = now - now % STEP
    told = {
        (gauge, "level"): [(at, reservoir.level_at(at)) for at in range(begin, now, STEP)],
        (power, "power_lost"): [(at, float(at >= now - CUT)) for at in range(last - 3 * HOUR, now, STEP)],
    }
    for number, one in enumerate(fed):
        times = range(last - 3 * HOUR, now - QUIET, STEP)
        told[one, "temperature"] = [(at, 31.0 + 4 * number + (at // STEP % 5) / 10) for at in times]
    readings_store(batch=[_arrival(device, key, rows) for (device, key), rows in told.items()], now=now)


def _arrival(device: Device, key: str, rows: list[tuple[int, float]]) -> Arrival:
    readings = tuple(Reading(series=key, time=time, value=value, unit="") for time, value in rows)
    event = Frame(
        protocol=device.protocol, device=device.code, function="", readings=readings, fields={}, reply=None, raw=b""
    )
    return Arrival(source=device.protocol, event=event)


def _forecasts(begin: int, now: int) -> None:
    """As the worker would have made and settled them since there was history enough."""
    for at in [*range(begin + 2 * HOUR, now, 2 * STEP), now]:
        forecasts_settle(now=at)
        forecasts_run(now=at)


def _power_is_known(power: Device, now: int) -> None:
    """Those behind the mains are found silent, which the cut explains; the officer on duty knows of it."""
    silence_sweep(now=now)
    officer = User.objects.filter(role=Role.DUTY_OFFICER).order_by("pk").first()
    alarm = Alarm.objects.filter(device=power, cleared_at=None).first()
    if officer is not None and alarm is not None:
        alarm_acknowledge(alarm=alarm, by=officer, note="供电所已派员抢修,泵房备用电源已投入")


def _warning(gauge: Device) -> bytes:
    """A CAP message as a weather office sends it, in force for the next hours."""
    now, place = timezone.localtime(), gauge.location or Point(114.34, 22.69, srid=4490)
    sent, expires = (moment.isoformat(timespec="seconds") for moment in (now, now + timedelta(hours=12)))
    return f"""<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2"><identifier>demo-{now:%Y%m%d%H%M}</identifier>
<sender>demo@weather.example.cn</sender><sent>{sent}</sent><status>Actual</status><msgType>Alert</msgType>
<scope>Public</scope><info><language>zh-CN</language><category>Met</category><event>暴雨</event>
<urgency>Expected</urgency><severity>Moderate</severity><certainty>Likely</certainty><expires>{expires}</expires>
<senderName>演示气象台</senderName><headline>{escape(HEADLINE)}</headline>
<description>预计未来6小时本区有50毫米以上降水,局地伴有雷电和短时大风。本消息为演示数据。</description>
<instruction>注意低洼路段积水,水库和河道值守人员到岗。</instruction>
<area><areaDesc>坪山区</areaDesc><circle>{place.y:.4f},{place.x:.4f} 6</circle></area></info></alert>""".encode()
