"""The chain tells every change of every entry, without a database."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anlan.accounts.chain import (
    CONTENT,
    GENESIS,
    Head,
    Problem,
    canonical,
    content_digest,
    link_hash,
    read_lines,
    verify,
)

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=12)
FIELDS = st.dictionaries(TEXT, st.lists(st.none() | TEXT, min_size=2, max_size=2), max_size=3)


def contents() -> st.SearchStrategy[dict[str, Any]]:
    parts: dict[str, st.SearchStrategy[Any]] = dict.fromkeys(CONTENT, TEXT)
    return st.fixed_dictionaries(parts | {"fields": FIELDS, "actor_id": st.none() | st.integers(1, 10**12)})


def chained(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = []
    previous = GENESIS
    for seq, content in enumerate(found, start=1):
        digest = link_hash(seq=seq, previous_hash=previous, content=content_digest(content))
        entries.append({"seq": seq, **content, "previous_hash": previous, "hash": digest})
        previous = digest
    return entries


CHAINS = st.lists(contents(), min_size=3, max_size=6).map(chained)


@given(CHAINS)
def test_an_untouched_chain_is_sound_and_its_head_is_its_last_entry(entries: list[dict[str, Any]]) -> None:
    verdict = verify(entries, kept=Head(seq=2, hash=entries[1]["hash"]))
    assert verdict.broken is None
    assert verdict.head == Head(seq=len(entries), hash=entries[-1]["hash"])


def test_an_empty_chain_is_sound() -> None:
    assert verify([]).broken is None
    assert verify([]).head == Head()


@settings(max_examples=200)
@given(CHAINS, st.data())
def test_changing_any_field_of_any_entry_is_found_at_that_entry(entries: list[dict[str, Any]], data: Any) -> None:
    at = data.draw(st.integers(0, len(entries) - 1))
    key = data.draw(st.sampled_from([*CONTENT, "previous_hash", "hash"]))
    value = data.draw((FIELDS if key == "fields" else TEXT).filter(lambda v: v != entries[at][key]))
    entries[at][key] = value
    broken = verify(entries).broken
    assert broken is not None
    assert broken.seq == at + 1
    assert broken.problem == (Problem.PREVIOUS if key == "previous_hash" else Problem.HASH)


@given(CHAINS, st.data())
def test_deleting_an_entry_that_others_follow_is_found(entries: list[dict[str, Any]], data: Any) -> None:
    at = data.draw(st.integers(0, len(entries) - 2))
    del entries[at]
    broken = verify(entries).broken
    assert broken is not None
    assert (broken.seq, broken.problem) == (at + 1, Problem.MISSING)


@given(CHAINS, st.data())
def test_exchanging_two_entries_is_found_even_where_they_are_renumbered(
    entries: list[dict[str, Any]], data: Any
) -> None:
    at = data.draw(st.integers(0, len(entries) - 2))
    entries[at], entries[at + 1] = entries[at + 1], entries[at]
    broken = verify(entries).broken
    assert broken is not None
    assert (broken.seq, broken.problem) == (at + 1, Problem.MISSING)
    entries[at]["seq"], entries[at + 1]["seq"] = at + 1, at + 2
    renumbered = verify(entries).broken
    assert renumbered is not None
    assert renumbered.seq == at + 1


@given(CHAINS)
def test_repeating_an_entry_is_found(entries: list[dict[str, Any]]) -> None:
    broken = verify([*entries, entries[-1]]).broken
    assert broken is not None
    assert broken.problem == Problem.ORDER


@given(CHAINS)
def test_a_cut_tail_is_found_only_with_a_head_kept_elsewhere(entries: list[dict[str, Any]]) -> None:
    kept = Head.parse(f"{len(entries)}:{entries[-1]['hash']}")
    assert verify(entries[:-1]).broken is None
    broken = verify(entries[:-1], kept=kept).broken
    assert broken is not None
    assert (broken.seq, broken.problem) == (len(entries), Problem.TRUNCATED)


@given(CHAINS)
def test_a_chain_written_anew_is_found_with_a_head_kept_elsewhere(entries: list[dict[str, Any]]) -> None:
    kept = Head(seq=2, hash=entries[1]["hash"])
    contents = [{key: entry[key] for key in CONTENT} for entry in entries]
    contents[0]["actor_name"] += "x"
    forged = chained(contents)
    assert verify(forged).broken is None
    broken = verify(forged, kept=kept).broken
    assert broken is not None
    assert (broken.seq, broken.problem) == (2, Problem.HEAD)


@given(CHAINS)
def test_an_entry_keeps_its_hash_through_a_file(tmp_path_factory: pytest.TempPathFactory, entries: Any) -> None:
    path = tmp_path_factory.mktemp("chain") / "audit.jsonl"
    path.write_bytes(b"\n".join(canonical(entry) for entry in entries))
    assert verify(read_lines(path)).broken is None


@pytest.mark.parametrize("line", ["{", "[]", "7", "", '{"seq": 1}', '{"seq": true}', "[" * 100_000])
def test_a_line_that_is_no_entry_is_named(tmp_path: Path, line: str) -> None:
    path = tmp_path / "audit.jsonl"
    path.write_text(line + "\n" + json.dumps({"seq": "1"}) + "\n")
    broken = verify(read_lines(path)).broken
    assert broken is not None
    assert (broken.seq, broken.problem) == (1, Problem.MALFORMED)


@pytest.mark.parametrize("text", ["", "7", "7:", "x:" + GENESIS, "7:" + GENESIS.replace("0", "g"), "-1:" + GENESIS])
def test_a_head_that_is_misspelt_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="SEQ:HASH"):
        Head.parse(text)
