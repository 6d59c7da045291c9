"""Commands as a person asks for them on the pages of a device."""

import pytest
from django.test import Client
from django.utils import timezone

from anlan.accounts.models import Area, User
from anlan.monitoring.models import DeviceCommand

from .commanding import DeviceMaker, ask, person


def browse(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="anlan.accounts.backends.RoleBackend")
    return client


@pytest.mark.django_db
def test_a_person_sends_a_command_from_the_device_page_and_sees_it_there(device: DeviceMaker, area: Area) -> None:
    one, client = device(), browse(person(area))
    form = client.get(f"/devices/{one.pk}/commands/new/?key=38").content.decode()
    assert "召测时段数据" in form
    assert 'type="datetime-local"' in form
    assert "修改运行参数" not in form
    answer = client.post(f"/devices/{one.pk}/commands/new/", {"key": "4A", "patience": "120"})
    assert answer.status_code == 302
    page = client.get(f"/devices/{one.pk}/").content.decode()
    assert "校时" in page
    assert "待发送" in page
    row = DeviceCommand.objects.get()
    assert (row.deadline - row.asked_at).total_seconds() == 7200
    assert row.asked_at <= timezone.now()


@pytest.mark.django_db
def test_a_wrong_parameter_comes_back_with_its_sentence(device: DeviceMaker, area: Area) -> None:
    one = device(code="M1", protocol="hj212")
    answer = browse(person(area, "administrator")).post(
        f"/devices/{one.pk}/commands/new/", {"key": "1062", "RtdInterval": "0"}
    )
    assert answer.status_code == 422
    assert "须为 1 至 9999 之间的整数" in answer.content.decode()


@pytest.mark.django_db
def test_nobody_commands_another_areas_device(device: DeviceMaker, area: Area) -> None:
    here = Area.objects.create(code="440310001", name="坪山街道", level="street", parent=area)
    one = device()
    stranger = browse(person(here))
    assert stranger.get(f"/devices/{one.pk}/commands/new/").status_code == 404
    assert stranger.post(f"/devices/{one.pk}/commands/new/", {"key": "4A"}).status_code == 404
    row = ask(one, "51", person(area))
    assert stranger.post(f"/devices/{one.pk}/commands/{row.pk}/cancel/").status_code == 404


@pytest.mark.django_db
def test_a_leader_sees_commands_and_has_no_button(device: DeviceMaker, area: Area) -> None:
    one = device()
    ask(one, "51", person(area))
    client = browse(person(area, "leader"))
    page = client.get(f"/devices/{one.pk}/").content.decode()
    assert "查询时钟" in page
    assert "commands/new" not in page
    assert "查询时钟" in client.get(f"/devices/{one.pk}/commands/").content.decode()
    assert client.get(f"/devices/{one.pk}/commands/new/").status_code == 403
