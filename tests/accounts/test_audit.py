"""Every change leaves a link in one chain that nobody can rewrite."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.gis.geos import MultiPolygon, Point, Polygon
from django.db import IntegrityError, close_old_connections, connection, connections, transaction

from anlan.accounts import trail
from anlan.accounts.acting import acting_as
from anlan.accounts.audit import Action, audit_entries, audit_head, audit_record
from anlan.accounts.chain import verify
from anlan.accounts.models import Area, AuditEntry, Organisation, User
from anlan.kit.signals import sensitive_read
from anlan.registry.models import Enterprise, Stock

Read = Callable[[], list[AuditEntry]]
Settle = Callable[[], None]


@pytest.fixture
def stock(areas: dict[str, Area]) -> Stock:
    return Stock.objects.create(name="一号库", item="沙袋", category="flood", quantity=5, unit="个", area=areas["c1"])


def test_a_created_row_is_recorded_with_its_values_and_area(stock: Stock, settle: Settle) -> None:
    settle()
    entry = AuditEntry.objects.get(subject="registry.stock", subject_id=str(stock.pk))
    assert (entry.action, entry.subject_name, entry.area) == ("create", "一号库·沙袋", stock.area.path)
    assert entry.fields["quantity"] == [None, "5"]
    assert "keeper_name" not in entry.fields
    assert (entry.actor_id, entry.actor_name) == (None, "system")


def test_a_change_is_recorded_before_and_after_and_only_what_changed(stock: Stock, new_entries: Read) -> None:
    stock.quantity, stock.location = 9, Point(114.35, 22.7, srid=4490)
    stock.save()
    stock.save()
    entry = new_entries()[-1]
    assert entry.fields == {"quantity": ["5", "9"], "location": [None, "114.3500000,22.7000000"]}
    assert sum(e.action == "change" for e in new_entries()) == 1


def test_a_value_given_as_text_is_no_change_where_it_means_the_same(stock: Stock, new_entries: Read) -> None:
    stock.quantity = "5"  # type: ignore[assignment]
    stock.save()
    assert not [e for e in new_entries() if e.action == "change"]


def test_a_deleted_row_is_recorded_with_what_it_held(stock: Stock, new_entries: Read) -> None:
    number = str(stock.pk)
    stock.delete()
    entry = new_entries()[-1]
    assert (entry.action, entry.subject_id, entry.fields["item"]) == ("delete", number, ["沙袋", None])


def test_a_sensitive_value_is_never_stored_but_its_change_is_seen(
    organisation: Organisation, new_entries: Read
) -> None:
    organisation.telephone = "13800138000"
    organisation.save()
    before, after = new_entries()[-1].fields["telephone"]
    assert before.startswith("hidden:")
    assert after.startswith("hidden:")
    assert before != after
    assert "13800138000" not in str(list(audit_entries()))


def test_a_password_is_never_stored(person: Callable[..., User], new_entries: Read) -> None:
    someone = person("leader", password="海上生明月-2026")
    assert someone.password not in str([e.fields for e in new_entries()])
    assert new_entries()[-1].fields["password"][1].startswith("hidden:")


def test_a_boundary_is_recorded_as_a_short_mark(areas: dict[str, Area], new_entries: Read) -> None:
    square = Polygon(((114.0, 22.0), (115.0, 22.0), (115.0, 23.0), (114.0, 22.0)), srid=4490)
    areas["d"].boundary = MultiPolygon(square, srid=4490)
    areas["d"].save()
    old, new = new_entries()[-1].fields["boundary"]
    assert old is None
    assert new.startswith("MultiPolygon ")


def test_a_read_of_sensitive_fields_is_recorded_with_who_and_what(
    person: Callable[..., User], new_entries: Read
) -> None:
    reader = person("duty_officer")
    sensitive_read.send(sender=Enterprise, user=reader, ids=[4, 7], fields=["contact_phone"], action="reveal")
    entry = new_entries()[-1]
    assert (entry.action, entry.actor_id, entry.subject_id) == ("read_sensitive", reader.pk, "4,7")
    assert entry.fields == {"fields": ["contact_phone"], "how": "reveal"}


def test_a_job_acts_as_the_system_unless_it_names_somebody(person: Callable[..., User], new_entries: Read) -> None:
    someone = person("street", display_name="李河")
    audit_record(action=Action.IMPORT, subject=Enterprise, fields={"rows": 20_571})
    with acting_as(someone):
        audit_record(action=Action.IMPORT, subject=Enterprise)
    nobody, named = new_entries()[-2:]
    assert (nobody.actor_id, nobody.actor_name, nobody.fields) == (None, "system", {"rows": "20571"})
    assert (named.actor_id, named.actor_name) == (someone.pk, f"李河({someone.username})")


@pytest.mark.parametrize("bad", ["a\x00b", "\ud800", "\u2028", "\U0001f6a8", '"\\\b', "é́"])
def test_any_text_keeps_its_hash_in_the_database(settle: Settle, bad: str) -> None:
    audit_record(action=Action.LOGIN_FAILED, subject="accounts.user", subject_id=bad, fields={bad: [bad, 1.5e300]})
    settle()
    assert verify(audit_entries()).broken is None


@pytest.mark.parametrize(
    "attack",
    [
        "update accounts_auditentry set actor_name = 'x'",
        "delete from accounts_auditentry",
        "truncate accounts_auditentry",
    ],
)
def test_the_database_refuses_to_rewrite_the_log_with_a_sentence(settle: Settle, attack: str) -> None:
    audit_record(action=Action.EXPORT, subject=Enterprise)
    settle()
    with pytest.raises(IntegrityError, match="审计日志只能追加"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(attack)


@pytest.fixture
def unguarded(settle: Settle) -> None:
    """A database whose owner has switched the triggers off, inside this test's transaction."""
    settle()
    with connection.cursor() as cursor:
        cursor.execute("alter table accounts_auditentry disable trigger user")


def test_a_rewritten_row_in_the_database_is_found(unguarded: None, settle: Settle) -> None:
    for _ in range(3):
        audit_record(action=Action.EXPORT, subject=Enterprise)
    settle()
    seq = audit_head().seq - 1
    with connection.cursor() as cursor:
        cursor.execute("update accounts_auditentry set ip = '10.0.0.1' where seq = %s", [seq])
    broken = verify(audit_entries()).broken
    assert broken is not None
    assert (broken.seq, broken.problem.value) == (seq, "hash mismatch")


def _in_threads(count: int, work: Callable[[int], None]) -> None:
    def run(number: int) -> None:
        try:
            work(number)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(n,)) for n in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)


@pytest.mark.django_db(transaction=True)
def test_a_change_whose_entry_cannot_be_written_does_not_happen(monkeypatch: pytest.MonkeyPatch) -> None:
    area = Area.objects.create(code="9", name="旧名", level="district")
    start = audit_head()

    def fail(**_entry: Any) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(trail, "audit_record", fail)
    area.name = "新名"
    with pytest.raises(OSError, match="disk full"):
        area.save()
    assert Area.objects.get(code="9").name == "旧名"
    assert area.history.count() == 1  # type: ignore[attr-defined]
    assert audit_head() == start


@pytest.mark.django_db(transaction=True)
def test_writers_at_the_same_time_make_one_chain() -> None:
    start, together = audit_head(), threading.Barrier(4)

    def write(number: int) -> None:
        together.wait(timeout=10)
        for turn in range(5):
            with transaction.atomic():
                audit_record(action=Action.IMPORT, subject=Enterprise, subject_id=f"{number}/{turn}")
                audit_record(action=Action.EXPORT, subject=Enterprise, subject_id=f"{number}/{turn}")

    _in_threads(4, write)
    assert verify(audit_entries(), kept=start).broken is None
    assert audit_head().seq == start.seq + 40


@pytest.mark.django_db(transaction=True)
def test_an_open_transaction_does_not_hold_up_another_writer() -> None:
    start = audit_head()
    with transaction.atomic():
        audit_record(action=Action.IMPORT, subject=Enterprise, subject_id="slow")
        _in_threads(1, lambda _n: audit_record(action=Action.EXPORT, subject=Enterprise, subject_id="quick"))
        assert audit_head().seq == start.seq + 1
    assert [e["subject_id"] for e in audit_entries()][-2:] == ["quick", "slow"]


@pytest.mark.django_db(transaction=True)
def test_a_connection_killed_in_mid_transaction_leaves_no_entry_and_no_change() -> None:
    start = audit_head()

    def work(_number: int) -> None:
        with connection.cursor() as cursor, transaction.atomic():
            Area.objects.create(code="9", name="废区", level="district")
            cursor.execute("select pg_backend_pid()")
            killed.append(cursor.fetchone()[0])
            written.set()
            dead.wait(timeout=10)

    killed: list[int] = []
    written, dead = threading.Event(), threading.Event()
    thread = threading.Thread(target=_swallow, args=(work,))
    thread.start()
    assert written.wait(timeout=10)
    with connection.cursor() as cursor:
        cursor.execute("select pg_terminate_backend(%s)", killed)
    dead.set()
    thread.join(timeout=10)
    assert audit_head() == start
    assert not Area.objects.filter(code="9").exists()
    audit_record(action=Action.EXPORT, subject=Enterprise)
    assert verify(audit_entries()).broken is None


def _swallow(work: Callable[[int], None]) -> None:
    from django.db import Error

    try:
        work(0)
    except Error:
        close_old_connections()
    finally:
        connections.close_all()
