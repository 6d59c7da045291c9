import pytest
from hypothesis import given
from hypothesis import strategies as st

from anlan.vocab import clock

LAYOUTS = {"YYMMDDHHmm": 60_000, "YYMMDDHHmmSS": 1000, "YYYYMMDDHHmmSS": 1000, "YYYYMMDDHHmmSSfff": 1}
CENTURY = st.integers(clock.beijing_ms(2000, 1, 1), clock.beijing_ms(2100, 1, 1) - 1)


def test_beijing_is_eight_hours_before_utc():
    assert clock.parse("19700101080000", "YYYYMMDDHHmmSS") == 0
    assert clock.write(0, "YYYYMMDDHHmmSSfff") == "19700101080000000"


@given(CENTURY, st.sampled_from(sorted(LAYOUTS)))
def test_a_written_moment_reads_the_same_to_its_resolution(ms, layout):
    assert clock.parse(clock.write(ms, layout), layout) == ms - ms % LAYOUTS[layout]


def test_a_two_digit_year_is_of_this_century():
    assert clock.parse("5910111549", "YYMMDDHHmm") == clock.beijing_ms(2059, 10, 11, 15, 49)
    with pytest.raises(clock.ClockError):
        clock.write(clock.beijing_ms(1999, 12, 31), "YYMMDDHHmm")


@pytest.mark.parametrize(
    "text",
    [
        *("20230229000000", "20231301000000", "20230431000000", "20230101240000", "20230101006000"),
        *("20230101000060", "00000101000000", "2023010100000", "2023010100000x", "２０230101000000", ""),
    ],
)
def test_an_impossible_date_is_refused(text):
    with pytest.raises(clock.ClockError):
        clock.parse(text, "YYYYMMDDHHmmSS")


def test_a_leap_second_stands_before_eight_in_the_morning_and_is_the_moment_after_it():
    eight = clock.beijing_ms(2017, 1, 1, 8)
    assert clock.parse("20170101075960", "YYYYMMDDHHmmSS") == eight
    assert clock.parse_iso("2016-12-31T23:59:60.5Z") == (eight + 500, True)
    assert clock.parse_iso("2017-01-01 07:59:60") == (eight, False)
    for text in ("2017-01-01T08:59:60+08:00", "2016-12-31T23:59:61Z", "2016-12-31T22:59:60Z"):
        with pytest.raises(clock.ClockError):
            clock.parse_iso(text)


@given(st.integers(clock.beijing_ms(1, 1, 1), clock.LATEST))
def test_iso_text_reads_the_same(ms):
    assert clock.parse_iso(clock.write_iso(ms)) == (ms, True)


def test_iso_text_without_a_zone_is_beijing_time():
    assert clock.parse_iso("1970-01-01T08:00:00") == (0, False)
    assert clock.parse_iso("1970-01-01T00:00:00Z") == (0, True)


@pytest.mark.parametrize("text", ["", "yesterday", "2023-02-30T00:00:00", "9" * 5000])
def test_what_is_no_iso_text_is_refused(text):
    with pytest.raises(clock.ClockError):
        clock.parse_iso(text)


@pytest.mark.parametrize("ms", [10**18, -(10**18), 10**30])
def test_a_moment_beyond_the_calendar_is_refused(ms):
    with pytest.raises(clock.ClockError):
        clock.beijing_parts(ms)
