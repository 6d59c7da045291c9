"""Who may come in, and how."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import resolve
from django.utils import timezone
from django_otp.oath import TOTP
from django_otp.plugins.otp_totp.models import TOTPDevice

from anlan.accounts import pending
from anlan.accounts.models import AuditEntry, User
from anlan.accounts.roles import Role

pytestmark = pytest.mark.django_db
PASSWORD = "海上生明月-2026"
Person = Callable[..., User]


def log_in(client: Client, username: str, password: str = PASSWORD, **more: Any) -> Any:
    return client.post("/login/", {"username": username, "password": password, **more})


def current_code(device: TOTPDevice) -> str:
    return f"{TOTP(device.bin_key).token():06d}"


@pytest.fixture
def authenticator(person: Person) -> TOTPDevice:
    someone = person("duty_officer", username="wang", password=PASSWORD)
    return TOTPDevice.objects.create(user=someone, name="wang", confirmed=True)


def test_the_right_password_leads_to_where_the_person_wanted_to_go(client: Client, person: Person) -> None:
    person("duty_officer", username="wang", password=PASSWORD)
    answer = log_in(client, "wang", next="/account/password/")
    assert (answer.status_code, answer["Location"]) == (302, "/account/password/")


@pytest.mark.parametrize(
    "elsewhere", ["https://evil.example/", "//evil.example", "javascript:alert(1)", "/\\evil.example"]
)
def test_nobody_is_led_to_another_host(client: Client, person: Person, elsewhere: str) -> None:
    person("duty_officer", username="wang", password=PASSWORD)
    assert log_in(client, "wang", next=elsewhere)["Location"] == "/"


def test_a_wrong_password_an_unknown_name_and_a_locked_account_read_the_same(client: Client, person: Person) -> None:
    person("duty_officer", username="wang", password=PASSWORD)
    person("duty_officer", username="gone", password=PASSWORD, is_active=False)
    answers = [log_in(client, "wang", "x"), log_in(client, "nobody", "x"), log_in(client, "gone")]
    assert {a.context["form"].non_field_errors()[0] for a in answers} == {"用户名或密码不正确。"}


@pytest.mark.parametrize("username", ["wang", "nobody"])
def test_five_failures_close_the_door_with_the_remaining_time(client: Client, person: Person, username: str) -> None:
    person("duty_officer", username="wang", password=PASSWORD)
    assert [log_in(client, username, "x").status_code for _ in range(5)] == [200, 200, 200, 200, 429]
    closed = log_in(client, username)
    assert closed.status_code == 429
    assert "请在 15 分钟后再试" in closed.content.decode()
    assert 890 < int(closed["Retry-After"]) <= 900


def test_the_door_opens_again_after_its_time_and_trying_meanwhile_does_not_prolong_it(
    client: Client, person: Person
) -> None:
    from axes.models import AccessAttempt

    person("duty_officer", username="wang", password=PASSWORD)
    for _ in range(5):
        log_in(client, "wang", "x")
    AccessAttempt.objects.update(attempt_time=timezone.now() - timedelta(minutes=14))
    late = log_in(client, "wang", "x")
    assert late.status_code == 429
    assert "请在 1 分钟后再试" in late.content.decode()
    AccessAttempt.objects.update(attempt_time=timezone.now() - timedelta(minutes=15, seconds=1))
    assert log_in(client, "wang").status_code == 302


def test_a_lock_holds_for_one_name_from_one_address_only(client: Client, person: Person) -> None:
    person("duty_officer", username="wang", password=PASSWORD)
    for _ in range(5):
        log_in(client, "wang", "x")
    elsewhere = Client(REMOTE_ADDR="10.1.2.3")
    assert log_in(elsewhere, "wang").status_code == 302


def test_log_ins_failures_locks_and_log_outs_are_audited(
    client: Client, person: Person, new_entries: Callable[[], list[AuditEntry]]
) -> None:
    someone = person("duty_officer", username="wang", display_name="王平安", password=PASSWORD)
    for _ in range(5):
        log_in(client, "wang", "x")
    log_in(client, "stranger", "x")
    elsewhere = Client(REMOTE_ADDR="10.1.2.3")
    log_in(elsewhere, "wang")
    elsewhere.post("/logout/")
    found = [(e.action, e.actor_id, e.subject_id, e.ip) for e in new_entries() if e.action != "create"]
    own = str(someone.pk)
    assert found == [
        *[("login_failed", None, own, "127.0.0.1")] * 4,
        ("locked", None, own, "127.0.0.1"),
        ("login_failed", None, own, "127.0.0.1"),
        ("login_failed", None, "", "127.0.0.1"),
        ("login", someone.pk, own, "10.1.2.3"),
        ("logout", someone.pk, own, "10.1.2.3"),
    ]
    assert "x" not in [e.fields for e in new_entries()]


def test_logging_out_needs_a_post(client: Client, person: Person) -> None:
    client.force_login(person("leader"))
    assert client.get("/logout/").status_code == 405
    assert client.post("/logout/")["Location"] == "/login/"
    assert client.get("/account/").status_code == 302


def test_a_session_ends_a_fixed_time_after_the_log_in_however_busy_it_is(
    client: Client, person: Person, settings: Any
) -> None:
    settings.ANLAN_SESSION_HOURS = 8
    client.force_login(person("leader"))
    end = client.session.get_expiry_date()
    assert abs(end - timezone.now() - timedelta(hours=8)) < timedelta(minutes=1)
    client.get("/account/")
    session = client.session
    session["busy"] = True
    session.save()
    assert client.session.get_expiry_date() == end


def test_with_an_authenticator_the_password_alone_logs_nobody_in(client: Client, authenticator: TOTPDevice) -> None:
    answer = log_in(client, "wang", next="/account/password/")
    assert answer["Location"] == "/login/code/"
    assert client.get("/account/").status_code == 302
    done = client.post("/login/code/", {"code": current_code(authenticator)})
    assert done["Location"] == "/account/password/"
    assert client.get("/account/").status_code == 200


def test_a_code_works_once(client: Client, authenticator: TOTPDevice) -> None:
    code = current_code(authenticator)
    log_in(client, "wang")
    client.post("/login/code/", {"code": f" {code[:3]} {code[3:]} "})
    again = Client()
    log_in(again, "wang")
    assert "动态口令不正确或已使用" in again.post("/login/code/", {"code": code}).content.decode()


def test_wrong_codes_slow_down_the_next_one_and_count_as_failures(client: Client, authenticator: TOTPDevice) -> None:
    log_in(client, "wang")
    wrong = f"{(int(current_code(authenticator)) + 1) % 1_000_000:06d}"
    client.post("/login/code/", {"code": wrong})
    assert client.post("/login/code/", {"code": current_code(authenticator)}).status_code == 200
    assert [client.post("/login/code/", {"code": wrong}).status_code for _ in range(3)] == [200, 200, 429]
    TOTPDevice.objects.update(throttling_failure_count=0)
    assert client.post("/login/code/", {"code": current_code(authenticator)}).status_code == 429


def test_the_second_step_expires(client: Client, authenticator: TOTPDevice, monkeypatch: pytest.MonkeyPatch) -> None:
    log_in(client, "wang")
    monkeypatch.setattr(pending, "SECONDS", -1)
    log_in(client, "wang")
    assert client.post("/login/code/", {"code": current_code(authenticator)})["Location"] == "/login/"


def test_the_second_step_is_void_once_the_password_has_changed(client: Client, authenticator: TOTPDevice) -> None:
    log_in(client, "wang")
    authenticator.user.set_password("另一个-密码-2026")
    authenticator.user.save()
    assert client.get("/login/code/")["Location"] == "/login/"


def test_the_back_office_uses_the_same_log_in(client: Client, person: Person, authenticator: TOTPDevice) -> None:
    User.objects.update(is_staff=True)
    first = client.get("/admin/")
    second = client.get(first["Location"])
    assert second["Location"] == "/login/?next=/admin/"
    assert log_in(client, "wang", next="/admin/")["Location"] == "/login/code/"
    assert client.get("/admin/").status_code == 302
    done = client.post("/login/code/", {"code": current_code(authenticator)})
    assert done["Location"] == "/admin/"
    assert client.get("/admin/").status_code == 200


def test_the_back_office_tells_a_person_without_the_right_so(client: Client, person: Person) -> None:
    client.force_login(person("community"))
    answer = client.get("/admin/", follow=True)
    assert answer.status_code == 403
    assert "不能使用后台管理" in answer.content.decode()


@pytest.mark.parametrize("role", Role.values)
def test_every_role_has_a_first_page(client: Client, person: Person, role: str) -> None:
    client.force_login(person(role, is_staff=True))
    answer = client.get("/")
    assert answer.status_code == 302
    assert resolve(answer["Location"]).url_name != "login"
    assert (answer["Location"] == "/admin/") == (role == "administrator")


def test_a_stranger_is_led_to_the_log_in(client: Client, db: None) -> None:
    assert client.get("/")["Location"] == "/login/?next=/"
