"""Facilities: gas stations, bridges, reservoirs, pump stations, tank farms, substations, tunnels, fire water."""

from collections.abc import Sequence
from typing import Any

from anlan.kit.demo import DemoWorld
from anlan.registry.demo.ground import Ground, Spot
from anlan.registry.demo.words import Words
from anlan.registry.models import Enterprise, Facility

Status = Facility.Status


def facilities_make(world: DemoWorld, ground: Ground) -> None:
    words = Words(world.rng("registry/facilities"), series="5")
    hazardous = list(Enterprise.objects.filter(hazardous_chemicals=True).order_by("id"))
    rows = [
        row
        for kind, plan in words.of["facilities"].items()
        for row in (
            _at_firms(words, ground, plan, hazardous)
            if plan.get("hazard")
            else _anywhere(words, ground, Facility.Kind(kind), plan, hazardous)
        )
    ]
    world.insert(rows)


def _anywhere(
    words: Words, ground: Ground, kind: Facility.Kind, plan: dict[str, Any], firms: Sequence[Enterprise]
) -> list[Facility]:
    by = "hills" if kind == Facility.Kind.RESERVOIR else "work"
    owners = [firm for firm in firms if firm.industry == plan.get("industry")]
    return [
        Facility(
            name=words.fresh(plan["names"], spot.leaf),
            kind=kind,
            area=spot.leaf.area,
            address=words.address(spot),
            location=spot.point,
            enterprise=words.rng.choice(owners) if owners else None,
            status=_status(words),
        )
        for spot in ground.spots(plan["count"], words.rng, by=by)
    ]


def _at_firms(words: Words, ground: Ground, plan: dict[str, Any], firms: Sequence[Enterprise]) -> list[Facility]:
    """Tank farms stand at the firms that handle hazardous chemicals, one each."""
    return [_tank_farm(words, firm, ground.at(firm), plan["names"]) for firm in firms[: plan["count"]]]


def _tank_farm(words: Words, firm: Enterprise, home: Spot, names: list[str]) -> Facility:
    return Facility(
        name=words.fresh(names, home.leaf, firm=firm.name.removesuffix("有限公司")),
        kind=Facility.Kind.TANK_FARM,
        area=home.leaf.area,
        organisation_id=firm.organisation_id,
        address=firm.address,
        location=_beside(words, home).point,
        enterprise=firm,
    )


def _beside(words: Words, home: Spot) -> Spot:
    """A spot some tens of metres from another."""
    yard = Ground(leaves=[home.leaf])
    yard.add_hub(home)
    near = yard.spots(8, words.rng, spread=0.0003)
    return min(near, key=lambda spot: (spot.lon - home.lon) ** 2 + (spot.lat - home.lat) ** 2)


def _status(words: Words) -> Status:
    (status,) = words.rng.choices([Status.NORMAL, Status.REPAIR, Status.STOPPED], [95, 4, 1])
    return status
