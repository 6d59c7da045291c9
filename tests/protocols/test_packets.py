"""Split messages: whole in any order, once, within bounds."""

import random

from hypothesis import given
from hypothesis import strategies as st

from anlan.protocols import packets
from anlan.protocols.packets import MOST, PATIENCE, Packets

KEY = ("S", "36")


@given(st.lists(st.binary(max_size=20), min_size=1, max_size=12), st.randoms(use_true_random=False), st.data())
def test_packets_in_any_order_and_repeated_make_one_whole(pieces, rng, data):
    order = list(enumerate(pieces, 1))
    again = data.draw(st.lists(st.sampled_from(order), max_size=5))
    rng.shuffle(order)
    made, whole = Packets(), []
    for number, piece in order[:-1] + [one for one in again if one in order[:-1]] + order[-1:] + again:
        parts = made.add(KEY, len(pieces), number, piece)
        whole += [parts.whole()] if parts.complete and not parts.again else []
    assert whole == [b"".join(pieces)]
    assert made.end() == []


def test_a_message_sent_again_is_known_and_not_whole_twice():
    made = Packets()
    for number in (1, 2):
        assert made.add(KEY, 2, number, b"x").again is False
    assert [made.add(KEY, 2, number, b"x").again for number in (1, 2, 1)] == [True, True, True]


def test_another_first_packet_gives_the_message_before_up():
    made = Packets()
    made.add(KEY, 3, 1, b"a")
    made.add(KEY, 3, 1, b"b")
    assert [str(parts) for parts in made.take_lost()] == ["S 36: packets 2,3 of 3 never came"]
    assert made.take_lost() == []


def test_another_total_gives_the_message_before_up():
    made = Packets()
    made.add(KEY, 3, 2, b"a")
    assert made.add(KEY, 2, 2, b"a").missing == [1]
    assert [parts.total for parts in made.take_lost()] == [3]


def test_what_waits_too_long_is_given_up():
    made = Packets()
    made.add(KEY, 2, 1, b"a")
    for _ in range(PATIENCE + 1):
        made.add(("T",), 2, 1, b"b")
    assert [parts.key for parts in made.take_lost()] == [KEY]


def test_too_many_messages_and_too_many_bytes_make_room_for_the_newest(monkeypatch):
    made = Packets()
    for station in range(MOST + 3):
        made.add((str(station),), 2, 1, b"a")
    assert [parts.key for parts in made.take_lost()] == [("0",), ("1",), ("2",)]
    monkeypatch.setattr(packets, "ROOM", 100)
    made.add(("big",), 9, 1, bytes(90))
    assert made.add(("bigger",), 9, 1, bytes(90)).came
    assert len(made.take_lost()) > 10


def test_hostile_packets_are_held_within_bounds():
    rng, made = random.Random(1), Packets()
    for _ in range(20_000):
        total = rng.randrange(1, 4096)
        made.add((str(rng.randrange(100)),), total, rng.randrange(1, total + 1), bytes(300))
        made.take_lost()
    assert made._size <= packets.ROOM
    assert len(made._open) <= MOST
    assert len(made._done) <= MOST
