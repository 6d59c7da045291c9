import os
import shutil
import subprocess
import sys
from pathlib import Path

import anlan.rules
from anlan.rules import warm
from anlan.rules.loop import judge_each

SCRIPT = """
import numpy as np
from anlan.rules import KernelState, Rule, RuleTable, Threshold, judge
table = RuleTable.of([Rule(red=Threshold(raise_at=1, clear_at=0))])
print(judge(table, KernelState.empty(1), np.array([0]), np.array([5]), np.array([2.0]), now=5).ledger)
"""


def test_an_installation_where_no_cache_can_be_written_still_judges(tmp_path: Path) -> None:
    package = tmp_path / "anlan" / "rules"
    source = Path(anlan.rules.__file__).parent
    shutil.copytree(source, package, ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "anlan" / "__init__.py").touch()
    (package / "__pycache__").write_text("a file where the folder should be")
    nowhere = str(package / "__pycache__" / "below")
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": str(tmp_path), "HOME": nowhere, "XDG_CACHE_HOME": nowhere}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", SCRIPT], env=env, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout.strip()) == (0, "[1]"), done.stderr


def test_one_compiled_version_serves_all_callers() -> None:
    warm()
    warm()
    assert len(judge_each.signatures) == 1  # type: ignore[attr-defined]
