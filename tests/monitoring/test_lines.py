"""Which connection carries which device: learned, moved, forgotten, and never without a bound."""

from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from anlan.monitoring.commanding import lines as module
from anlan.monitoring.commanding.lines import Heard, Lines, Waiting
from anlan.protocols import Frame
from anlan.protocols.commands import Answer, Command


def said(device: str, function: str = "32") -> Frame:
    return Frame(protocol="p", device=device, function=function, readings=(), fields={}, reply=None, raw=b"raw")


def nowhere(_data: bytes) -> None:
    pass


def command(answer: Callable[[bytes, Frame], Answer | None]) -> Command:
    return Command(key="k", title="t", write=lambda *_: b"", answer=answer)


def test_a_device_is_reached_over_the_line_that_it_spoke_on_last() -> None:
    lines, first, second = Lines(), object(), object()
    lines.heard(first, nowhere, said("d"))
    lines.heard(second, nowhere, said("d"))
    assert (line := lines.of(("p", "d"))) is not None
    assert line.owner is second
    lines.gone(first)
    assert lines.of(("p", "d")) is not None
    lines.gone(second)
    assert lines.of(("p", "d")) is None


def test_a_final_answer_is_told_once_and_a_part_of_it_each_time() -> None:
    told: list[Heard] = []
    lines = Lines(told.append)
    judged = command(lambda _sent, frame: Answer(ok=True, said="", final=frame.function == "end"))
    lines.waiting["p", "d"] = Waiting(pk=1, command=judged, sent=b"")
    for function in ("part", "part", "end", "end"):
        lines.heard(self := object(), nowhere, said("d", function))
    assert self
    assert [heard.answer.final for heard in told] == [False, False, True]


def test_an_answer_that_cannot_be_judged_does_not_break_the_line() -> None:
    def broken(_sent: bytes, _frame: Frame) -> Answer | None:
        raise KeyError("a fault of ours")

    lines = Lines()
    lines.waiting["p", "d"] = Waiting(pk=1, command=command(broken), sent=b"")
    lines.heard(object(), nowhere, said("d"))
    assert lines.of(("p", "d")) is not None


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 30) | st.none()), max_size=200))
def test_lines_stay_within_bounds_whoever_claims_to_be_whom(steps: list[tuple[int, int | None]]) -> None:
    each, most = module.EACH, module.MOST
    module.EACH, module.MOST = 5, 12
    try:
        lines, owners = Lines(), [object() for _ in range(4)]
        for owner, device in steps:
            if device is None:
                lines.gone(owners[owner])
            else:
                lines.heard(owners[owner], nowhere, said(str(device)))
                assert lines.of(("p", str(device))) is not None
            assert len(lines.online()) <= 12
            assert all(len(carried) <= 5 for carried in lines._carried.values())
            for identity in lines.online():
                assert (line := lines.of(identity)) is not None
                assert identity in lines._carried[line.owner]
    finally:
        module.EACH, module.MOST = each, most
