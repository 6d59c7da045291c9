"""Officials, inspectors of the grids, supervision staff, and the safety people of firms with 30 people or more."""

from collections.abc import Iterator, Sequence
from itertools import cycle, islice

from anlan.accounts.models import Area, Organisation
from anlan.kit.demo import DemoWorld
from anlan.registry.demo.words import Words
from anlan.registry.models import Enterprise, Person

Kind = Person.Kind
Body = Organisation.Kind


def people_make(world: DemoWorld) -> None:
    words = Words(world.rng("registry/people"), series="7")
    bodies = list(Organisation.objects.select_related("area").order_by("id"))
    world.insert(list(_officials(words, bodies)), what=str(Kind.OFFICIAL.label))
    world.insert(_inspectors(words, bodies), what=str(Kind.INSPECTOR.label))
    world.insert(_supervision(words, bodies), what=str(Kind.COMMUNITY.label))
    world.insert(list(_safety_people(world, words)), what=str(Kind.SAFETY_OFFICER.label))


def _person(words: Words, kind: Kind, position: str, area_id: int, body_id: int | None) -> Person:
    return Person(
        name=words.names.person(),
        telephone=words.names.mobile(),
        kind=kind,
        position=position,
        area_id=area_id,
        organisation_id=body_id,
    )


def _officials(words: Words, bodies: Sequence[Organisation]) -> Iterator[Person]:
    posts, people = words.of["positions"], words.of["people"]
    for body in bodies:
        if body.kind == Body.COMMUNITY:
            yield _person(words, Kind.OFFICIAL, posts["station"], body.area_id, body.pk)
        elif body.kind in people:
            for post in islice(cycle(posts[body.kind]), people[body.kind]):
                yield _person(words, Kind.OFFICIAL, post, body.area_id, body.pk)


def _inspectors(words: Words, bodies: Sequence[Organisation]) -> list[Person]:
    """Full-time inspectors, shared among the grids; they belong to the sub-district's office."""
    offices = {body.area.path: body.pk for body in bodies if body.kind == Body.STREET}
    grids = Area.objects.filter(level=Area.Level.GRID).order_by("path")
    post = words.of["positions"]["inspector"]
    return [
        _person(
            words, Kind.INSPECTOR, post, grid.pk, next(pk for path, pk in offices.items() if grid.path.startswith(path))
        )
        for grid in islice(cycle(grids), words.of["people"]["inspectors"])
    ]


def _supervision(words: Words, bodies: Sequence[Organisation]) -> list[Person]:
    stations = [body for body in bodies if body.kind == Body.COMMUNITY]
    post = words.of["positions"]["supervision"]
    return [
        _person(words, Kind.COMMUNITY, post, station.area_id, station.pk)
        for station in islice(cycle(stations), words.of["people"]["supervision"])
    ]


def _safety_people(world: DemoWorld, words: Words) -> Iterator[Person]:
    """Safety officers of the shifts and the auditors above them: one of each a firm, the rest by its size."""
    firms = list(Enterprise.objects.filter(employees__gte=30).order_by("id"))
    sizes = [firm.employees for firm in firms]
    for key, number in (("officer", "officers"), ("auditor", "auditors")):
        total = world.count(words.of["people"][number], least=len(firms))
        for firm in firms + words.rng.choices(firms, sizes, k=total - len(firms)):
            post = words.of["positions"][key]
            person = _person(words, Kind.SAFETY_OFFICER, post, firm.area_id, firm.organisation_id)
            person.enterprise = firm
            yield person
