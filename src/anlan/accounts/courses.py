"""A closed loop that people walk, as one table: state and step → next state, who may take it, which clocks it stops."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.core.exceptions import PermissionDenied
from django.db import models
from django.utils.translation import gettext

from anlan.accounts.roles import Role
from anlan.kit.flow import Flow, IllegalStep

S = TypeVar("S", bound=models.TextChoices)
T = TypeVar("T", bound=models.TextChoices)


@dataclass(frozen=True)
class Move(Generic[S]):
    """Where a step leads, who may take it, and the kinds of deadline that it meets."""

    to: S
    roles: frozenset[Role]
    stops: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Course(Generic[S, T]):
    """A loop as a table of moves, with the words for people."""

    noun: Any
    states: type[S]
    steps: type[T]
    moves: Mapping[tuple[S, T], Move[S]]

    @property
    def flow(self) -> Flow[S, T]:
        return Flow({key: move.to for key, move in self.moves.items()})

    def take(self, state: str, step: T, by: Any) -> Move[S]:
        """The move, checked; raises `IllegalStep` or `PermissionDenied` with a sentence for people."""
        move = self.moves.get((self.states(state), step))
        if move is None:
            raise IllegalStep(
                gettext("%(noun)s当前为“%(state)s”，不能“%(step)s”。")
                % {"noun": self.noun, "state": self.states(state).label, "step": step.label}
            )
        if by.role not in move.roles or not by.is_active:
            raise PermissionDenied(gettext("您的角色不能“%(step)s”。") % {"step": step.label})
        return move

    def possible(self, state: str, by: Any) -> frozenset[str]:
        """The steps that this person may take in a state."""
        return frozenset(str(step) for (at, step), move in self.moves.items() if at == state and by.role in move.roles)
