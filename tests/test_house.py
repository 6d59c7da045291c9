"""The house stands as it is drawn: arrows point down, budgets are kept, everything is typed."""

import ast
import statistics
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.apps import apps

from anlan.site.paths import ROOT

FLOORS = [
    "vocab", "science", "protocols", "rules", "linkage", "kit", "accounts", "onemap", "registry",
    "monitoring", "supervision", "command", "affairs", "apps", "site",
]  # fmt: skip
SOURCE = ROOT / "src/anlan"


def modules() -> list[Path]:
    return [p for p in sorted(SOURCE.rglob("*.py")) if "migrations" not in p.parts and p.stat().st_size > 200]


def functions() -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    for path in modules():
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield f"{path.relative_to(ROOT)}:{node.lineno} {node.name}", node


def length(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of code of a function; its docstring is documentation, not code."""
    first = node.body[0]
    documented = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
    doc = (first.end_lineno or first.lineno) - first.lineno + 1 if documented else 0
    return (node.end_lineno or node.lineno) - node.lineno + 1 - doc


def test_imports_point_down() -> None:
    done = subprocess.run(
        [Path(sys.executable).parent / "lint-imports", "--no-cache"], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout


def test_every_foreign_key_points_down() -> None:
    wrong = []
    for model in apps.get_models(include_auto_created=True):
        home = model.__module__.split(".")
        if home[0] != "anlan":
            continue
        for field in model._meta.get_fields():
            target = getattr(field, "related_model", None)
            if target is None or field.auto_created or not target.__module__.startswith("anlan."):
                continue
            if FLOORS.index(target.__module__.split(".")[1]) > FLOORS.index(home[1]):
                wrong.append(f"{model._meta.label}.{field.name} → {target._meta.label}")
    assert wrong == []


def test_no_module_is_longer_than_300_lines_and_half_are_within_120() -> None:
    sizes = {str(p.relative_to(ROOT)): p.read_text().count("\n") for p in modules()}
    assert {name: size for name, size in sizes.items() if size > 300} == {}
    assert statistics.median(sizes.values()) <= 120


def test_no_function_is_longer_than_25_lines_and_half_are_within_8() -> None:
    sizes = {name: length(node) for name, node in functions()}
    assert {name: size for name, size in sizes.items() if size > 25} == {}
    assert statistics.median(sizes.values()) <= 8


def test_every_function_is_typed() -> None:
    bare = []
    for name, node in functions():
        arguments = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
        untyped = [a.arg for a in arguments if a.annotation is None and a.arg not in {"self", "cls"}]
        if untyped or node.returns is None:
            bare.append(f"{name} {untyped}")
    assert bare == []


def test_comments_are_few() -> None:
    crowded = {}
    for path in modules():
        lines = [line.strip() for line in path.read_text().splitlines() if line.strip()]
        comments = [line for line in lines if line.startswith("#") and "type:" not in line and "noqa" not in line]
        if len(comments) > max(2, 0.05 * len(lines)):
            crowded[str(path.relative_to(ROOT))] = len(comments)
    assert crowded == {}


def test_every_module_says_what_it_is_for() -> None:
    assert [str(p) for p in modules() if not ast.get_docstring(ast.parse(p.read_text()))] == []


@pytest.mark.parametrize("folder", ["science", "protocols", "rules", "linkage", "vocab"])
def test_the_pure_floors_do_not_load_django(folder: str) -> None:
    code = f"import anlan.{folder}, pkgutil, importlib, sys\n"
    code += (
        f"for m in pkgutil.walk_packages(anlan.{folder}.__path__, 'anlan.{folder}.'): importlib.import_module(m.name)\n"
    )
    code += "assert 'django' not in sys.modules and 'asyncio' not in sys.modules, 'django or asyncio was loaded'"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_a_floor_list_names_every_floor() -> None:
    found = {p.name for p in SOURCE.iterdir() if p.is_dir() and (p / "__init__.py").exists()}
    assert found == set(FLOORS)
