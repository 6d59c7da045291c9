"""The demo as a whole: the same seed gives the same rows, and the command makes them once."""

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import models, transaction

from anlan.accounts.demo import LOGINS
from anlan.accounts.models import Area, Organisation, User
from anlan.kit.demo import DemoWorld, demo_build, demo_parts
from anlan.registry.demo.state import COUNTED, DemoRefused, demo_there, refuse_real_rows
from anlan.registry.models import Enterprise
from anlan.site.commands.demo import table
from anlan.site.paths import ROOT

SMALL = 0.01


def digest(model: type[models.Model]) -> str:
    """Of every row in order, all fields but its id and its password; a row referred to stands by its text."""
    fields = [f for f in model._meta.concrete_fields if f.name not in {"id", "password"}]
    links = [f.name for f in fields if f.is_relation]
    lines = hashlib.sha256()
    for row in model._default_manager.select_related(*links).order_by("id"):
        lines.update("|".join(str(getattr(row, field.name)) for field in fields).encode())
    return lines.hexdigest()


def built(**values: Any) -> dict[str, str]:
    """Digests of a demo that is made and taken back."""
    with transaction.atomic():
        demo_build(DemoWorld(scale=SMALL, **values))
        found = {model.__name__: digest(model) for model in COUNTED}
        transaction.set_rollback(True)
    return found


@pytest.mark.django_db
def test_the_same_seed_gives_the_same_rows_and_another_seed_others() -> None:
    first = built(seed=1)
    assert built(seed=1) == first
    other = built(seed=2)
    assert [name for name in first if first[name] == other[name]] == []


def test_a_part_draws_its_own_numbers_whatever_the_others_draw() -> None:
    world = DemoWorld(seed=5)
    world.rng("accounts").random()
    assert world.rng("registry").random() == DemoWorld(seed=5).rng("registry").random()
    assert world.rng("registry").random() != world.rng("accounts").random()


def test_parts_are_run_from_below() -> None:
    names = [part.__name__ for part in demo_parts()]
    assert names[0] == "anlan.accounts.demo"
    assert names.index("anlan.accounts.demo") < names.index("anlan.registry.demo")


@pytest.mark.django_db
def test_progress_names_each_kind_of_row_with_its_number_and_seconds() -> None:
    said: list[str] = []
    demo_build(DemoWorld(scale=SMALL, say=said.append))
    assert any(line.startswith("企业 206 条,") and line.endswith(" 秒") for line in said)
    assert any(line.startswith("救援队员 1581 条") for line in said)
    assert demo_there()


@pytest.mark.django_db
def test_real_rows_are_never_joined_by_demo_rows() -> None:
    refuse_real_rows()
    area = Area.objects.create(code="440310", name="坪山区", level="district")
    with pytest.raises(DemoRefused, match="库中已有行政区域 1 条"):
        refuse_real_rows()
    Enterprise.objects.create(area=area, name="真实企业", credit_code="91440300708461136T")
    with pytest.raises(DemoRefused, match="库中已有企业 1 条"):
        refuse_real_rows()
    assert not demo_there()


@pytest.mark.django_db
def test_a_real_persons_username_is_never_taken() -> None:
    User.objects.create(username="admin")
    with pytest.raises(DemoRefused, match="admin"):
        refuse_real_rows()
    assert not Organisation.objects.exists()


def anlan(var: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {k: v for k, v in os.environ.items() if k != "DATABASE_URL"}
    environment |= {"ANLAN_VAR": str(var), "PYTHONPATH": str(ROOT / "src")}
    command = [sys.executable, "-m", "anlan.site.cli", *words]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)


@pytest.fixture
def var(tmp_path: Path) -> Iterator[Path]:
    """A fresh instance's folder; its database is stopped at the end."""
    yield tmp_path
    code = "from anlan.site import cluster; cluster.stop(); import shutil; shutil.rmtree(cluster.home().parent, True)"
    environment = os.environ | {"ANLAN_VAR": str(tmp_path), "PYTHONPATH": str(ROOT / "src")}
    subprocess.run([sys.executable, "-c", code], env=environment, check=False, timeout=60)


def test_the_command_makes_the_demo_once_and_shows_its_logins(var: Path) -> None:
    made = anlan(var, "demo", "--scale", str(SMALL), "--json")
    assert made.returncode == 0, made.stderr
    facts = json.loads(made.stdout)
    assert facts["made"] is True
    assert facts["counts"]["enterprise"] == 206
    assert [login["username"] for login in facts["logins"]] == [post.username for post in LOGINS]
    assert "企业 206 条" in made.stderr
    kept = var / "demo-logins.txt"
    assert kept.stat().st_mode & 0o777 == 0o600
    assert facts["logins"][0]["password"] in kept.read_text()

    again = anlan(var, "demo", "--scale", "1", "--logins")
    assert again.returncode == 0
    assert again.stdout.startswith("anlan: 演示数据已在库中")
    assert "企业 206" in again.stdout
    assert facts["logins"][0]["password"] in again.stdout

    fresh = json.loads(anlan(var, "demo", "--reset-passwords", "--json").stdout)
    assert fresh["made"] is False
    old = {login["password"] for login in facts["logins"]}
    assert len(fresh["logins"]) == len(LOGINS)
    assert old.isdisjoint(login["password"] for login in fresh["logins"])


def test_a_senseless_scale_is_refused_before_anything_is_done(tmp_path: Path) -> None:
    done = anlan(tmp_path, "demo", "--scale", "0")
    assert done.returncode == 2
    assert "between 0 and 5" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_logins_stand_in_columns_though_chinese_letters_are_wide() -> None:
    from anlan.kit.demo import Login

    rows = [
        Login(role="领导", username="leader", password="x", name="甲"),
        Login(role="值班员", username="duty", password="y", name="乙"),
    ]
    assert table(rows).splitlines() == ["领导    leader  x  甲", "值班员  duty    y  乙"]
