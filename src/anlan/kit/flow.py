"""Closed loops as transition tables."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

S = TypeVar("S", bound=str)
T = TypeVar("T", bound=str)


class IllegalStep(ValueError):
    """A step that the table does not know in this state."""


@dataclass(frozen=True)
class Flow(Generic[S, T]):
    """`next[state, step]` is the one home of a loop's states."""

    next: Mapping[tuple[S, T], S]

    def after(self, state: S, step: T) -> S:
        """The state after a step; raises `IllegalStep`."""
        try:
            return self.next[state, step]
        except KeyError:
            raise IllegalStep(f"{step} is not possible in {state}") from None

    def steps(self, state: S) -> list[T]:
        """The steps that are possible in a state."""
        return [step for (at, step) in self.next if at == state]
