"""Two people, or one form twice, at the same moment: the work is done once."""

from uuid import uuid4

import pytest

from anlan.command.models import Entry, Incident, Order, Signal
from anlan.command.services import incident_open, order_send, signal_enter, signal_judge, signal_watch
from together import together

from .conftest import District, verified

pytestmark = pytest.mark.django_db(transaction=True)


def test_of_two_officers_who_judge_at_the_same_moment_one_is_told_it_is_done(town: District, signal: Signal) -> None:
    signal_watch(signal=signal, by=town.officer)
    out = together(
        lambda: signal_judge(signal=signal, level=4, event_type="fire", by=town.officer),
        lambda: signal_judge(signal=signal, level=1, event_type="other", by=town.officer2),
    )
    assert sorted(type(one).__name__ for one in out) == ["IllegalStep", "Signal"]
    assert Entry.objects.filter(signal=signal, step="judge").count() == 1


def test_one_order_form_sent_by_three_clicks_at_once_is_one_order(town: District, signal: Signal) -> None:
    incident = incident_open(signal=verified(signal, town), by=town.officer)
    key = uuid4()
    send = [lambda: order_send(incident=incident, team=town.team, text="灭火", by=town.commander, key=key)] * 3
    assert sorted(type(one).__name__ for one in together(*send)) == ["AlreadyDone", "AlreadyDone", "Order"]
    assert Order.objects.count() == 1


def test_one_signal_form_sent_twice_at_once_is_one_signal(town: District) -> None:
    fields = {"area": town.street, "title": "冒烟", "source": "110", "event_type": "fire", "key": uuid4()}
    together(*[lambda: signal_enter(**fields, by=town.officer)] * 2)
    assert Signal.objects.count() == 1


def test_two_incidents_opened_at_once_get_two_numbers(town: District, signal: Signal) -> None:
    other = signal_enter(area=town.street, title="积水", source="110", event_type="waterlogging", by=town.officer)
    ready = [verified(one, town) for one in (signal, other)]
    together(*(lambda row=row: incident_open(signal=row, by=town.officer) for row in ready))
    assert len(set(Incident.objects.values_list("number", flat=True))) == 2
