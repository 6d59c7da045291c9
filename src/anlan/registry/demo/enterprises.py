"""Enterprises: 20,571 of them at scale 1, of which 3,860 are key supervised and 30 handle hazardous chemicals."""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Any, Literal

from anlan.accounts.models import Organisation
from anlan.kit.demo import DemoWorld
from anlan.registry.demo.ground import Ground, Spot
from anlan.registry.demo.words import Words, registry_data
from anlan.registry.models import Enterprise

FIRMS, KEY, HAZARDOUS, OVER_30 = 20_571, 3_860, 30, 1_039
SPREAD = 0.0014
LARGEST = 2600
SUSPENDED = 0.03
KEY_AMONG_LARGE = 0.75

Grade = Literal["hazard", "key", "share"]


@dataclass(frozen=True, kw_only=True)
class Plan:
    """An enterprise to be made: why it is watched, and whether it has 30 people or more."""

    grade: Grade
    large: bool


def enterprises_make(world: DemoWorld, ground: Ground) -> None:
    words = Words(world.rng("registry/enterprises"), series="4")
    known = list(_known(words, ground))
    plans = _plans(world, known, words.rng)
    spots = ground.spots(len(plans), words.rng, spread=SPREAD)
    world.insert(known + [_drawn(words, plan, spot) for plan, spot in zip(plans, spots, strict=True)])


def _known(words: Words, ground: Ground) -> Iterator[Enterprise]:
    """The firms that have an organisation of their own, and so can log in."""
    facts = registry_data("demo_teams")["firms"]
    for organisation in Organisation.objects.filter(kind=Organisation.Kind.ENTERPRISE).select_related("area"):
        fact = facts[organisation.name]
        leaves = ground.within(organisation.area.code)
        (spot,) = ground.spots(1, words.rng, spread=SPREAD, leaves=leaves)
        yield _firm(
            words,
            spot,
            name=words.names.once(str(organisation.name).strip),
            organisation=organisation,
            credit_code=organisation.credit_code or "",
            industry=fact["industry"],
            employees=fact["employees"],
            key_supervised=True,
            hazardous_chemicals=fact["hazardous"],
        )


def _plans(world: DemoWorld, known: list[Enterprise], rng: Random) -> list[Plan]:
    """One plan for each enterprise still to be made, in random order."""
    handled = sum(one.hazardous_chemicals for one in known)
    hazardous = world.count(HAZARDOUS, least=handled) - handled
    key = max(world.count(KEY, least=40) - len(known) - hazardous, 0)
    plain = max(world.count(FIRMS, least=160) - len(known) - hazardous - key, 0)
    large = max(world.count(OVER_30, least=24) - len(known), 0)
    watched = min(round(large * KEY_AMONG_LARGE), hazardous + key)
    sizes: dict[Grade, int] = {"hazard": hazardous, "key": key, "share": plain}
    grades = [grade for grade, number in sizes.items() for _ in range(number)]
    big = set(range(watched)) | set(range(hazardous + key, hazardous + key + large - watched))
    plans = [Plan(grade=grade, large=place in big) for place, grade in enumerate(grades)]
    rng.shuffle(plans)
    return plans


def _drawn(words: Words, plan: Plan, spot: Spot) -> Enterprise:
    industry, trade = _industry(plan, words.rng)
    person = bool(trade.get("person")) and not plan.large
    pattern = words.of["person_trade" if person else "firm"]
    idle = plan.grade == "share" and words.rng.random() < SUSPENDED
    return _firm(
        words,
        spot,
        name=words.names.once(lambda: words.fill(pattern, spot.leaf, word=words.rng.choice(trade["words"]))),
        credit_code=words.names.credit_code("92" if person else "91"),
        industry=industry,
        employees=_employees(plan.large, words.rng),
        key_supervised=plan.grade != "share",
        hazardous_chemicals=plan.grade == "hazard",
        status=Enterprise.Status.SUSPENDED if idle else Enterprise.Status.OPERATING,
    )


def _industry(plan: Plan, rng: Random) -> tuple[str, dict[str, Any]]:
    table = registry_data("demo_industries")["divisions"]
    (code,) = rng.choices(list(table), [one.get(plan.grade, 0) for one in table.values()])
    return code, table[code]


def _employees(large: bool, rng: Random) -> int:
    return min(LARGEST, int(30 * rng.paretovariate(1.4))) if large else min(29, 1 + int(rng.expovariate(0.45)))


def _firm(words: Words, spot: Spot, **values: Any) -> Enterprise:
    return Enterprise(
        area=spot.leaf.area,
        location=spot.point,
        address=words.address(spot),
        legal_person=words.names.person(),
        contact_name=words.names.person(),
        contact_phone=words.names.mobile(),
        **values,
    )
