"""Shelters: 60, all of them with video, 154 cameras together."""

from collections import Counter
from collections.abc import Iterator

from anlan.kit.demo import DemoWorld
from anlan.registry.demo.ground import Ground, Spot
from anlan.registry.demo.words import Words
from anlan.registry.models import Place, Shelter

SHELTERS, CAMERAS = 60, 154
IN_SCHOOLS, IN_CENTRES = 18, 8
Category = Shelter.Category


def shelters_make(world: DemoWorld, ground: Ground) -> None:
    words = Words(world.rng("registry/shelters"), series="8")
    rows = [*_in_schools(words), *_elsewhere(words, ground)]
    extra = Counter(words.rng.choices(range(SHELTERS), [row.capacity for row in rows], k=CAMERAS - SHELTERS))
    for place, row in enumerate(rows):
        row.cameras = 1 + extra[place]
    world.insert(rows)


def _in_schools(words: Words) -> Iterator[Shelter]:
    schools = list(Place.objects.filter(kind=Place.Kind.SCHOOL).order_by("id"))
    for school in sorted(words.rng.sample(schools, IN_SCHOOLS), key=lambda one: one.pk):
        yield _shelter(
            words,
            name=words.of["indoor_shelter"].format(school=school.name),
            area=school.area,
            location=school.location,
            address=school.address,
            category=Category.INDOOR,
        )


def _elsewhere(words: Words, ground: Ground) -> Iterator[Shelter]:
    """In the communities' own halls, then on squares and in parks."""
    for place, spot in enumerate(ground.spots(SHELTERS - IN_SCHOOLS, words.rng)):
        indoor = place < IN_CENTRES
        patterns = [words.of["community_shelter"]] if indoor else words.of["outdoor_shelters"]
        yield _shelter(
            words,
            name=_name(words, patterns, spot),
            area=spot.leaf.area,
            location=spot.point,
            address=words.address(spot),
            category=Category.INDOOR if indoor else Category.OUTDOOR,
        )


def _name(words: Words, patterns: list[str], spot: Spot) -> str:
    """A name not given before; where a community's own hall is taken, a named square."""
    plain = words.fill(patterns[0], spot.leaf)
    return words.names.once(
        iter([plain, *(words.fill(words.of["outdoor_shelters"][1], spot.leaf) for _ in "123")]).__next__
    )


def _shelter(words: Words, **values: object) -> Shelter:
    indoor = values["category"] == Category.INDOOR
    hundreds = words.rng.randrange(2, 13) if indoor else words.rng.randrange(8, 61)
    return Shelter(
        capacity=hundreds * 100,
        manager_name=words.names.person(),
        manager_phone=words.names.mobile(),
        **values,
    )
