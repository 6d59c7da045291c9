"""Makes a demo district, always the same for the same seed; on one that is there already it only says so.

example: anlan demo --scale 1
         anlan demo --reset-passwords --json
exit codes: 0 the demo is there, 1 the database holds other rows, 3 no database
"""

import argparse
import json
import os
import sys
import time
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from anlan.site.commands.serve import prepare
from anlan.site.paths import VAR
from anlan.site.standing import database_as_found

if TYPE_CHECKING:
    from anlan.kit.demo import Login

FILE = VAR / "demo-logins.txt"


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--scale", type=_scale, default=0.02, help="1: the size of the district in 2022 (default 0.02)")
    parser.add_argument("--seed", type=int, default=1, help="the same seed gives the same rows (default 1)")
    parser.add_argument("--reset-passwords", action="store_true", help="new passwords for the demo's log-ins")
    parser.add_argument("--logins", action="store_true", help="also show the log-ins of a demo that is there already")
    parser.add_argument("--json", action="store_true", help="print facts as JSON; progress goes to standard error")


def _scale(text: str) -> float:
    value = float(text)
    if not 0 < value <= 5:
        raise argparse.ArgumentTypeError("the scale lies between 0 and 5")
    return value


def run(arguments: argparse.Namespace) -> int:
    with database_as_found():
        with output_to_error():
            prepare()
        return _run(arguments)


def _run(arguments: argparse.Namespace) -> int:
    from anlan.accounts.demo import passwords_reset
    from anlan.registry.demo.state import DemoRefused, demo_there, refuse_real_rows

    if demo_there():
        return _report(arguments, made=False, logins=passwords_reset() if arguments.reset_passwords else [])
    try:
        refuse_real_rows()
    except DemoRefused as refusal:
        print(f"anlan: {refusal}", file=sys.stderr)
        return 1
    return _report(arguments, made=True, logins=_build(arguments))


def _build(arguments: argparse.Namespace) -> "list[Login]":
    from django.db import transaction

    from anlan.accounts.audit import Action, audit_record
    from anlan.kit.demo import DemoWorld, demo_build
    from anlan.registry.demo.state import demo_counts

    out = sys.stderr if arguments.json else sys.stdout
    world = DemoWorld(
        seed=arguments.seed,
        scale=arguments.scale,
        live=time.time_ns() // 1_000_000,
        say=lambda text: print(f"anlan: {text}", file=out, flush=True),
    )
    with transaction.atomic():
        demo_build(world)
        counts = {name: count for name, (_title, count) in demo_counts().items()}
        audit_record(action=Action.IMPORT, subject="demo", fields=counts | {"seed": world.seed, "scale": world.scale})
    return world.logins


def _report(arguments: argparse.Namespace, *, made: bool, logins: "list[Login]") -> int:
    from django.utils.translation import gettext as _

    from anlan.registry.demo.state import demo_counts

    if logins:
        _keep(table(logins))
    if arguments.json:
        print(json.dumps(_facts(made, logins, demo_counts()), ensure_ascii=False))
        return 0
    if not made:
        counts = ",".join(f"{title} {count}" for title, count in demo_counts().values())
        print(f"anlan: {_('演示数据已在库中')}({counts})")
    if logins:
        print(table(logins))
        print(_("密码只显示这一次,另存于 %(file)s") % {"file": FILE})
    elif arguments.logins:
        print(FILE.read_text() if FILE.exists() else _("密码未保存;用 anlan demo --reset-passwords 重新生成"))
    return 0


def _facts(made: bool, logins: "list[Login]", counts: dict[str, tuple[str, int]]) -> dict[str, Any]:
    return {
        "made": made,
        "counts": {name: count for name, (_title, count) in counts.items()},
        "logins": [
            {"role": one.role, "username": one.username, "password": one.password, "name": one.name} for one in logins
        ],
    }


@contextmanager
def output_to_error() -> Iterator[None]:
    """What this process and the programs that it starts print goes to standard error."""
    sys.stdout.flush()
    kept = os.dup(1)
    os.dup2(2, 1)
    try:
        yield
    finally:
        sys.stdout.flush()
        os.dup2(kept, 1)
        os.close(kept)


def _keep(text: str) -> None:
    """Only the person who runs Anlan may read the passwords."""
    VAR.mkdir(parents=True, exist_ok=True)
    fresh = FILE.with_suffix(f".{os.getpid()}")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text + "\n")
    fresh.rename(FILE)


def table(logins: "list[Login]") -> str:
    """Role, user name, password and name in columns; a Chinese character is two columns wide."""
    rows = [(one.role, one.username, one.password, one.name) for one in logins]
    widths = [max(_width(row[i]) for row in rows) for i in range(4)]
    return "\n".join("  ".join(_padded(t, w) for t, w in zip(row, widths, strict=True)).rstrip() for row in rows)


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def _padded(text: str, width: int) -> str:
    return text + " " * (width - _width(text))
