"""The life of a call: whatever is heard in whatever order, no camera goes on sending for nobody."""

from hypothesis import given
from hypothesis import strategies as st

from anlan.protocols.sip_call import NEXT, CallState, Heard, Say, heard_of

NEWS = st.lists(st.sampled_from(Heard), max_size=30)


def lived(news: list[Heard]) -> tuple[CallState, list[tuple[Heard, tuple[Say, ...]]]]:
    state, said = CallState.CALLING, []
    for heard in news:
        state, says = NEXT[state, heard]
        said.append((heard, says))
    return state, said


def words(said: list[tuple[Heard, tuple[Say, ...]]]) -> list[Say]:
    return [one for _heard, says in said for one in says]


@given(NEWS)
def test_every_acceptance_is_acknowledged(news: list[Heard]) -> None:
    for heard, says in lived(news)[1]:
        assert (heard is Heard.ACCEPTED) <= (Say.ACK in says)


@given(NEWS)
def test_a_call_that_nobody_wants_is_never_left_talking(news: list[Heard]) -> None:
    if Heard.LEFT in news:
        after = news[news.index(Heard.LEFT) :]
        state, said = lived(news)
        assert state is not CallState.TALKING
        accepted = [at for at, heard in enumerate(news) if heard is Heard.ACCEPTED]
        if Heard.ACCEPTED in after:
            assert Say.BYE in words(said)
            assert state in {CallState.CLOSING, CallState.OVER}
        elif not accepted:
            assert Say.BYE not in words(said)


@given(NEWS)
def test_a_cancel_is_said_once_at_most_and_only_between_ringing_and_an_answer(news: list[Heard]) -> None:
    _state, said = lived(news)
    assert words(said).count(Say.CANCEL) <= 1
    for at, (_heard, says) in enumerate(said):
        if Say.CANCEL in says:
            before = news[: at + 1]
            assert Heard.RINGS in before
            assert Heard.LEFT in before
            assert not {Heard.ACCEPTED, Heard.REFUSED, Heard.BYE} & set(before)


@given(NEWS)
def test_a_bye_is_said_only_in_a_call_that_was_accepted_and_once_for_each(news: list[Heard]) -> None:
    _state, said = lived(news)
    accepted = 0
    byes = 0
    for heard, says in said:
        accepted += heard is Heard.ACCEPTED
        byes += Say.BYE in says
        assert byes <= accepted


def test_the_table_is_whole_and_a_late_acceptance_is_ended_at_once() -> None:
    assert len(NEXT) == len(CallState) * len(Heard)
    for state in (CallState.ABANDONED, CallState.CANCELLED, CallState.OVER):
        assert NEXT[state, Heard.ACCEPTED] == (CallState.CLOSING, (Say.ACK, Say.BYE))


def test_answers_are_told_apart_by_their_first_digit() -> None:
    assert [heard_of(status) for status in (100, 183, 200, 299, 300, 486, 603)] == [
        Heard.RINGS, Heard.RINGS, Heard.ACCEPTED, Heard.ACCEPTED, Heard.REFUSED, Heard.REFUSED, Heard.REFUSED,
    ]  # fmt: skip
