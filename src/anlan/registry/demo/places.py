"""Places: industrial parks, schools, hospitals, markets, estates, waterlogging points, hills, small premises."""

from collections.abc import Sequence
from dataclasses import replace

from anlan.kit.demo import DemoWorld
from anlan.registry.demo.ground import Ground, Spot
from anlan.registry.demo.words import Words
from anlan.registry.models import Place

SHOPS_SPREAD, TOWN_SPREAD = 0.0018, 0.005
Kind = Place.Kind


def parks_make(world: DemoWorld, ground: Ground) -> None:
    """Industrial parks come first, at least one in each area: firms gather in them."""
    words = Words(world.rng("registry/parks"), series="2")
    spots = [spot for leaf in ground.leaves for spot in ground.spots(1, words.rng, leaves=[leaf])]
    spots += ground.spots(words.of["kinds"]["park"] - len(spots), words.rng)
    rows = [_place(words, Kind.PARK, spot, words.of["parks"]) for spot in spots]
    for row in rows:
        ground.add_hub(ground.at(row))
    world.insert(rows, what=str(Kind.PARK.label))


def places_make(world: DemoWorld, ground: Ground) -> None:
    words = Words(world.rng("registry/places"), series="3")
    for kind in [Kind(key) for key in words.of["place_names"]]:
        spots = _spots(words, ground, kind)
        world.insert(_places(words, kind, spots), what=str(kind.label))
        if kind == Kind.RESIDENCE:
            for spot in spots:
                ground.add_hub(spot)
    shops = ground.spots(world.count(words.of["small_premises"], least=120), words.rng, spread=SHOPS_SPREAD)
    patterns = ["{core}" + name for name in words.of["small_names"]]
    rows = [_place(words, Kind.SMALL_PREMISES, spot, patterns) for spot in shops]
    world.insert(rows, what=str(Kind.SMALL_PREMISES.label))


def _spots(words: Words, ground: Ground, kind: Kind) -> list[Spot]:
    """Hills lie where the hills are; everything else is in reach of where people work."""
    count = words.of["kinds"][kind]
    if kind == Kind.HILL:
        return ground.spots(count, words.rng, by="hills")
    return [replace(spot, hub="") for spot in ground.spots(count, words.rng, spread=TOWN_SPREAD)]


def _places(words: Words, kind: Kind, spots: Sequence[Spot]) -> list[Place]:
    return [_place(words, kind, spot, words.of["place_names"][kind]) for spot in spots]


def _place(words: Words, kind: Kind, spot: Spot, patterns: list[str]) -> Place:
    return Place(
        name=words.fresh(patterns, spot.leaf),
        kind=kind,
        area=spot.leaf.area,
        address="" if kind == Kind.HILL else words.address(spot),
        location=spot.point,
    )
