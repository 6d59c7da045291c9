"""Goods of the bureau's, the sub-districts' and the communities' stores, and of firms that must keep some."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.contrib.gis.geos import Point

from anlan.accounts.models import Area, Organisation
from anlan.kit.demo import DemoWorld
from anlan.registry.demo.ground import Ground, Spot
from anlan.registry.demo.words import Words, registry_data
from anlan.registry.models import Enterprise, Stock

SHORT = 0.08
EVERY = frozenset(Stock.Category.values)
FIRM_CATEGORIES = frozenset({"hazchem", "fire", "medical"})
DRAWN = {"community": 14, "firm": 8}
ABOVE = {"district": (), "street": ("district",), "community": ("district", "street"), "firm": ("district", "street")}
"""Store level → the levels whose own goods it does not keep."""
Level = Area.Level


@dataclass(frozen=True, kw_only=True)
class Store:
    """A building that holds goods. `share` is its least stock against a district store's."""

    name: str
    level: str
    area_id: int
    location: Point | None
    address: str
    body_id: int | None
    share: float
    categories: frozenset[str] = EVERY


def stocks_make(world: DemoWorld, ground: Ground) -> None:
    words = Words(world.rng("registry/stocks"), series="9")
    stores = [*_public(words, ground), *_of_firms()]
    world.insert([row for store in stores for row in _rows(words, store, world.day)])


def _public(words: Words, ground: Ground) -> Iterator[Store]:
    source = registry_data("demo_goods")
    offices = {(body.kind, body.area_id): body.pk for body in Organisation.objects.all()}
    home = offices["bureau", Area.objects.get(level=Level.DISTRICT).pk]
    for name, kept in source["stores"]["district"].items():
        (spot,) = ground.spots(1, words.rng)
        yield _store(words, spot, name=name, level="district", body_id=home, share=1, categories=frozenset(kept))
    for level in (Level.STREET, Level.COMMUNITY):
        for area in Area.objects.filter(level=level, code__lt="440310400").order_by("path"):
            (spot,) = ground.spots(1, words.rng, leaves=ground.within(area.code))
            name = source["stores"][level].format(street=area.name, community=area.name)
            share, body = source["shares"][level], offices.get((str(level), area.pk))
            yield _store(words, spot, name=name, level=str(level), body_id=body, share=share)


def _store(words: Words, spot: Spot, **values: Any) -> Store:
    return Store(area_id=spot.leaf.area.pk, location=spot.point, address=words.address(spot), **values)


def _of_firms() -> Iterator[Store]:
    source = registry_data("demo_goods")
    for firm in Enterprise.objects.filter(hazardous_chemicals=True).order_by("id"):
        yield Store(
            name=source["stores"]["firm"].format(firm=firm.name.removesuffix("有限公司")),
            level="firm",
            area_id=firm.area_id,
            location=firm.location,
            address=firm.address,
            body_id=firm.organisation_id,
            share=source["shares"]["firm"],
            categories=FIRM_CATEGORIES,
        )


def _goods(words: Words, store: Store) -> list[dict[str, Any]]:
    """What a store keeps, in the order of the list of goods: the small ones keep a few, drawn."""
    above = ABOVE[store.level]
    goods = registry_data("demo_goods")["goods"]
    fit = [one for one in goods if one["category"] in store.categories and one.get("only") not in above]
    drawn = words.rng.sample(fit, min(DRAWN.get(store.level, len(fit)), len(fit)))
    return [one for one in fit if one in drawn]


def _rows(words: Words, store: Store, day: date) -> Iterator[Stock]:
    keeper, phone = words.names.person(), words.names.mobile()
    for good in _goods(words, store):
        minimum = max(1, round(good["minimum"] * store.share))
        filled = words.rng.uniform(0.4, 0.95) if words.rng.random() < SHORT else words.rng.uniform(1.0, 2.2)
        yield Stock(
            name=store.name,
            item=good["item"],
            category=good["category"],
            unit=good["unit"],
            holder=Stock.Holder.ENTERPRISE if store.level == "firm" else Stock.Holder.GOVERNMENT,
            minimum=minimum,
            quantity=round(minimum * filled),
            expires_on=_expiry(words, good["life"], day),
            area_id=store.area_id,
            organisation_id=store.body_id,
            location=store.location,
            address=store.address,
            keeper_name=keeper,
            keeper_phone=phone,
        )


def _expiry(words: Words, life: int, day: date) -> date | None:
    """Bought at any time within the goods' life; a few have just expired."""
    return day + timedelta(days=words.rng.randrange(-life // 30, life)) if life else None
