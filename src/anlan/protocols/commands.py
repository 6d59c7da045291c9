"""What a person may ask of a device: commands as data, from which pages, deliveries and answers follow.

A command is written for the device's own line: `last` is the newest frame that came over it, which tells the
passwords, centre addresses and encoding that the device uses, so that nobody has to configure them.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from anlan.protocols.frames import Frame

Values: TypeAlias = Mapping[str, str]


class ParameterError(ValueError):
    """A parameter that the command cannot be sent with. `key` names it; the message is for a person."""

    def __init__(self, key: str, message: str) -> None:
        super().__init__(message)
        self.key = key


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """One field of a command's form, as text. `low` and `high` bound a number; a time is "YYYY-MM-DDTHH:MM"."""

    key: str
    title: str
    kind: Literal["number", "text", "time", "choice", "secret"] = "text"
    default: str = ""
    low: int = 0
    high: int = 9999
    choices: tuple[tuple[str, str], ...] = ()
    optional: bool = False

    def checked(self, text: str) -> str:
        """The text as the command takes it; `ParameterError`."""
        text = text.strip()
        if not text:
            if self.optional:
                return ""
            raise ParameterError(self.key, "不能为空")
        if self.kind == "number" and not (text.isascii() and text.isdigit() and self.low <= int(text) <= self.high):
            raise ParameterError(self.key, f"须为 {self.low} 至 {self.high} 之间的整数")
        if self.kind == "choice" and text not in dict(self.choices):
            raise ParameterError(self.key, "不在可选范围内")
        if len(text) > 64 or not text.isprintable():
            raise ParameterError(self.key, "过长或含有不可打印的字符")
        return text


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What a frame says to a command. Not `final`: the device has it, and more will come."""

    ok: bool
    said: str
    final: bool = True


@dataclass(frozen=True, kw_only=True)
class Command:
    """`write(last, number, now, values)` gives the bytes to send (`number` tells attempts of different commands
    apart; ValueError for what cannot be said); `answer(sent, frame)` what a later frame of the same device says
    to these bytes, None where it is about something else. A `grave` one changes or switches something: it is
    for an administrator and is never repeated by itself.
    """

    key: str
    title: str
    write: Callable[[Frame, int, int, Values], bytes]
    answer: Callable[[bytes, Frame], Answer | None]
    parameters: tuple[Parameter, ...] = ()
    grave: bool = False

    def checked(self, values: Values) -> dict[str, str]:
        """All parameters as text; `ParameterError` for the first that is not right."""
        return {one.key: one.checked(values.get(one.key, one.default)) for one in self.parameters}

    @property
    def secret(self) -> bool:
        return any(one.kind == "secret" for one in self.parameters)


def ask(command: Command, last: Frame, number: int, now: int, values: Values) -> bytes:
    """The bytes of a command after its parameters have been checked."""
    return command.write(last, number, now, command.checked(values))
