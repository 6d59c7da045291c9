"""The commands around accounts, as a person runs them."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from django.db import connection
from django.test import Client

from anlan.accounts.audit import Action, audit_head, audit_record
from anlan.accounts.models import User
from anlan.site.cli import main
from anlan.site.commands import createadmin

pytestmark = pytest.mark.django_db
Settle = Callable[[], None]
Out = pytest.CaptureFixture[str]


@pytest.fixture
def chain(settle: Settle) -> Settle:
    for number in range(4):
        audit_record(action=Action.EXPORT, subject="registry.enterprise", subject_id=number, fields={"名称": number})
    settle()
    return settle


def exported(path: Path) -> list[str]:
    assert main(["audit", "export", "--out", str(path)]) == 0
    return path.read_text().splitlines()


def test_the_chain_in_the_database_is_verified_with_its_head(chain: Settle, capsys: Out) -> None:
    assert main(["audit", "head"]) == 0
    head = capsys.readouterr().out.strip()
    assert head == str(audit_head())
    assert main(["audit", "verify", "--head", head]) == 0
    assert capsys.readouterr().out == f"audit: {audit_head().seq} entries, unbroken; head {head}\n"


def test_a_cut_tail_in_the_database_is_found_by_the_head(chain: Settle, capsys: Out) -> None:
    head = audit_head()
    with connection.cursor() as cursor:
        cursor.execute("alter table accounts_auditentry disable trigger user")
        cursor.execute("delete from accounts_auditentry where seq = %s", [head.seq])
    assert main(["audit", "verify"]) == 0
    assert main(["audit", "verify", "--head", str(head), "--json"]) == 1
    told = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (told["ok"], told["broken"]["seq"], told["broken"]["problem"]) == (False, head.seq, "tail missing")


def test_an_exported_file_is_verified_and_names_its_first_broken_link(
    chain: Settle, tmp_path: Path, capsys: Out
) -> None:
    path = tmp_path / "audit.jsonl"
    lines = exported(path)
    assert main(["audit", "verify", "--file", str(path)]) == 0
    path.write_text("\n".join([*lines[:-2], lines[-2].replace("名称", "名字"), lines[-1]]))
    capsys.readouterr()
    assert main(["audit", "verify", "--file", str(path), "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert told["broken"] == {
        "seq": len(lines) - 1,
        "problem": "hash mismatch",
        "detail": "the content is not what was written",
    }
    assert told["head"].startswith(f"{len(lines) - 2}:")


def test_taking_the_log_away_is_itself_in_the_log(chain: Settle, tmp_path: Path) -> None:
    count = len(exported(tmp_path / "audit.jsonl"))
    chain()
    assert audit_head().seq == count + 1


def test_a_file_is_verified_without_django_and_without_a_database(chain: Settle, tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    exported(path)
    code = (
        "import sys; from anlan.site.cli import main\n"
        f"code = main(['audit', 'verify', '--file', {str(path)!r}])\n"
        "assert 'django' not in sys.modules and 'psycopg' not in sys.modules\n"
        "sys.exit(code)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "unbroken" in done.stdout


def test_a_misspelt_head_and_a_missing_file_have_their_own_exit_codes(tmp_path: Path, capsys: Out) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["audit", "verify", "--head", "7"])
    assert stopped.value.code == 2
    assert "SEQ:HASH" in capsys.readouterr().err
    assert main(["audit", "verify", "--file", str(tmp_path / "none.jsonl")]) == 3


@pytest.fixture
def prepared(monkeypatch: pytest.MonkeyPatch) -> None:
    """The test database is up to date already, and its connection must stay open."""
    monkeypatch.setattr(createadmin, "prepare", lambda: None)


@pytest.mark.usefixtures("prepared")
def test_createadmin_prints_a_random_password_once_that_opens_the_back_office(capsys: Out, client: Client) -> None:
    assert main(["createadmin", "--username", "root", "--name", "赵明"]) == 0
    out = capsys.readouterr().out
    password = out.split("password: ")[1].split()[0]
    assert len(password) >= 14
    answer = client.post("/login/", {"username": "root", "password": password, "next": "/admin/"}, follow=True)
    assert answer.redirect_chain[-1][0] == "/account/password/"
    assert User.objects.get().is_superuser
    assert password not in out.replace(password, "", 1)


@pytest.mark.usefixtures("prepared")
def test_createadmin_refuses_a_name_that_is_taken(capsys: Out) -> None:
    assert main(["createadmin", "--username", "root"]) == 0
    before = User.objects.get().password
    assert main(["createadmin", "--username", "root"]) == 1
    assert "anlan createadmin:" in capsys.readouterr().err
    assert User.objects.get().password == before


@pytest.mark.usefixtures("prepared")
def test_createadmin_refuses_a_weak_password(monkeypatch: pytest.MonkeyPatch, capsys: Out) -> None:
    monkeypatch.setattr("getpass.getpass", lambda _prompt: "password")
    assert main(["createadmin", "--username", "root", "--ask"]) == 1
    assert not User.objects.exists()
    monkeypatch.setattr("getpass.getpass", lambda _prompt: "海上生明月天涯共此时")
    assert main(["createadmin", "--username", "root", "--ask"]) == 0
    assert not User.objects.get().must_change_password
    assert "海上" not in capsys.readouterr().out


def test_no_password_stands_in_the_code() -> None:
    assert len({_fresh() for _ in range(50)}) == 50


def _fresh() -> str:
    from anlan.accounts.services import password_random

    return password_random()
