"""Fills the demo's word patterns: addresses, names of places, firms, roads."""

from pathlib import Path
from random import Random
from typing import Any

from anlan.accounts.demo.data import load
from anlan.accounts.demo.names import Names
from anlan.registry.demo.ground import Leaf, Spot

DATA = Path(__file__).parents[1] / "data"
ROADS_EACH = 8


def registry_data(name: str) -> Any:
    return load(DATA / f"{name}.json")


class Words:
    """One generator's words; `series` keeps its credit codes apart from the other parts'."""

    def __init__(self, rng: Random, *, series: str) -> None:
        self.rng, self.names = rng, Names(rng, series=series)
        self.of: Any = registry_data("demo_words")

    def address(self, spot: Spot) -> str:
        return str(
            self.of["address"].format(
                street=spot.leaf.street,
                community=spot.leaf.community,
                road=self.rng.choice(self._roads(spot.leaf)),
                number=self.rng.randrange(1, 240),
                more=self._building(spot.hub),
            )
        )

    def _roads(self, leaf: Leaf) -> list[str]:
        """The roads of a community: always the same few."""
        return Random(leaf.community.code).sample(self.of["roads"], ROADS_EACH)

    def _building(self, hub: str) -> str:
        draw = self.rng.randrange
        block = self.rng.choice(self.of["block"])
        return self.of["building"].format(park=hub, block=block, floor=draw(1, 7), room=draw(1, 9)) if hub else ""

    def fill(self, pattern: str, leaf: Leaf, **more: str) -> str:
        """A pattern with its words drawn, e.g. "{community}{trade}农贸市场"."""
        road, other = self.rng.sample(self._roads(leaf), 2)
        return pattern.format(
            trade=self.names.trade(),
            core=self.names.trade(short=True),
            street=leaf.street.removesuffix("街道"),
            community=str(leaf.community).removesuffix("社区"),
            road=road,
            road2=other,
            river=self.rng.choice(self.of["rivers"]),
            reservoir=self.rng.choice(self.of["reservoirs"]),
            hill=self.rng.choice(self.of["hills"]),
            form=self.rng.choice(self.of["hill_forms"]),
            number=self.rng.randrange(1, 20),
            **more,
        )

    def fresh(self, patterns: list[str], leaf: Leaf, **more: str) -> str:
        """A filled pattern that has not been given before."""
        return self.names.once(lambda: self.fill(self.rng.choice(patterns), leaf, **more))
