"""The thin path: alarm → signal → incident → order → reports → closed by a second person."""

from collections.abc import Callable

import pytest

from anlan.command.models import Entry, Incident, Report, Signal
from anlan.command.services import (
    incident_approve_close,
    incident_control,
    incident_open,
    incident_request_close,
    order_arrive,
    order_finish,
    order_receive,
    order_send,
    report_submit,
    signal_judge,
    signal_verify,
    signal_watch,
)
from anlan.kit.events import publish
from anlan.monitoring.events import AlarmRaised
from anlan.monitoring.models import Alarm

from .conftest import District

pytestmark = pytest.mark.django_db


def test_an_alarm_becomes_a_closed_case(town: District, alarm: Alarm, run_jobs: Callable[[], int]) -> None:
    publish(AlarmRaised(alarm_id=alarm.pk, level=alarm.level))
    run_jobs()
    signal = Signal.objects.get(alarm=alarm)
    signal = signal_watch(signal=signal, by=town.officer)
    signal = signal_judge(signal=signal, level=3, event_type="gas_leak", note="持续上升", by=town.officer)
    report_submit(kind="first", signal=signal, situation="气站探头甲烷超限。", by=town.officer)
    signal = signal_verify(signal=signal, way="video", note="视频见阀门处白雾", by=town.officer)
    incident = incident_open(signal=signal, by=town.officer)
    order = order_send(incident=incident, team=town.team, text="关阀、疏散", by=town.commander)
    order = order_receive(order=order, by=town.leader)
    order = order_arrive(order=order, by=town.leader)
    order_finish(order=order, result="阀门关闭", by=town.leader)
    incident = incident_control(incident=incident, by=town.officer)
    report_submit(kind="final", incident=incident, situation="阀门已关。", by=town.officer)
    incident = incident_request_close(incident=incident, summary="处置完毕", by=town.officer)
    incident = incident_approve_close(incident=incident, by=town.commander)
    run_jobs()
    assert incident.state == "closed"
    assert [r.kind for r in Report.objects.filter(incident=incident)] == ["first", "final", "record"]
    steps = list(Entry.objects.of_incident(incident).exclude(step="").values_list("step", flat=True))
    assert steps == [
        "watch", "judge", "report", "verify", "open", "order", "receive", "arrive", "finish",
        "control", "report", "request_close", "approve_close",
    ]  # fmt: skip
    assert Incident.objects.get().number.endswith("-00001")
