"""The rules that Anlan brings: there from the start, and a person's afterwards."""

import json
from pathlib import Path

import pytest

from anlan.monitoring.models import ThresholdRule
from anlan.monitoring.rules_load import FILE, rules_load

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _nothing_yet(db: None) -> None:
    ThresholdRule.objects.all()._raw_delete("default")
    ThresholdRule.history.all()._raw_delete("default")


def defaults() -> dict[tuple[str, str], ThresholdRule]:
    return {(rule.device_kind, rule.key): rule for rule in ThresholdRule.objects.filter(device=None)}


def changed_file(folder: Path, **values: object) -> Path:
    """The shipped rules with other values in the rule of river levels."""
    entries = json.loads(FILE.read_text(encoding="utf-8"))
    for entry in entries:
        if (entry["device_kind"], entry["key"]) == ("level", "39"):
            entry.update(values)
    path = folder / "rules.json"
    path.write_text(json.dumps(entries))
    return path


def test_every_default_rule_is_one_that_the_kernel_takes_and_says_where_it_is_from() -> None:
    counts = rules_load()
    assert counts["added"] == len(defaults()) == len(json.loads(FILE.read_text(encoding="utf-8")))
    for rule in defaults().values():
        rule.full_clean()
        assert rule.source
        assert rule.verified == "own"


def test_a_second_load_changes_nothing() -> None:
    added = rules_load()["added"]
    assert rules_load() == {"added": 0, "renewed": 0, "kept": added}


def test_a_rule_that_nobody_touched_is_renewed(tmp_path: Path) -> None:
    rules_load()
    assert rules_load(changed_file(tmp_path, blue=[2.2, 2.0]))["renewed"] == 1
    assert defaults()["level", "39"].blue_raise == 2.2
    assert rules_load()["renewed"] == 1


def test_a_rule_that_a_person_changed_stays_as_it_is(tmp_path: Path) -> None:
    rules_load()
    rule = defaults()["level", "39"]
    rule.blue_raise = 2.4
    rule.save()
    assert rules_load(changed_file(tmp_path, yellow=[2.6, 2.5]))["renewed"] == 0
    assert defaults()["level", "39"].yellow_raise == 2.5


def test_a_rule_that_a_person_removed_does_not_come_back() -> None:
    rules_load()
    defaults()["level", "39"].delete()
    rules_load()
    assert ("level", "39") not in defaults()
