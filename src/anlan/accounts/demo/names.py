"""Invented names, numbers and codes that look real.

Credit codes carry the organisation prefix MAX, which is not being issued; mobile numbers lie in 1990000xxxx and
land lines begin with 0, so none reaches a person.
"""

from random import Random
from typing import Any

from anlan.accounts.demo.data import accounts_data
from anlan.vocab.codes import CREDIT_ALPHABET, credit_check

PREFIX = "MAX"
AREA = "440310"
LONG = 0.35
_ORGANISATION_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)


class Names:
    """Draws from one generator; `series` is a character that keeps the codes of two parts apart."""

    def __init__(self, rng: Random, *, series: str) -> None:
        self._rng, self._series = rng, series
        self._words: Any = accounts_data("demo_words")
        self._surnames = list(self._words["surnames"])
        self._weights = list(self._words["surnames"].values())
        self._taken: set[str] = set()

    def person(self) -> str:
        (surname,) = self._rng.choices(self._surnames, self._weights)
        first = self._rng.choice(self._words["given"])
        second = self._rng.choice(self._words["given"]) if self._rng.random() < 0.84 else ""
        return f"{surname}{first}{second if second != first else ''}"

    def mobile(self) -> str:
        return f"1990000{self._rng.randrange(10_000):04}"

    def landline(self) -> str:
        return f"0755-0{self._rng.randrange(10_000_000):07}"

    def trade(self, *, short: bool = False) -> str:
        """The invented core of a firm's name, two or three characters (two if `short`); no known firm's."""
        while True:
            first, second, third = (self._rng.choice(self._words[k]) for k in ("trade1", "trade2", "trade3"))
            name = first + second + (third if self._rng.random() < LONG and not short else "")
            if first != second and not any(known in name for known in self._words["never"]):
                return str(name)

    def once(self, draw: Any) -> str:
        """A drawn text that this generator has not given before."""
        while (text := draw()) in self._taken:
            continue
        self._taken.add(text)
        return str(text)

    def credit_code(self, body: str = "91") -> str:
        """A valid unified social credit code, each once. `body`: 91 firm, 92 one-person trade, 11 office, 12 agency."""
        return self.once(lambda: self._credit_code(body))

    def _credit_code(self, body: str) -> str:
        organisation = PREFIX + self._series + "".join(self._rng.choices(CREDIT_ALPHABET, k=4))
        first = body + AREA + organisation + organisation_check(organisation)
        return first + credit_check(first)


def organisation_check(body: str) -> str:
    """The check character of an organisation code (GB 11714) for its first eight characters."""
    values = [int(c) if c.isdigit() else ord(c) - ord("A") + 10 for c in body]
    rest = 11 - sum(v * w for v, w in zip(values, _ORGANISATION_WEIGHTS, strict=True)) % 11
    return {10: "X", 11: "0"}.get(rest, str(rest))
