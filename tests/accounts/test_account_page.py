"""What a person does with their own account."""

from collections.abc import Callable

import pytest
from django.test import Client
from django_otp.oath import TOTP
from django_otp.plugins.otp_totp.models import TOTPDevice

from anlan.accounts.models import AuditEntry, User

pytestmark = pytest.mark.django_db
PASSWORD, ANOTHER = "海上生明月-2026", "天涯共此时-2026"
Person = Callable[..., User]


def change_password(client: Client, new: str = ANOTHER, old: str = PASSWORD) -> str:
    answer = client.post(
        "/account/password/", {"old_password": old, "new_password1": new, "new_password2": new}, follow=True
    )
    return answer.content.decode()


@pytest.fixture
def someone(client: Client, person: Person) -> User:
    user = person("duty_officer", username="wang", password=PASSWORD)
    client.force_login(user)
    return user


def test_a_one_time_password_lets_its_owner_go_nowhere_else_before_it_is_changed(client: Client, someone: User) -> None:
    User.objects.update(must_change_password=True)
    assert client.get("/account/")["Location"] == "/account/password/"
    assert client.get("/admin/")["Location"] == "/account/password/"
    refused = client.get("/api/anything")
    assert (refused.status_code, refused.json()["detail"]) == (403, "请先修改初始密码。")
    assert "一次性密码" in client.get("/account/password/").content.decode()
    assert "密码已修改" in change_password(client)
    assert client.get("/account/").status_code == 200


def test_a_person_with_a_one_time_password_may_still_log_out(client: Client, someone: User) -> None:
    User.objects.update(must_change_password=True)
    assert client.post("/logout/")["Location"] == "/login/"


def test_the_new_password_must_be_another_and_a_good_one(client: Client, someone: User) -> None:
    User.objects.update(must_change_password=True)
    assert "新密码不能与原密码相同" in change_password(client, new=PASSWORD)
    assert "密码太短,至少需要 10 个字符" in change_password(client, new="12345")
    someone.refresh_from_db()
    assert someone.must_change_password
    assert someone.check_password(PASSWORD)


def test_changing_the_password_keeps_this_session_and_ends_the_others(client: Client, someone: User) -> None:
    other = Client()
    other.force_login(someone)
    change_password(client)
    assert client.get("/account/").status_code == 200
    assert other.get("/account/").status_code == 302


def test_an_authenticator_is_turned_on_by_its_first_right_code(
    client: Client, someone: User, new_entries: Callable[[], list[AuditEntry]]
) -> None:
    page = client.get("/account/second-factor/")
    assert "data:image/svg+xml" in page.content.decode()
    assert page["Cache-Control"] == "no-store"
    device = TOTPDevice.objects.get(user=someone)
    assert not device.confirmed
    good = f"{TOTP(device.bin_key).token():06d}"
    wrong = f"{(int(good) + 1) % 1_000_000:06d}"
    assert "动态口令不正确" in client.post("/account/second-factor/", {"code": wrong}).content.decode()
    TOTPDevice.objects.update(throttling_failure_count=0)
    assert client.post("/account/second-factor/", {"code": good})["Location"] == "/account/"
    device.refresh_from_db()
    assert device.confirmed
    assert new_entries()[-1].fields == {"second_factor": [None, "on"]}
    assert client.get("/account/second-factor/")["Location"] == "/account/"


@pytest.mark.parametrize("code", ["", "12345", "1234567", "abcdef", "١٢٣٤٥٦7"])
def test_a_code_that_is_not_six_digits_is_said_so(client: Client, someone: User, code: str) -> None:
    assert client.post("/account/second-factor/", {"code": code}).context["form"].errors


def test_an_authenticator_is_turned_off_only_with_the_password(client: Client, someone: User) -> None:
    TOTPDevice.objects.create(user=someone, name="wang", confirmed=True)
    refused = client.post("/account/second-factor/off/", {"password": "x"})
    assert refused.status_code == 422
    assert "密码不正确" in refused.content.decode()
    assert TOTPDevice.objects.exists()
    client.post("/account/second-factor/off/", {"password": PASSWORD})
    assert not TOTPDevice.objects.exists()


def test_the_account_page_shows_ones_own_log_ins_and_what_others_tried(
    client: Client, someone: User, settle: Callable[[], None]
) -> None:
    Client(REMOTE_ADDR="10.9.9.9").post("/login/", {"username": "wang", "password": "x"})
    Client(REMOTE_ADDR="10.8.8.8").post("/login/", {"username": "li", "password": "x"})
    settle()
    page = client.get("/account/").content.decode()
    assert "10.9.9.9" in page
    assert "登录失败" in page
    assert "10.8.8.8" not in page
