"""Administrators make, lock and reset people's accounts, and read the audit log."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from axes.models import AccessAttempt
from django.test import Client
from django.urls import reverse
from django_otp.plugins.otp_totp.models import TOTPDevice

from anlan.accounts.changes import changes_in_words
from anlan.accounts.models import Area, AuditEntry, User

pytestmark = pytest.mark.django_db
Person = Callable[..., User]
PASSWORD = "海上生明月-2026"


@pytest.fixture
def office(client: Client, person: Person) -> Client:
    client.force_login(person("administrator", username="boss", is_staff=True))
    return client


def address(page: str, row: Any = None, model: str = "user") -> str:
    return reverse(f"admin:accounts_{model}_{page}", args=[row.pk] if row is not None else [])


def shown_password(content: str) -> str:
    found = re.search(r"<code>(\w+)</code>", content)
    assert found
    return found.group(1)


def form(areas: dict[str, Area], **more: Any) -> dict[str, Any]:
    return {
        "username": "li", "display_name": "李河", "role": "street", "area": areas["s1"].pk, "telephone": "13800138000",
        "is_active": "on", **more,
    }  # fmt: skip


def test_a_new_person_gets_a_one_time_password_that_is_shown_once(office: Client, areas: dict[str, Area]) -> None:
    answer = office.post(address("add"), form(areas))
    password = shown_password(answer.content.decode())
    assert "no-store" in answer["Cache-Control"]
    fresh = Client()
    first = fresh.post("/login/", {"username": "li", "password": password}, follow=True)
    assert first.redirect_chain[-1][0] == "/account/password/"
    someone = User.objects.get(username="li")
    assert (someone.role, someone.area, someone.is_superuser) == ("street", areas["s1"], False)
    assert password not in office.get(address("detail", someone)).content.decode()


def test_a_name_that_is_taken_makes_nobody(office: Client, areas: dict[str, Area]) -> None:
    answer = office.post(address("add"), form(areas, username="boss"))
    assert answer.status_code == 200
    assert "<code>" not in answer.content.decode()
    assert User.objects.count() == 1


def test_nobody_makes_themselves_a_superuser(office: Client, areas: dict[str, Area]) -> None:
    office.post(address("add"), form(areas, is_superuser="on", must_change_password=""))
    someone = User.objects.get(username="li")
    assert not someone.is_superuser
    assert someone.must_change_password


def test_a_reset_ends_the_old_password_and_the_lock(office: Client, person: Person) -> None:
    someone = person("leader", username="wang", password=PASSWORD)
    for _ in range(5):
        Client().post("/login/", {"username": "wang", "password": "x"})
    password = shown_password(office.post(address("password", someone)).content.decode())
    assert Client().post("/login/", {"username": "wang", "password": PASSWORD}).status_code == 200
    assert Client().post("/login/", {"username": "wang", "password": password}).status_code == 302


def test_a_lock_is_lifted_by_hand_and_that_is_audited(
    office: Client, person: Person, new_entries: Callable[[], list[AuditEntry]]
) -> None:
    someone = person("leader", username="wang", password=PASSWORD)
    for _ in range(5):
        Client().post("/login/", {"username": "wang", "password": "x"})
    assert office.post(address("unlock", someone))["Location"] == address("detail", someone)
    assert not AccessAttempt.objects.exists()
    entry = new_entries()[-1]
    assert (entry.action, entry.subject_id, entry.actor_name) == ("unlocked", str(someone.pk), "王平安(boss)")


def test_a_person_who_leaves_is_locked_out_at_once_and_not_deleted(office: Client, person: Person) -> None:
    someone = person("leader", username="wang", password=PASSWORD)
    theirs = Client()
    theirs.force_login(someone)
    assert office.post(address("delete", someone), {"post": "yes"}).status_code == 403
    office.post(address("active", someone))
    assert theirs.get("/account/").status_code == 302
    assert Client().post("/login/", {"username": "wang", "password": PASSWORD}).status_code == 200
    office.post(address("active", someone))
    assert Client().post("/login/", {"username": "wang", "password": PASSWORD}).status_code == 302


def test_an_administrator_does_not_lock_themselves_out(office: Client) -> None:
    assert office.post(address("active", User.objects.get(username="boss"))).status_code == 403


def test_a_lost_authenticator_is_taken_away(office: Client, person: Person) -> None:
    someone = person("leader", username="wang", password=PASSWORD)
    TOTPDevice.objects.create(user=someone, name="wang", confirmed=True)
    assert "解除动态口令" in office.get(address("detail", someone)).content.decode()
    office.post(address("factor", someone))
    assert Client().post("/login/", {"username": "wang", "password": PASSWORD})["Location"] == "/"


def test_nothing_happens_on_a_get(office: Client, person: Person) -> None:
    someone = person("leader")
    for step in ("password", "unlock", "active", "factor"):
        assert office.get(address(step, someone)).status_code == 405


def test_an_administrator_who_is_no_superuser_leaves_superusers_alone(office: Client, person: Person) -> None:
    root = person("administrator", username="root", is_superuser=True, is_staff=True)
    for step in ("password", "unlock", "active", "factor"):
        assert office.post(address(step, root)).status_code == 403
    office.post(address("change", root), {"username": "x"})
    root.refresh_from_db()
    assert root.username == "root"


@pytest.mark.parametrize("role", ["duty_officer", "commander", "street", "department"])
def test_other_roles_find_neither_people_nor_the_audit_log(client: Client, person: Person, role: str) -> None:
    someone = person(role, is_staff=True)
    client.force_login(someone)
    assert client.get(address("changelist")).status_code == 403
    assert client.get(address("changelist", model="auditentry")).status_code == 403
    assert client.post(address("password", someone)).status_code == 403


def test_the_audit_log_is_listed_filtered_and_read_in_words(
    office: Client, areas: dict[str, Area], settle: Callable[[], None]
) -> None:
    areas["s1"].name = "新名街道"
    areas["s1"].save()
    settle()
    listed = office.get(address("changelist", model="auditentry"), {"action": "change", "subject": "accounts.area"})
    page = listed.content.decode()
    assert "新名街道" in page
    assert "行政区域" in page
    assert "新增</a>" not in page
    entry = AuditEntry.objects.get(subject="accounts.area", action="change")
    detail = office.get(address("detail", entry, "auditentry")).content.decode()
    assert "区域s1" in detail
    assert "名称" in detail
    assert "accounts.area" not in detail
    assert office.post(address("change", entry, "auditentry"), {"actor_name": "x"}).status_code in {302, 403}
    assert office.post(address("delete", entry, "auditentry"), {"post": "yes"}).status_code == 403
    assert office.get(address("add", model="auditentry")).status_code == 403


def test_an_entry_says_what_changed_in_words(office: Client, person: Person, settle: Callable[[], None]) -> None:
    someone = person("leader", area="s1", telephone="13800138000")
    settle()
    entry = AuditEntry.objects.get(subject="accounts.user", subject_id=str(someone.pk), action="create")
    words = {change.label: change.after for change in changes_in_words(entry)}
    assert (words["角色"], words["所属区域"], words["手机"]) == ("领导", "区域s1", "(已隐藏)")
    assert (words["有效"], words["超级用户状态"]) == ("是", "否")
    assert words["加入日期"].startswith("20")
    assert entry.actor_title == "系统"


def test_the_secrets_of_authenticators_have_no_page(office: Client) -> None:
    User.objects.update(is_superuser=True)
    assert office.get("/admin/otp_totp/totpdevice/").status_code == 404
