"""Shelters: 60, all of them with video, 154 cameras together."""

from collections import Counter
from collections.abc import Iterator

from anlan.kit.demo import DemoWorld
from anlan.registry.demo.ground import Ground, Spot
from anlan.registry.demo.words import Words
from anlan.registry.models import Place, Shelter

SHELTERS, CAMERAS = 60, 154
IN_SCHOOLS, IN_HALLS = 18, 8
Category = Shelter.Category


def shelters_make(world: DemoWorld, ground: Ground) -> None:
    words = Words(world.rng("registry/shelters"), series="8")
    rows = [*_in_schools(words), *_in_halls(words, ground), *_outdoors(words, ground)]
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


def _in_halls(words: Words, ground: Ground) -> Iterator[Shelter]:
    """In the halls of some communities, one each."""
    homes = {leaf.community.code: leaf for leaf in ground.leaves}
    for code in sorted(words.rng.sample(sorted(homes), IN_HALLS)):
        (spot,) = ground.spots(1, words.rng, leaves=[homes[code]])
        yield _at(words, spot, words.fill(words.of["community_shelter"], spot.leaf), Category.INDOOR)


def _outdoors(words: Words, ground: Ground) -> Iterator[Shelter]:
    for spot in ground.spots(SHELTERS - IN_SCHOOLS - IN_HALLS, words.rng):
        yield _at(words, spot, words.fresh(words.of["outdoor_shelters"], spot.leaf), Category.OUTDOOR)


def _at(words: Words, spot: Spot, name: str, category: Category) -> Shelter:
    address = words.address(spot)
    return _shelter(words, name=name, area=spot.leaf.area, location=spot.point, address=address, category=category)


def _shelter(words: Words, **values: object) -> Shelter:
    indoor = values["category"] == Category.INDOOR
    hundreds = words.rng.randrange(2, 13) if indoor else words.rng.randrange(8, 61)
    return Shelter(
        capacity=hundreds * 100,
        manager_name=words.names.person(),
        manager_phone=words.names.mobile(),
        **values,
    )
