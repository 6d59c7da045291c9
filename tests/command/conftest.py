"""A small district with its people, one gas sensor and two teams; and the steps of the main job as fixtures."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.contrib.gis.geos import Point
from django.utils import timezone

import anlan.command
from anlan.accounts.models import Organisation, User
from anlan.accounts.roles import Role
from anlan.command.kinds import ReportKind
from anlan.command.models import Incident, Order, Signal
from anlan.command.services import (
    incident_control,
    incident_open,
    order_arrive,
    order_finish,
    order_receive,
    order_send,
    report_submit,
    signal_enter,
    signal_judge,
    signal_verify,
    signal_watch,
)
from anlan.kit.models import LawRule
from anlan.monitoring.models import Alarm, Device, Series
from anlan.registry.models import Team
from town import BACKEND, SPOT, Town, person, town_rows

GRADES = [
    {"code": 1, "deaths_min": 30, "serious_injury_min": 100, "loss_cny_min": 100_000_000},
    {"code": 2, "deaths_min": 10, "serious_injury_min": 50, "loss_cny_min": 50_000_000},
    {"code": 3, "deaths_min": 3, "serious_injury_min": 10, "loss_cny_min": 10_000_000},
    {"code": 4, "deaths_min": 0, "serious_injury_min": 0, "loss_cny_min": 0},
]


@dataclass(kw_only=True)
class District(Town):
    """The rows that the tests act on."""

    officer2: User
    commander2: User
    leader: User
    other_leader: User
    other_street_user: User
    team: Team
    other_team: Team
    device: Device
    series: Series


def law_rows() -> None:
    """The law data that command reads; kept as they are where the instance has them already."""
    own = json.loads((Path(anlan.command.__file__).parent / "law.json").read_text())
    first = {"code": "first_report", "name": "五分钟首报", "value": {"minutes": 5, "chase_minutes": [3, 5]}}
    grade = {"code": "accident_grade_493", "name": "事故等级", "value": GRADES}
    base = {"valid_from": "2007-06-01", "source": "test"}
    for row in [{**base, **first}, {**base, **grade}, *own]:
        if not LawRule.objects.filter(code=row["code"]).exists():
            LawRule.objects.create(**row)


@pytest.fixture(autouse=True)
def _own_media(settings: Any, tmp_path: Path) -> None:
    """Files of a test are kept in its own folder."""
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def town(db: None) -> District:
    law_rows()
    rows = town_rows()
    district, street, other = rows["district"], rows["street"], rows["other_street"]
    body = Organisation.objects.create(name="综合救援支队", kind=Organisation.Kind.TEAM, area=district)
    body2 = Organisation.objects.create(name="水域救援协会", kind=Organisation.Kind.TEAM, area=district)
    device = Device.objects.create(
        area=street,
        name="东街气站3号探头",
        code="G003",
        protocol="hj212",
        kind="gas",
        location=SPOT,
        address="东街18号",
    )
    return District(
        **rows,
        officer2=person("officer2", "吴值班", Role.DUTY_OFFICER, district),
        commander2=person("commander2", "王指挥", Role.COMMANDER, district),
        leader=person("leader", "冯队长", Role.TEAM_LEADER, district, body),
        other_leader=person("leader2", "陈队长", Role.TEAM_LEADER, district, body2),
        other_street_user=person("street2", "西街道专干", Role.STREET, other),
        team=Team.objects.create(
            area=street, name="综合一队", discipline="comprehensive", organisation=body, members=20, location=SPOT
        ),
        other_team=Team.objects.create(
            area=other, name="水域一队", discipline="water", organisation=body2, members=12, location=SPOT
        ),
        device=device,
        series=Series.objects.create(device=device, key="a21005", name="甲烷", unit="%LEL"),
    )


@pytest.fixture
def alarm(town: District) -> Alarm:
    now = timezone.now()
    return Alarm.objects.create(
        area=town.street,
        device=town.device,
        series=town.series,
        kind=Alarm.Kind.LEVEL,
        level=3,
        highest_level=3,
        value=31.5,
        raised_at=now,
        arrived_at=now,
        location=town.device.location,
    )


@pytest.fixture
def signal(town: District) -> Signal:
    """A call from a sub-district, just entered."""
    return signal_enter(
        area=town.street,
        title="东街18号厂房冒烟",
        source="119",
        event_type="fire",
        level=2,
        address="东街18号",
        location=Point(114.36, 22.70, srid=4490),
        reporter_name="李某",
        reporter_phone="13800000000",
        by=town.officer,
    )


def verified(signal: Signal, town: District) -> Signal:
    signal = signal_watch(signal=signal, by=town.officer)
    signal = signal_judge(signal=signal, level=3, event_type="fire", note="明火可见", by=town.officer)
    return signal_verify(signal=signal, way="phone", note="致电厂区安全员李某，确认二楼起火", by=town.officer)


@pytest.fixture
def incident(signal: Signal, town: District) -> Incident:
    return incident_open(signal=verified(signal, town), title="东街18号厂房火灾", by=town.officer)


@pytest.fixture
def order(incident: Incident, town: District) -> Order:
    return order_send(incident=incident, team=town.team, text="立即前往东街18号灭火", by=town.commander)


def done(order: Order, town: District) -> Order:
    order = order_receive(order=order, by=town.leader)
    order = order_arrive(order=order, by=town.leader, position=Point(114.36, 22.70, srid=4490))
    return order_finish(order=order, result="明火扑灭，无人员被困", by=town.leader)


def ready_to_close(incident: Incident, town: District) -> Incident:
    """Reported and controlled, with no order open."""
    report_submit(kind=ReportKind.FIRST, incident=incident, situation="厂房二楼起火。", by=town.officer)
    if incident.state == "opened":
        done(order_send(incident=incident, team=town.team, text="灭火", by=town.commander), town)
        incident.refresh_from_db()
    report_submit(kind=ReportKind.FINAL, incident=incident, situation="明火已灭。", by=town.officer)
    return incident_control(incident=incident, by=town.officer)


@pytest.fixture
def sign_in(client: Any) -> Callable[[User], Any]:
    def sign(user: User) -> Any:
        client.force_login(user, backend=BACKEND)
        return client

    return sign
