import json
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anlan.vocab import codes

VECTORS = json.loads((Path(__file__).parent / "vectors" / "codes.json").read_text())
CREDIT = VECTORS["uscc_gb32100"]


@pytest.mark.parametrize("vector", CREDIT["vectors"], ids=lambda v: v["code"])
def test_a_credit_code_is_judged_by_its_check_character(vector):
    assert codes.credit_fault(vector["code"]) == (None if vector["valid"] else "check")


@pytest.mark.parametrize(
    ("code", "fault"),
    list(zip(CREDIT["invalid"], ["check", "character", "length"], strict=True)),
)
def test_a_wrong_credit_code_names_its_fault(code, fault):
    assert codes.credit_fault(code) == fault


def test_a_credit_code_holds_an_area_of_digits():
    first = "91AB0100M000100Y4"
    assert codes.credit_fault(first + codes.credit_check(first)) == "character"


@given(st.text(alphabet=codes.CREDIT_ALPHABET, min_size=9, max_size=9))
def test_a_made_check_character_makes_a_right_code(body):
    first = "91440310" + body
    assert codes.credit_fault(first + codes.credit_check(first)) is None


@given(st.integers(0, 16), st.sampled_from(codes.CREDIT_ALPHABET))
def test_no_single_wrong_character_passes(place, character):
    code = "91440300708461136T"
    changed = code[:place] + character + code[place + 1 :]
    assert (codes.credit_fault(changed) is None) == (changed == code)


def test_a_typed_code_is_tidied():
    assert codes.tidy(" 91440300708461136t\n") == "91440300708461136T"


@pytest.mark.parametrize("vector", VECTORS["id_gb11643"]["vectors"], ids=lambda v: v["id"])
def test_the_numbers_printed_in_the_standard_are_right(vector):
    assert codes.citizen_fault(vector["id"]) is None


@pytest.mark.parametrize(
    ("number", "fault"),
    [
        ("11010519491231002", "length"),
        ("11010519491231002A", "character"),
        ("1101051949123100٢X", "character"),
        ("110105194902310021", "date"),
        ("110105194912310021", "check"),
    ],
)
def test_a_wrong_citizen_number_names_its_fault(number, fault):
    assert codes.citizen_fault(number) == fault


def test_a_citizen_number_holds_a_birth_date():
    assert codes.citizen_birth("11010519491231002X") == date(1949, 12, 31)


@pytest.mark.parametrize("maker", [codes.credit_check, codes.citizen_check])
def test_a_check_character_needs_seventeen_characters(maker):
    with pytest.raises(ValueError, match="17"):
        maker("123")
    with pytest.raises(ValueError, match="17"):
        maker("IIIIIIIIIIIIIIIII")


def test_an_area_knows_its_level_and_its_parents():
    assert codes.area_level("440310001002") == "community"
    assert codes.area_parents("440310001002") == ("440310001", "440310", "4403", "44")
    assert codes.area_within("440310001002", "440310")
    assert not codes.area_within("440310", "440310001")


@pytest.mark.parametrize(
    ("padded", "code"),
    [
        ("440300", "4403"),
        ("440310000000", "440310"),
        ("440310001000", "440310001"),
        ("440310401498", "440310401498"),
        ("44", "44"),
    ],
)
def test_padding_zeros_are_trimmed_to_the_level(padded, code):
    assert codes.area_trim(padded) == code


@pytest.mark.parametrize(("code", "fault"), [("4403101", "length"), ("44031O", "character"), ("", "character")])
def test_what_is_no_area_code_is_refused(code, fault):
    assert codes.area_fault(code) == fault
    with pytest.raises(ValueError, match=fault):
        codes.area_level(code)
