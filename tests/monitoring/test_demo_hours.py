"""The demo's last hours: a polled reservoir that was forecast, a power cut that explains silence, a warning in force."""

import asyncio
import struct
from collections.abc import Iterator

import pytest
from django.db import transaction
from hypothesis import given
from hypothesis import strategies as st
from pymodbus.client import AsyncModbusTcpClient
from pytest_django import DjangoDbBlocker

from anlan.accounts import demo as accounts_demo
from anlan.command import demo as command_demo
from anlan.command.demo import PATIENCE, signals_tidy
from anlan.command.models import Signal
from anlan.command.services.alarms import signal_from_alarm
from anlan.kit.demo import DemoWorld
from anlan.monitoring import demo as monitoring_demo
from anlan.monitoring.models import Alarm, Forecast, PollPlan, Series, WeatherWarning
from anlan.monitoring.replaying import reservoir
from anlan.registry import demo as registry_demo
from journeys.server import free_ports

NOW = 1_795_000_000_000 // reservoir.CYCLE * reservoir.CYCLE + 55 * 60_000
"""In the middle of a storm's rise."""
PUMPS = [f"MQTT-PUMP-{number:02}" for number in (1, 2, 3)]


@pytest.fixture(scope="module")
def live(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[DemoWorld]:
    """A small live district, made once for this module and taken back at its end."""
    with django_db_blocker.unblock(), transaction.atomic():
        made = DemoWorld(scale=0.01, live=NOW)
        for part in (accounts_demo, registry_demo, monitoring_demo, command_demo):
            part.demo(made)
        yield made
        transaction.set_rollback(True)


def test_the_reservoir_is_polled_and_its_rise_was_forecast_well_before_it_came(live: DemoWorld) -> None:
    plan = PollPlan.objects.select_related("device").get()
    assert plan.address == f"modbus://127.0.0.1:{reservoir.PORT}"
    assert Series.objects.get(device=plan.device).last_value is not None
    assert Forecast.objects.filter(state="standing", level=1).exists()
    settled = Forecast.objects.filter(state__in=("hit", "false", "miss")).values_list("state", flat=True)
    assert set(settled) == {"hit"}
    assert all(row.lead and row.lead >= 5 * 60_000 for row in Forecast.objects.filter(state="hit"))


def test_those_behind_the_mains_are_silent_and_their_alarms_are_hidden_under_the_power_cut(live: DemoWorld) -> None:
    cut = Alarm.objects.get(device__code="MQTT-POWER-01")
    assert cut.cleared_at is None
    assert cut.acknowledged_at is not None
    hidden = Alarm.objects.filter(device__code__in=PUMPS)
    assert [alarm.kind for alarm in hidden] == [Alarm.Kind.NO_DATA] * 3
    assert not hidden.shown().exists()


def test_a_warning_of_another_office_is_in_force(live: DemoWorld) -> None:
    assert [row.severity for row in WeatherWarning.objects.get_queryset().in_force()] == ["Moderate"]


def test_nothing_on_the_desk_is_neglected_but_what_is_still_to_come(live: DemoWorld) -> None:
    waiting = Signal.objects.filter(state="waiting")
    assert not waiting.exclude(alarm__kind=Alarm.Kind.FORECAST).exists()
    assert Signal.objects.filter(alarm__device__code="MQTT-POWER-01", state="dismissed").exists()


def test_the_stand_in_ends_only_old_signals_of_alarms_that_are_over(live: DemoWorld) -> None:
    with transaction.atomic():
        over = Alarm.objects.filter(cleared_at__isnull=False).first()
        cut = Alarm.objects.get(device__code="MQTT-POWER-01")
        assert over is not None
        Signal.objects.filter(alarm__in=[over, cut]).update(alarm=None)
        first, second = (signal_from_alarm(alarm_id=alarm.pk) for alarm in (over, cut))
        assert first is not None
        assert second is not None
        assert signals_tidy(now=first.arrived_at) == 0
        assert signals_tidy(now=first.arrived_at + 2 * PATIENCE) == 1
        states = dict(Signal.objects.filter(pk__in=[first.pk, second.pk]).values_list("pk", "state"))
        assert states == {first.pk: "dismissed", second.pk: "waiting"}
        transaction.set_rollback(True)


@given(st.integers(0, 2**41))
def test_the_gauge_says_by_modbus_what_the_history_holds(ms: int) -> None:
    told = reservoir.answer(struct.pack(">HHHBBHH", 7, 0, 6, 1, 3, 0, 1), ms)
    assert told[:9] == bytes([0, 7, 0, 0, 0, 5, 1, 3, 2])
    assert struct.unpack(">h", told[9:])[0] * reservoir.SCALE == pytest.approx(reservoir.level_at(ms), abs=1e-9)
    assert 1.1 < reservoir.level_at(ms) < 2.2


@pytest.mark.parametrize(("function", "start", "count"), [(3, 1, 1), (3, 0, 2), (4, 0, 1), (6, 0, 1)])
def test_the_gauge_refuses_what_it_has_not(function: int, start: int, count: int) -> None:
    told = reservoir.answer(struct.pack(">HHHBBHH", 7, 0, 6, 1, function, start, count), 0)
    assert told == bytes([0, 7, 0, 0, 0, 3, 1, function | 0x80, 2])


def test_a_modbus_client_reads_the_gauge_and_a_taken_port_is_said_and_gone_without() -> None:
    (port,) = free_ports(1)

    async def ask() -> tuple[int, list[str]]:
        stop, said = asyncio.Event(), list[str]()
        gauge = asyncio.create_task(reservoir.gauge_run(stop, said.append, port=port))
        await asyncio.sleep(0.1)
        await reservoir.gauge_run(stop, said.append, port=port)
        async with AsyncModbusTcpClient("127.0.0.1", port=port) as client:
            told = await client.read_holding_registers(reservoir.REGISTER, count=1)
            stop.set()
            await gauge
        return told.registers[0], said

    level, said = asyncio.run(ask())
    assert 1_100 < level < 2_200
    assert len(said) == 1
