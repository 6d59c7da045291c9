"""What is read as columns is, to the bit, what the long way reads; whatever else is left to the long way."""

import json
import re
import struct
from concurrent.futures import ThreadPoolExecutor
from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from anlan.monitoring.columnar.json_columns import Names, Parsed, parse
from anlan.protocols import Frame
from anlan.protocols.json_readings import parse_messages

CODES = ["d", "gas-17", "水位站", "x" * 64]
KEYS = ["lel", "t", "可燃气体", "a-Rtd", "k" * 60, "b c"]
SERIES = {(code, key): 7 * i + k for i, code in enumerate(CODES) for k, key in enumerate(KEYS)}
NAMED = {place: key for (_, key), place in SERIES.items()}


def known() -> Names:
    names = Names()
    for i, code in enumerate(CODES):
        names.device(code, 1000 + i)
        for key in KEYS:
            names.series(code, key, SERIES[code, key])
    return names


NAMES = known()


TAILS = [b"", b"9" * 48, b'}}]}"' * 16, b',"lel":1,"t":2' * 4]
"""What lies in the buffer behind the last message: with room there eight bytes are read at once, and none may count."""


def read(*messages: bytes, codes: list[bytes] | None = None, tail: bytes = b"") -> Parsed:
    """All in one buffer, with the codes of their topics behind them."""
    told = codes or [b""] * len(messages)
    parts = [part for pair in zip(messages, told, strict=True) for part in pair]
    ends = np.cumsum([len(part) for part in parts]).reshape(-1, 2)
    starts = ends - np.array([len(part) for part in parts]).reshape(-1, 2)
    bounds = np.stack([starts[:, 0], ends[:, 0], starts[:, 1], ends[:, 1]], axis=1)
    return parse(NAMES, np.frombuffer(b"".join([*parts, tail]) or b" ", np.uint8), np.ascontiguousarray(bounds))


def bits(value: float) -> bytes:
    return b"nan" if value != value else struct.pack("<d", value)


def same(messages: list[bytes], codes: list[bytes]) -> list[bool]:
    """Which were read as columns, after each of those has been held against the long way, whatever was read before."""
    long = [parse_messages(m, c.decode() or None, None) for m, c in zip(messages, codes, strict=True)]
    first, *others = (read(*messages, codes=codes, tail=tail) for tail in TAILS)
    for parsed in (first, *(other for other in others if not identical(first, other))):
        for i in np.flatnonzero(parsed.mine).tolist():
            (event,) = long[i]
            assert isinstance(event, Frame), (messages[i], event)
            alike(event, parsed, i)
        assert np.isin(parsed.message, np.flatnonzero(parsed.mine)).all()
    return [bool(one) for one in first.mine]


def identical(one: Parsed, other: Parsed) -> bool:
    columns = ("mine", "device", "message", "series", "time", "value")
    return all(getattr(one, c).tobytes() == getattr(other, c).tobytes() for c in columns)


def alike(event: Frame, parsed: Parsed, i: int) -> None:
    assert (event.deviations, event.fields) == ((), {})
    assert parsed.device[i] == 1000 + CODES.index(event.device)
    mine = np.flatnonzero(parsed.message == i)
    columns = (parsed.series[mine].tolist(), parsed.time[mine].tolist(), parsed.value[mine].tolist())
    found = [(NAMED[s], t, bits(v)) for s, t, v in zip(*columns, strict=True)]
    assert found == [(r.series, r.time, bits(r.value)) for r in event.readings], event.raw
    assert {SERIES[event.device, r.series] for r in event.readings} == set(parsed.series[mine].tolist())


numbers = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
    st.floats(-1e6, 1e6).map(lambda v: f"{v:.3f}"),
    st.integers(-(10**25), 10**25).map(str),
    st.from_regex(r"-?(0|[1-9][0-9]{0,20})(\.[0-9]{1,24})?([eE][+-]?[0-9]{1,3})?", fullmatch=True),
    st.sampled_from(["null", "true", "false", "NaN", '"NaN"', '"1.5"', "-0", "-0.0", "01", "1.", ".5", "+1", "1e", "Infinity", "{}", "[1]"]),
)  # fmt: skip
blank = st.sampled_from(["", "", "", " ", "\n\t ", "\r\n"])
key = st.sampled_from([*KEYS, "new", "l\\u0065l", ""]).map(lambda k: f'"{k}"')
time = st.one_of(
    st.integers(0, 2 * 10**12).map(str),
    st.sampled_from(
        [
            "253402271999999",
            "253402272000000",
            "1700000000",
            "-1",
            "1e3",
            "null",
            '"2024-07-01T12:00:00+08:00"',
            "1.0",
            "true",
        ]
    ),
)


@st.composite
def objects(draw: Any, members: Any) -> str:
    told = draw(members)
    gap = draw(st.lists(blank, min_size=4, max_size=4))
    body = f"{gap[0]},{gap[1]}".join(f"{name}{gap[2]}:{gap[3]}{value}" for name, value in told)
    return f"{gap[1]}{{{gap[0]}{body}{gap[3]}}}{gap[2]}"


entry = objects(
    st.permutations(['"series"', '"value"', '"time"', '"unit"']).flatmap(
        lambda names: st.tuples(*(
            st.tuples(st.just(n), {'"series"': key, '"value"': numbers, '"time"': time}.get(n, st.sampled_from(
                ['"mm"', '"毫米"', '"μg"', "null", "7", '"' + "u" * 130 + '"', '"\x01"', '"\\x"', '"\x7f"'])))
            for n in names[: 2 + len(names) % 3]
        ))
    )
)  # fmt: skip
values = objects(st.lists(st.tuples(key, numbers), max_size=5))
readings = st.lists(entry, max_size=4).map(lambda entries: "[" + ",".join(entries) + "]")
member = st.one_of(
    st.tuples(st.just('"device"'), st.sampled_from([*(f'"{c}"' for c in CODES), '"other"', "null", "1"])),
    st.tuples(st.just('"time"'), time),
    st.tuples(st.just('"values"'), values),
    st.tuples(st.just('"readings"'), readings),
    st.tuples(st.sampled_from(['"extra"', '"Time"', '"valued"']), numbers),
)
plain = st.tuples(
    st.sampled_from(CODES),
    st.integers(0, 2 * 10**12),
    st.dictionaries(st.sampled_from(KEYS), st.floats(allow_nan=False), max_size=4),
).map(lambda told: json.dumps(dict(zip(("device", "time", "values"), told, strict=True)), ensure_ascii=False))
message = st.one_of(objects(st.lists(member, max_size=5)), plain).map(str.encode)
code = st.sampled_from([b"", b"", *(c.encode() for c in CODES), b"stranger"])


@settings(max_examples=1000, deadline=None)
@given(st.lists(st.tuples(message, code), min_size=1, max_size=4))
def test_messages_read_as_columns_are_read_alike_the_long_way(told: list[tuple[bytes, bytes]]) -> None:
    same([m for m, _ in told], [c for _, c in told])


@settings(max_examples=1000, deadline=None)
@given(
    message, code, st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 255), st.sampled_from("isd")), max_size=3)
)
def test_damaged_messages_are_left_to_the_long_way_or_read_alike(
    whole: bytes, given: bytes, damage: list[tuple[int, int, str]]
) -> None:
    data = bytearray(whole)
    for at, byte, how in damage:
        at %= len(data) + 1
        data[at : at + (how != "i")] = b"" if how == "d" else bytes([byte])
    same([bytes(data)], [given])


@settings(max_examples=3000, deadline=None)
@given(numbers)
@example("9007199254740993")
@example("123456789012345678")
@example("8.41e21")
@example("0.000000000000000000000123456789012345678")
def test_a_number_is_rounded_as_the_long_way_rounds_it(text: str) -> None:
    same([f'{{"device":"d","time":1,"values":{{"t":{text}}}}}'.encode()], [b""])


@settings(max_examples=500, deadline=None)
@given(st.floats(1e-4, 1e15), st.integers(15, 17))
def test_whatever_a_double_is_written_as_is_read_as_columns(value: float, digits: int) -> None:
    said = f'{{"device":"d","time":1,"values":{{"t":{value:.{digits}g}}}}}'
    if "e" not in said.partition("values")[2]:
        assert same([said.encode()], [b""]) == [True]


def test_a_time_in_seconds_is_left_to_who_tells_of_it() -> None:
    said = [
        f'{{"device":"d","time":{time},"values":{{"t":1}}}}'.encode() for time in (1_700_000_000, 10**10, 10**9 - 1)
    ]
    assert same(said, [b""] * 3) == [False, True, True]


COMMON = [
    b'{"device":"d","time":1700000000000,"values":{"lel":1.5}}',
    b'{"device": "d", "time": 1700000000000, "values": {"lel": 1.25, "t": -3, "b c": null}}',
    b'{"time":5,"device":"d","values":{"lel":true}}\n',
    b'{"device":"d","values":{"lel":1.5},"time":17}',
    b'{"device":"d","readings":[{"series":"lel","time":5,"value":1e3,"unit":"mm"},{"value":2,"series":"t","time":4}]}',
    '{"device":"水位站","time":5,"readings":[{"series":"可燃气体","value":2,"unit":"毫米"}]}'.encode(),
    b'{"device":"d","time":5,"values":{}}',
]


@pytest.mark.parametrize("said", COMMON)
def test_the_common_shapes_are_read_as_columns(said: bytes) -> None:
    assert same([said], [b""]) == [True]


def test_members_spelled_as_before_are_read_alike_and_others_too() -> None:
    said = [
        *COMMON,
        *COMMON[::-1],
        COMMON[1],
        COMMON[1][:-1],
        COMMON[4],
        COMMON[4][:-2],
        COMMON[4].replace(b"5", b"-5"),
    ]
    assert same(said, [b""] * len(said)) == [True] * 15 + [False, True, False, False]


FLEET = [
    *COMMON,
    b'{"device":"gas-17","time":1700000000000,"values":{"lel":50.12,"t":-3.5,"b c":1e3}}',
    b'{"time":1700000000000,"device":"d","readings":[{"series":"t","value":12.5},{"series":"t","value":0.25}]}',
    b'{"device":"d","readings":[{"series":"lel","time":1700000000000,"value":1},{"series":"t","time":1700000000001,"value":2}]}',
    b'{"device":"d","readings":[{"value":1,"series":"lel","time":1700000000000},{"value":2,"series":"t","time":1700000000001}]}',
    b'{"device":"d","readings":[{"series":"t","value":7,"time":1700000000000,"unit":"mm"},{"value":2,"time":1,"series":"t"}]}',
    b'{"device":"d","values":{"a-Rtd":12345678.5,"lel":null},"time":1700000000000}',
    f'{{"device":"{CODES[3]}","time":1700000000000,"values":{{"{KEYS[4]}":1,"t":2.125}}}}'.encode(),
    f'{{"device":"d","readings":[{{"series":"{KEYS[4]}","time":1700000000000,"value":1}}]}}'.encode(),
    b'{"device": "d", "readings": [{"series": "t", "time": 1700000000000, "value": 1.5, "unit": null}], "time": 1700000000000}',
]
DIGITS = re.compile(rb"[0-9]")
PIECES = [
    b"",
    b" ",
    b"0",
    b"17",
    b"-",
    b".",
    b"e5",
    b",",
    b'"',
    b"{",
    b"}",
    b"]",
    b":",
    b"\\",
    b"\xff",
    b"\n",
    b"\0",
    b"NaN",
]


@st.composite
def fleets(draw: Any) -> list[bytes]:
    """Messages spelled alike but for some digits, and now and then for a piece."""
    kinds, random = draw(st.lists(st.sampled_from(FLEET), min_size=1, max_size=3)), draw(st.randoms())
    told = []
    for _ in range(draw(st.integers(2, 8))):
        said = DIGITS.sub(
            lambda one: random.choice([one[0], one[0], b"%d" % random.randrange(10)]), random.choice(kinds)
        )
        at = random.randrange(len(said)) if random.random() < 0.4 else len(said)
        piece = random.choice(PIECES) if random.random() < 0.4 else b""
        told.append(said[:at] + piece + said[at + random.randrange(3) :])
    return told


@settings(max_examples=1000, deadline=None)
@given(fleets())
def test_messages_of_a_fleet_are_read_alike_whatever_differs_in_one(told: list[bytes]) -> None:
    same(told, [b""] * len(told))


@pytest.mark.parametrize("said", FLEET, ids=range(len(FLEET)))
def test_a_message_spelled_as_the_last_is_read_as_columns_again(said: bytes) -> None:
    others = [said.replace(b"1700000000000", time) for time in (b"1699999999999", b"1800000000123", b"999999999999")]
    assert same([said, *others, said], [b""] * 5) == [True] * 5


@pytest.mark.parametrize(
    "time", [b"0700000000000", b"17000000000.0", b"170000000e123", b"170000000000 ", b" 170000000000", b"-170000000000",
             b"170000000000a", b"\xb97000000000000", b"17000000000000", b"170000000000", b"17000000000-0"]
)  # fmt: skip
@pytest.mark.parametrize("said", [FLEET[0], FLEET[8], FLEET[9]], ids=str)
def test_what_stands_where_a_time_stood_is_no_time_unless_it_is_one(said: bytes, time: bytes) -> None:
    other = said.replace(b"1700000000000", time)
    read = same([said, other, said], [b""] * 3)
    assert read[0]
    assert read[2]
    assert not read[1] or time.strip().isdigit()


def test_two_kinds_of_devices_in_turn_are_both_read_as_columns() -> None:
    one, other = FLEET[0], b'{"device":"gas-17","time":1700000000000,"values":{"t":1.5,"b c":2}}'
    assert same([one, other] * 20, [b""] * 40) == [True] * 40


def test_a_long_list_is_read_as_columns_with_its_end_wherever_it_comes() -> None:
    def told(count: int) -> bytes:
        rows = [{"series": KEYS[k % 3], "time": 1700000000000 + 86_400_000 * k, "value": k / 4} for k in range(count)]
        return json.dumps({"device": "d", "readings": rows}, ensure_ascii=False).encode()

    assert same([told(count) for count in (1, 50, 3, 0, 200, 2)], [b""] * 6) == [True] * 6


def test_threads_that_read_with_the_same_names_do_not_disturb_one_another() -> None:
    said = [[random.choice(FLEET) for _ in range(300)] for random in map(Random, range(4))]
    alone = [read(*messages) for messages in said]
    with ThreadPoolExecutor(4) as pool:
        for parsed, wanted in zip(pool.map(lambda messages: read(*messages), said * 25), alone * 25, strict=True):
            np.testing.assert_array_equal(parsed.value, wanted.value, strict=True)
            np.testing.assert_array_equal(parsed.series, wanted.series, strict=True)
            np.testing.assert_array_equal(parsed.time, wanted.time, strict=True)


@given(st.permutations(KEYS), st.integers(0, len(KEYS)))
@settings(max_examples=200, deadline=None)
def test_series_in_any_order_are_told_once(keys: list[str], again: int) -> None:
    told = ",".join(f'"{key}":{k}.25' for k, key in enumerate([*keys, *keys[:again][-1:]]))
    said = f'{{"device":"d","time":1700000000000,"values":{{{told}}}}}'
    assert same([said.encode()], [b""]) == [again == 0]


def test_names_that_json_must_escape_are_left_to_the_long_way() -> None:
    names = Names()
    names.device("a\\b", 1)
    names.device("d", 2)
    names.series("d", "a\\b", 3)
    said = b'{"device":"a\\b","time":1,"values":{}}{"device":"d","time":1,"values":{"a\\b":1}}' + b" " * 48
    bounds = np.array([[0, 37, 0, 0], [37, len(said) - 48, 0, 0]])
    assert parse(names, np.frombuffer(said, np.uint8), bounds).mine.tolist() == [False, False]


def test_a_device_of_the_topic_need_not_be_named_and_must_not_be_contradicted() -> None:
    said = [
        b'{"time":5,"values":{"t":1}}',
        b'{"device":"d","time":5,"values":{"t":1}}',
        b'{"device":"gas-17","time":5,"values":{"t":1}}',
    ]
    assert same(said, [b"d"] * 3) == [True, True, False]


@pytest.mark.parametrize(
    "said",
    [
        b"", b"{", b"[]", b'[{"device":"d","time":1,"values":{"t":1}}]', b'{"device":"d","time":1,"values":{"t":1}} x',
        b'{"device":"d","time":1,"values":{"t":1,"t":2}}', b'{"device":"d","time":1,"time":2,"values":{"t":1}}',
        b'{"device":"d","time":1,"values":{"unseen":1}}', b'{"device":"d","values":{"t":1}}', b'{"device":"d","time":1}',
        b'{"device":"d","time":1,"values":{"t":1},"readings":[]}', b'\xef\xbb\xbf{"device":"d","time":1,"values":{"t":1}}',
        b'{"device":"d","time":1,"values":{"t":NaN}}', b'{"device":"d","time":1,"values":{"t":-0}}',
        b'{"device":"d","time":1,"values":' + b'{"t":' * 5000 + b"1" + b"}" * 5001, b"[" * 100_000,
        b'{"device":"d","time":1,"values":{"\xc3(":1}}', b'{"device":"d","time":1,"values":{"t":1e999}}',
        b'{"values":{"t":1},"time":1,"device":"d"}', b" " * (1 << 20) + b'{"device":"d","time":1,"values":{"t":1}}',
    ],
    ids=lambda said: str(said[-50:]),
)  # fmt: skip
def test_what_is_unusual_is_left_to_the_long_way(said: bytes) -> None:
    assert same([said], [b""]) == [False]


def test_names_that_come_later_are_found_and_those_from_before_stay() -> None:
    names = Names()
    for k in range(3000):
        names.device(f"n{k}", k)
        for s in range(k % 7):
            names.series(f"n{k}", f"s{s}", 10 * k + s)
    said = [f'{{"device":"n{k}","time":1,"values":{{"s{s}":{k}}}}}'.encode() for k in range(3000) for s in range(k % 7)]
    ends = np.cumsum([len(m) for m in said])
    starts = ends - [len(m) for m in said]
    bounds = np.stack([starts, ends, 0 * ends, 0 * ends], axis=1)
    parsed = parse(names, np.frombuffer(b"".join(said), np.uint8), bounds)
    assert parsed.mine.all()
    assert parsed.series.tolist() == [10 * k + s for k in range(3000) for s in range(k % 7)]
    assert parsed.device.tolist() == [k for k in range(3000) for _ in range(k % 7)]
