"""A changed rule is replayed on what was stored, seen by two people, and signed by the second before it goes live."""

from collections.abc import Callable

import numpy as np
import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st

from anlan.accounts.models import Area, User
from anlan.kit.entities import entity_of
from anlan.kit.exchange.imports import rows_import
from anlan.kit.exchange.sheets import Sheet, SheetError
from anlan.kit.flow import IllegalStep
from anlan.kit.models import Notice
from anlan.monitoring.ingest import readings_store
from anlan.monitoring.models import Alarm, Device, Rehearsal, RuleProposal, RuleStamp, ThresholdRule
from anlan.monitoring.moments import HOUR, now_ms
from anlan.monitoring.rehearsal.changes import change_lines
from anlan.monitoring.rehearsal.compare import DAY, Shifts, Window, compare
from anlan.monitoring.rehearsal.fates import _READERS, fate_reader
from anlan.monitoring.rehearsal.flow import ProposalState
from anlan.monitoring.rehearsal.replay import episodes
from anlan.monitoring.rehearsal.services import (
    last_rehearsal,
    proposal_make,
    proposal_reject,
    proposal_sign,
    proposal_withdraw,
    rehearsal_ask,
    rehearsal_do,
    rehearsal_see,
)
from anlan.rules import KernelState, Kind, Rule, RuleTable, Threshold, judge, sweep

from .frames import MINUTE, frame

pytestmark = pytest.mark.django_db
BACKEND = "anlan.accounts.backends.RoleBackend"
ROWS = "/api/monitoring/thresholdrule/"
Jobs = Callable[[], int]


def person(area: Area, role: str, name: str = "") -> User:
    return User.objects.create(username=name or role, display_name=name or role, role=role, area=area, is_staff=True)


@pytest.fixture
def proposer(area: Area) -> User:
    return person(area, "duty_officer")


@pytest.fixture
def signer(area: Area) -> User:
    return person(area, "commander")


@pytest.fixture
def rule(device: Callable[..., Device]) -> ThresholdRule:
    """Blue above 2 m; in the last hour the river was at 1, 2.5, 1, 2.2 and 1 m."""
    device()
    made = ThresholdRule.objects.create(
        name="河道水位", device_kind="level", key="39", source="防汛预案", blue_raise=2, blue_clear=1.8
    )
    now = now_ms()
    levels = [(50, 1.0), (40, 2.5), (30, 1.0), (20, 2.2), (10, 1.0)]
    readings_store(batch=[frame([("39", now - ago * MINUTE, value) for ago, value in levels])], now=now)
    return made


def changed(rule: ThresholdRule, **values: object) -> ThresholdRule:
    wanted = ThresholdRule.objects.get(pk=rule.pk)
    for name, value in values.items():
        setattr(wanted, name, value)
    return wanted


@pytest.fixture
def proposal(rule: ThresholdRule, proposer: User) -> RuleProposal:
    return proposal_make(rule=rule, wanted=changed(rule, blue_raise=2.3), why="误报多", by=proposer)


@pytest.fixture
def rehearsed(proposal: RuleProposal, proposer: User, run_jobs: Jobs) -> RuleProposal:
    run_jobs()
    rehearsal_ask(proposal=proposal, days=7, by=proposer)
    run_jobs()
    proposal.refresh_from_db()
    return proposal


def seen_by(proposal: RuleProposal, *people: User) -> None:
    for one in people:
        rehearsal_see(rehearsal=proposal.rehearsals.latest("id"), by=one)


def test_a_proposal_leaves_the_live_rule_as_it_is(proposal: RuleProposal, rule: ThresholdRule) -> None:
    assert proposal.changes == {"blue_raise": 2.3}
    rule.refresh_from_db()
    assert rule.blue_raise == 2


def test_a_rehearsal_says_what_would_not_have_been_raised_and_raises_nothing_itself(rehearsed: RuleProposal) -> None:
    assert rehearsed.state == ProposalState.REHEARSED
    result = last_rehearsal(rehearsed).result  # type: ignore[union-attr]
    assert (result["before"]["alarms"], result["after"]["alarms"]) == (2, 1)
    assert (result["vanished_count"], result["fresh_count"]) == (1, 0)
    assert result["vanished"][0]["value"] == 2.2
    assert result["readings"] == 5
    assert Alarm.objects.count() == 2


def test_what_an_alarm_became_is_told_with_it(proposal: RuleProposal, proposer: User, run_jobs: Jobs) -> None:
    missed = Alarm.objects.get(value=2.2)

    @fate_reader
    def incident(ids: list[int]) -> dict[int, str]:
        return {pk: "事件" for pk in ids if pk == missed.pk}

    try:
        asked = rehearsal_ask(proposal=proposal, days=7, by=proposer)
        run_jobs()
    finally:
        _READERS.remove(incident)
    asked.refresh_from_db()
    assert asked.result["vanished_with_consequence"] == 1
    assert (asked.result["vanished"][0]["alarm"], asked.result["vanished"][0]["fate"]) == (missed.pk, "事件")


def test_a_second_person_who_has_seen_it_signs_and_the_rule_goes_live(
    rehearsed: RuleProposal, rule: ThresholdRule, proposer: User, signer: User
) -> None:
    seen_by(rehearsed, proposer, signer)
    before = RuleStamp.objects.get().version
    proposal_sign(proposal=rehearsed, by=signer)
    rule.refresh_from_db()
    rehearsed.refresh_from_db()
    assert rule.blue_raise == 2.3
    assert rehearsed.state == ProposalState.LIVE
    assert RuleStamp.objects.get().version > before
    last = rule.history.first()  # type: ignore[attr-defined]
    assert last.history_user == signer
    assert str(proposer) in last.history_change_reason


def test_what_a_rule_was_before_stays_readable_after_the_change_went_live(
    rehearsed: RuleProposal, rule: ThresholdRule, proposer: User, signer: User
) -> None:
    seen_by(rehearsed, proposer, signer)
    waiting = change_lines(rehearsed)
    proposal_sign(proposal=rehearsed, by=signer)
    changed(rule, blue_raise=9, blue_clear=8).save()
    assert [line[1:] for line in waiting] == [("2", "2.3")]
    assert change_lines(RuleProposal.objects.get(pk=rehearsed.pk)) == waiting


def test_the_proposer_cannot_sign_whatever_their_role(rule: ThresholdRule, area: Area, run_jobs: Jobs) -> None:
    chief = person(area, "commander", "chief")
    mine = proposal_make(rule=rule, wanted=changed(rule, blue_raise=2.3), why="误报多", by=chief)
    rehearsal_ask(proposal=mine, days=7, by=chief)
    run_jobs()
    seen_by(mine, chief)
    with pytest.raises(PermissionDenied):
        proposal_sign(proposal=mine, by=chief)
    mine.refresh_from_db()
    mine.state, mine.decided_by = ProposalState.LIVE, chief
    mine.decided_at, mine.signed_on = timezone.now(), last_rehearsal(mine)
    with pytest.raises(IntegrityError, match="proposal_signed_by_a_second_person"), transaction.atomic():
        mine.save()


@pytest.mark.parametrize("who", ["nobody", "proposer", "signer"])
def test_it_cannot_be_signed_before_both_have_opened_the_result(
    rehearsed: RuleProposal, proposer: User, signer: User, who: str
) -> None:
    seen_by(rehearsed, *{"nobody": (), "proposer": (proposer,), "signer": (signer,)}[who])
    with pytest.raises(IllegalStep, match="打开预演结果"):
        proposal_sign(proposal=rehearsed, by=signer)


def test_it_cannot_be_signed_without_a_rehearsal(proposal: RuleProposal, signer: User) -> None:
    with pytest.raises(IllegalStep):
        proposal_sign(proposal=proposal, by=signer)


def test_a_rule_that_changed_meanwhile_must_be_rehearsed_again(
    rehearsed: RuleProposal, rule: ThresholdRule, proposer: User, signer: User, run_jobs: Jobs
) -> None:
    seen_by(rehearsed, proposer, signer)
    rule.yellow_raise, rule.yellow_clear = 3, 2.8
    rule.save()
    with pytest.raises(IllegalStep, match="重新预演"):
        proposal_sign(proposal=rehearsed, by=signer)
    rehearsal_ask(proposal=rehearsed, days=7, by=proposer)
    run_jobs()
    seen_by(rehearsed, proposer, signer)
    rule = proposal_sign(proposal=rehearsed, by=signer)
    assert (rule.blue_raise, rule.yellow_raise) == (2.3, 3)


def test_an_old_rehearsal_must_be_done_again(rehearsed: RuleProposal, proposer: User, signer: User) -> None:
    seen_by(rehearsed, proposer, signer)
    Rehearsal.objects.update(finished_at="2020-01-01T00:00:00Z")
    with pytest.raises(IllegalStep, match="重新预演"):
        proposal_sign(proposal=rehearsed, by=signer)


def test_a_new_rule_is_a_proposal_too(
    device: Callable[..., Device], proposer: User, signer: User, run_jobs: Jobs
) -> None:
    device()
    readings_store(batch=[frame([("39", now_ms() - MINUTE, 4.0)])])
    wanted = ThresholdRule(name="水位", device_kind="level", key="39", source="预案", blue_raise=3, blue_clear=2)
    made = proposal_make(rule=None, wanted=wanted, why="新装", by=proposer)
    rehearsal_ask(proposal=made, days=7, by=proposer)
    run_jobs()
    assert last_rehearsal(made).result["fresh_count"] == 1  # type: ignore[union-attr]
    seen_by(made, proposer, signer)
    made.refresh_from_db()
    assert proposal_sign(proposal=made, by=signer).pk == ThresholdRule.objects.get().pk
    made.refresh_from_db()
    assert {before for _label, before, _after in change_lines(made)} == {""}


def test_it_is_rejected_with_a_reason_and_withdrawn_by_who_proposed_it(
    proposal: RuleProposal, rule: ThresholdRule, proposer: User, signer: User
) -> None:
    with pytest.raises(ValidationError):
        proposal_reject(proposal=proposal, by=signer, reason=" ")
    with pytest.raises(PermissionDenied):
        proposal_withdraw(proposal=proposal, by=signer)
    proposal_reject(proposal=proposal, by=signer, reason="汛期不宜放宽")
    other = proposal_make(rule=rule, wanted=changed(rule, blue_raise=2.4), why="再议", by=proposer)
    proposal_withdraw(proposal=other, by=proposer)
    with pytest.raises(IllegalStep):
        rehearsal_ask(proposal=other, days=7, by=proposer)


def test_nothing_changed_and_no_reason_are_refused(rule: ThresholdRule, proposer: User) -> None:
    for wanted, why in ((changed(rule), "误报多"), (changed(rule, blue_raise=2.3), "")):
        with pytest.raises(ValidationError):
            proposal_make(rule=rule, wanted=wanted, why=why, by=proposer)


def test_a_rule_for_everywhere_is_not_a_streets_business(
    rule: ThresholdRule, area: Area, proposal: RuleProposal
) -> None:
    street = Area.objects.create(code="440310001", name="坪山街道", level="street", parent=area)
    for role in ("duty_officer", "commander"):
        local = person(street, role, f"{role}-街道")
        with pytest.raises(PermissionDenied):
            proposal_make(rule=rule, wanted=changed(rule, blue_raise=2.3), why="误报多", by=local)
        with pytest.raises(PermissionDenied):
            proposal_reject(proposal=proposal, by=local, reason="不同意")


def test_live_rules_are_closed_to_the_back_office_and_the_interface(rule: ThresholdRule, area: Area) -> None:
    client = Client()
    client.force_login(person(area, "administrator"), backend=BACKEND)
    assert client.get("/admin/monitoring/thresholdrule/add/").status_code == 403
    client.post(f"/admin/monitoring/thresholdrule/{rule.pk}/change/", {"blue_raise": 9})
    refused = client.patch(f"{ROWS}{rule.pk}", {"blue_raise": 9}, content_type="application/json")
    assert refused.status_code in (403, 404, 405)
    assert client.get(f"{ROWS}{rule.pk}").status_code == 200
    rule.refresh_from_db()
    assert rule.blue_raise == 2
    assert client.get("/admin/monitoring/thresholdrule/import/").status_code == 200


EIGHT = Shifts(names=("夜班", "白班", "中班"), starts=(0, 8 * HOUR, 16 * HOUR))


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(st.integers(1, 200), st.floats(0, 10, width=16)), min_size=1, max_size=60),
    st.floats(1, 9, width=16),
)
def test_a_replay_raises_what_the_kernel_and_its_sweep_would_have_raised(
    steps: list[tuple[int, float]], limit: float
) -> None:
    """The sweep runs each minute beside the readings."""
    table = RuleTable.of([Rule(blue=Threshold(raise_at=limit, clear_at=limit - 1), no_data_after=60 * MINUTE)])
    time = np.cumsum([minutes for minutes, _ in steps]) * MINUTE
    value = np.array([v for _, v in steps])
    state, raised, end = KernelState.empty(1), [], int(time[-1]) + 100 * MINUTE
    at = dict(zip(time.tolist(), value.tolist(), strict=True))
    for now in range(0, end, MINUTE):
        raised += [(int(Kind.NO_DATA), int(r["time"])) for r in sweep(table, state, now - 1)]
        if now in at:
            rows = judge(table, state, np.zeros(1, int), np.array([now]), np.array([at[now]]), now=now).transitions
            raised += [(int(r["kind"]), int(r["time"])) for r in rows if not r["level_before"]]
    found = episodes(table, 7, time, value, end=end)
    assert sorted((one.kind, one.raised) for one in found) == sorted(raised)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 7 * 24), st.integers(1, 4)), max_size=40))
def test_every_alarm_of_the_window_is_in_exactly_one_shift_and_one_bar(drawn: list[tuple[int, int]]) -> None:
    end = 20_000 * DAY
    window = Window(start=end - 7 * DAY, end=end, shifts=EIGHT)
    value = np.array([9.0, 0.0] * len(drawn))
    time = np.array([[window.start + i * HOUR + i, window.start + i * HOUR + i + 1] for i in range(len(drawn))])
    table = RuleTable.of([Rule(blue=Threshold(raise_at=5, clear_at=4))])
    found = episodes(table, 1, time.reshape(-1), value, end=end)
    result = compare(found, [], window)
    assert result["before"]["alarms"] == len(drawn) == result["vanished_count"]
    assert sum(row["before"]["all"] for row in result["shifts"]) == len(drawn)
    assert sum(bar["before"] for bar in result["bars"]) == len(drawn)
    assert sum(row["shifts"] for row in result["shifts"]) in (21, 22)


def test_an_alarm_from_before_the_window_is_not_counted_in_it() -> None:
    end = 20_000 * DAY
    window = Window(start=end - 7 * DAY, end=end, shifts=EIGHT)
    table = RuleTable.of([Rule(blue=Threshold(raise_at=5, clear_at=4))])
    time = np.array([window.start - HOUR, window.start + HOUR])
    found = episodes(table, 1, time, np.array([9.0, 0.0]), end=end)
    assert compare(found, found, window)["after"]["alarms"] == 0


def test_of_very_many_missed_alarms_all_count_and_those_with_a_consequence_are_listed_first(
    device: Callable[..., Device], proposer: User, run_jobs: Jobs
) -> None:
    device()
    rule = ThresholdRule.objects.create(
        name="水位", device_kind="level", key="39", source="预案", blue_raise=2, blue_clear=1.8
    )
    now = now_ms()
    levels = [("39", now - (600 - i) * MINUTE, 2.2 if i % 2 else 1.0) for i in range(580)]
    readings_store(batch=[frame(levels)], now=now)
    oldest = Alarm.objects.earliest("raised_at")

    @fate_reader
    def signal(ids: list[int]) -> dict[int, str]:
        return {pk: "警情" for pk in ids if pk == oldest.pk}

    made = proposal_make(rule=rule, wanted=changed(rule, blue_raise=2.3), why="误报多", by=proposer)
    try:
        run_jobs()
        asked = rehearsal_ask(proposal=made, days=7, by=proposer)
        run_jobs()
    finally:
        _READERS.remove(signal)
    asked.refresh_from_db()
    result = asked.result
    assert (result["vanished_count"], result["vanished_with_consequence"], len(result["vanished"])) == (290, 1, 200)
    assert result["vanished"][0]["alarm"] == oldest.pk


def test_a_rehearsal_that_fails_says_why_and_can_be_asked_for_again(
    proposal: RuleProposal, proposer: User, run_jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_jobs()
    asked = rehearsal_ask(proposal=proposal, days=7, by=proposer)
    with pytest.raises(IllegalStep, match="正在预演"):
        rehearsal_ask(proposal=proposal, days=7, by=proposer)
    monkeypatch.setattr(ThresholdRule, "as_rule", lambda self: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        rehearsal_do(rehearsal_id=asked.pk)
    monkeypatch.undo()
    asked.refresh_from_db()
    assert (asked.state, asked.trouble) == ("failed", "division by zero")
    run_jobs()
    rehearsal_ask(proposal=proposal, days=7, by=proposer)
    run_jobs()
    proposal.refresh_from_db()
    assert proposal.state == ProposalState.REHEARSED


def test_the_commander_is_told_that_a_change_waits(rehearsed: RuleProposal) -> None:
    notice = Notice.objects.get(about_id=rehearsed.pk, about="monitoring.ruleproposal")
    assert (notice.address, notice.url) == ("role:commander@440310", f"/rules/proposals/{rehearsed.pk}/")


def test_an_import_by_an_administrator_is_marked_in_the_rules_history(area: Area) -> None:
    user = person(area, "administrator")
    headers = ["name", "device_kind", "area", "device", "key", "source", "blue_raise", "blue_clear"]
    cells = ("井盖水位", "level", "", "", "well", "市政台账", "0.5", "0.4")
    entity = entity_of(ThresholdRule)
    assert entity is not None
    sheet = Sheet(headers=tuple(headers), rows=((2, cells),))
    try:
        report = rows_import(entity=entity, sheet=sheet, user=user, rehearse=False)
    except SheetError as error:
        pytest.fail(str(error))
    assert (report.created, report.bad, report.errors) == (1, [], [])
    last = ThresholdRule.objects.get(key="well").history.first()  # type: ignore[attr-defined]
    assert (last.history_user, last.history_change_reason) == (user, "文件导入")
