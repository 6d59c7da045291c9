"""Pages: who sees what, what a refused step says, forms sent twice."""

import io
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from docx import Document

from anlan.accounts.models import User
from anlan.command.layers import _incidents, _signals
from anlan.command.models import Entry, Incident, Order, Photo, Report, Signal
from anlan.command.services import order_receive, photo_add, report_submit, signal_judge, signal_watch
from anlan.kit.figures import Period, figures

from .conftest import District, ready_to_close, verified
from .test_photos import picture

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Any]


def status(response: Any) -> int:
    """The status of an answer whose file, if any, is read to its end."""
    if response.streaming:
        b"".join(response.streaming_content)
    return int(response.status_code)


def said(response: Any) -> str:
    return response.content.decode()


def test_the_desk_shows_the_signal_its_clock_and_a_button(town: District, signal: Signal, sign_in: SignIn) -> None:
    page = said(sign_in(town.officer).get("/desk/"))
    assert "<title>(1) 值班台" in page.replace("\n", "")
    for expected in (signal.title, f'data-due="{signal.first_report_due_at.astimezone():%Y}', "接警", "119来电"):
        assert expected in page
    assert 'data-live="signal,alarm' in page


def test_the_part_of_the_desk_that_changes_is_fetched_alone(town: District, signal: Signal, sign_in: SignIn) -> None:
    part = said(sign_in(town.officer).get("/desk/", headers={"HX-Request": "true"}))
    assert signal.title in part
    assert "<html" not in part


def test_telephone_numbers_are_shown_on_asking_and_only_to_who_may(
    town: District, signal: Signal, sign_in: SignIn
) -> None:
    signal_watch(signal=signal, by=town.officer)
    assert signal.reporter_phone not in said(sign_in(town.officer).get("/desk/"))
    address = f"/desk/phone/signal/{signal.pk}/"
    assert signal.reporter_phone in said(sign_in(town.officer).get(address))
    assert sign_in(town.street_user).get(address).status_code == 403
    assert sign_in(town.officer).get("/desk/phone/user/1/").status_code == 404


def test_every_step_of_the_main_job_is_taken_from_the_pages(town: District, signal: Signal, sign_in: SignIn) -> None:
    desk, home = sign_in(town.officer), f"/signals/{signal.pk}/"
    desk.post(f"{home}watch/")
    desk.post(f"{home}judge/", {"event_type": "fire", "event_class": "accident", "level": 3, "note": "明火"})
    desk.post(f"{home}report/", {"situation": "二楼起火"})
    desk.post(f"{home}verify/", {"way": "video", "note": "视频见明火"})
    opened = desk.post(f"{home}open/", {"title": "厂房火灾"})
    incident = Incident.objects.get()
    assert opened.url == f"/incidents/{incident.pk}/"
    command = sign_in(town.commander)
    command.post(f"/incidents/{incident.pk}/order/", {"team": town.team.pk, "text": "灭火", "minutes": 20})
    phone, order = sign_in(town.leader), Order.objects.get()
    here = {"lon": "114.36", "lat": "22.70"}
    phone.post(f"/orders/{order.pk}/receive/", here)
    phone.post(f"/orders/{order.pk}/arrive/", here)
    phone.post(f"/orders/{order.pk}/photo/", {"photo": SimpleUploadedFile("a.jpg", picture())})
    phone.post(f"/orders/{order.pk}/finish/", {"result": "扑灭", **here})
    desk = sign_in(town.officer)
    desk.post(f"/incidents/{incident.pk}/control/", {"note": ""})
    desk.post(f"/incidents/{incident.pk}/report/", {"kind": "final", "situation": "明火已灭"})
    desk.post(f"/incidents/{incident.pk}/request_close/", {"summary": "完毕"})
    sign_in(town.commander).post(f"/incidents/{incident.pk}/approve_close/")
    incident.refresh_from_db()
    order.refresh_from_db()
    assert (incident.state, order.state, order.arrived_position.coords) == ("closed", "done", (114.36, 22.70))
    file = sign_in(town.officer).get(f"/reports/{Report.objects.get(kind='record').pk}/")
    assert len(Document(io.BytesIO(b"".join(file.streaming_content))).tables[1].rows) > 12


def test_a_refused_step_answers_with_its_sentence_and_keeps_what_was_typed(
    town: District, signal: Signal, sign_in: SignIn
) -> None:
    watched = signal_watch(signal=signal, by=town.officer)
    signal_judge(signal=watched, level=3, event_type="fire", by=town.officer)
    late = {"event_type": "gas_leak", "event_class": "accident", "level": 2}
    response = sign_in(town.officer2).post(f"/signals/{signal.pk}/judge/", late)
    assert response.status_code == 409
    assert "警情当前为“已研判”，不能“研判”" in said(response)
    response = sign_in(town.officer2).post(f"/signals/{signal.pk}/verify/", {"way": "video", "note": ""})
    assert response.status_code == 422
    assert "必填" in said(response)


def test_a_dismissal_without_a_reason_is_refused_on_the_page(town: District, signal: Signal, sign_in: SignIn) -> None:
    response = sign_in(town.officer).post(f"/signals/{signal.pk}/dismiss/", {"reason": "  "})
    signal.refresh_from_db()
    assert (response.status_code, signal.state) == (422, "waiting")


def test_a_form_sent_twice_does_its_work_once_and_answers_the_same(
    town: District, incident: Incident, sign_in: SignIn
) -> None:
    form = {"team": town.team.pk, "text": "灭火", "key": str(uuid4())}
    command, address = sign_in(town.commander), f"/incidents/{incident.pk}/order/"
    answers = [command.post(address, form) for _ in range(3)]
    assert [a.status_code for a in answers] == [302, 302, 302]
    assert Order.objects.count() == 1
    form = {
        "source": "110",
        "event_type": "fire",
        "level": 2,
        "title": "冒烟",
        "area": town.street.pk,
        "key": str(uuid4()),
    }
    for _ in range(2):
        assert sign_in(town.officer).post("/signals/new/", form).status_code == 302
    assert Signal.objects.filter(title="冒烟").count() == 1


def test_coordinates_of_a_map_service_are_stored_as_cgcs2000(town: District, sign_in: SignIn) -> None:
    form = {"source": "110", "event_type": "fire", "level": 2, "title": "冒烟", "area": town.street.pk}
    sign_in(town.officer).post("/signals/new/", {**form, "datum": "GCJ02", "lon": 114.36, "lat": 22.70})
    spot = Signal.objects.get(title="冒烟").location
    assert 0.003 < 114.36 - spot.x < 0.007
    assert 0.001 < abs(22.70 - spot.y) < 0.005


@pytest.fixture
def addresses(town: District, incident: Incident, order: Order, signal: Signal) -> list[str]:
    report = report_submit(kind="first", incident=incident, situation="起火", by=town.officer)
    photo = photo_add(order=order_receive(order=order, by=town.leader), content=picture(), by=town.leader)
    return [
        f"/signals/{signal.pk}/",
        f"/incidents/{incident.pk}/",
        f"/incidents/{incident.pk}/report/",
        f"/orders/{order.pk}/",
        f"/reports/{report.pk}/",
        f"/photos/{photo.pk}/",
    ]


def test_another_streets_person_finds_nothing_by_id(town: District, addresses: list[str], sign_in: SignIn) -> None:
    own, other = town.street_user, town.other_street_user
    assert [status(sign_in(own).get(address)) for address in addresses] == [200] * 6
    assert [status(sign_in(other).get(address)) for address in addresses] == [404] * 6
    steps = [f"{addresses[0]}watch/", f"{addresses[1]}note/", f"{addresses[3]}receive/"]
    assert [status(sign_in(other).post(address, {"text": "x"})) for address in steps] == [404] * 3


def test_another_streets_person_sees_no_line_row_layer_or_figure(
    town: District, addresses: list[str], sign_in: SignIn
) -> None:
    other = town.other_street_user
    for model in (Signal, Incident, Order, Report, Photo, Entry):
        assert model.objects.visible_to(town.street_user).exists()
        assert not model.objects.visible_to(other).exists()
    assert (_incidents(other).count(), _incidents(town.street_user).count()) == (0, 1)
    assert _signals(other).count() == 0
    assert "东街" not in said(sign_in(other).get("/incidents/"))


def test_a_team_leader_reaches_only_the_own_orders(town: District, addresses: list[str], sign_in: SignIn) -> None:
    signal, incident, _form, order, report, photo = addresses
    assert status(sign_in(town.leader).get(order)) == 200
    assert status(sign_in(town.leader).get(photo)) == 200
    assert [status(sign_in(town.leader).get(address)) for address in (signal, incident, report)] == [403] * 3
    assert [status(sign_in(town.other_leader).get(address)) for address in (order, photo)] == [404] * 2
    assert "厂房" not in said(sign_in(town.other_leader).get("/orders/"))
    assert "厂房" in said(sign_in(town.leader).get("/orders/"))


def test_who_is_not_logged_in_is_led_to_the_log_in(addresses: list[str], client: Any) -> None:
    client.logout()
    answers = [client.get(address) for address in [*addresses, "/desk/", "/orders/", "/signals/new/"]]
    assert {a.status_code for a in answers} == {302}
    assert all(a.url.startswith("/login/") for a in answers)


def test_a_street_looks_on_and_steers_nothing(town: District, incident: Incident, sign_in: SignIn) -> None:
    page = sign_in(town.street_user).get(f"/incidents/{incident.pk}/")
    assert "您的角色只能查看" in said(page)
    assert "就近力量建议" not in said(page)
    assert "orders/new" not in said(page)
    refused = sign_in(town.street_user).post(f"/incidents/{incident.pk}/note/", {"aspect": "manage", "text": "x"})
    assert refused.status_code == 403


def test_a_wrong_photo_stops_the_finishing_with_a_sentence(town: District, order: Order, sign_in: SignIn) -> None:
    phone, home = sign_in(town.leader), f"/orders/{order.pk}/"
    phone.post(f"{home}receive/")
    phone.post(f"{home}arrive/")
    wrong = {"result": "扑灭", "photo": SimpleUploadedFile("a.jpg", b"not a photo")}
    response = phone.post(f"{home}finish/", wrong)
    order.refresh_from_db()
    assert (response.status_code, order.state) == (422, "arrived")
    assert "不是可用的照片" in said(response)


def test_the_incident_page_says_what_hinders_the_closing(town: District, incident: Incident, sign_in: SignIn) -> None:
    Incident.objects.update(state="controlled")
    assert "尚未提交终报" in said(sign_in(town.officer).get(f"/incidents/{incident.pk}/"))
    Incident.objects.update(state="opened")
    ready_to_close(incident, town)
    assert "尚未提交终报" not in said(sign_in(town.officer).get(f"/incidents/{incident.pk}/"))


def test_suggestions_come_by_distance_with_the_reason(town: District, incident: Incident, sign_in: SignIn) -> None:
    page = said(sign_in(town.commander).get(f"/incidents/{incident.pk}/"))
    assert page.index("综合一队") < page.index("水域一队")
    assert "专业对口" in page
    assert "专业不对口" in page
    dialog = sign_in(town.commander).get(
        f"/incidents/{incident.pk}/orders/new/?team={town.team.pk}", headers={"HX-Request": "true"}
    )
    assert f'<option value="{town.team.pk}" selected>' in said(dialog)


def test_a_report_is_previewed_without_being_filed(town: District, incident: Incident, sign_in: SignIn) -> None:
    form = {"preview": "1", "kind": "first", "situation": "预览文字"}
    page = sign_in(town.officer).post(f"/incidents/{incident.pk}/report/", form, headers={"HX-Request": "true"})
    assert "预览文字" in said(page)
    assert not Report.objects.exists()


def test_a_wrong_report_is_corrected_from_its_page(town: District, incident: Incident, sign_in: SignIn) -> None:
    report = report_submit(kind="first", incident=incident, situation="伤2人", by=town.officer)
    desk, address = sign_in(town.officer), f"/reports/{report.pk}/correct/"
    assert "伤2人" in said(desk.get(address))
    assert desk.post(address, {"situation": "伤1人"}).url == f"/incidents/{incident.pk}/"
    assert Report.objects.get(version=2).situation == "伤1人"
    assert status(sign_in(town.other_street_user).get(address)) == 404


def test_lists_are_filtered_and_an_unknown_filter_finds_nothing(
    town: District, incident: Incident, sign_in: SignIn
) -> None:
    desk = sign_in(town.officer)
    for query, found in (("", True), ("state=opened&q=火灾", True), (f"q={incident.number}", True), ("grade=1", False),
                         ("state=nonsense", False), ("q=不存在", False), ("page=99", True)):  # fmt: skip
        assert (incident.title in said(desk.get(f"/incidents/?{query}"))) == found, query


def test_the_figure_of_events_counts_incidents_opened_in_the_period(town: District, incident: Incident) -> None:
    figure, day = figures()["events"], incident.opened_at.astimezone().date()
    assert figure.count(figure.rows(town.officer, Period(start=day, end=day))) == 1
    before = day - timedelta(days=1)
    assert figure.count(figure.rows(town.officer, Period(start=before, end=before))) == 0
    assert figure.count(figure.rows(town.other_street_user, Period(start=day, end=day))) == 0


def test_pages_are_whole_in_english_too(town: District, signal: Signal, sign_in: SignIn) -> None:
    row = verified(signal, town)
    desk = sign_in(town.officer)
    desk.cookies["django_language"] = "en"
    page = said(desk.get(f"/signals/{row.pk}/"))
    assert "Open as incident" in page
    assert "转为事件" not in page
