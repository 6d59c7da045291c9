"""The demo's thematic database, at the sizes of the district in 2022."""

from anlan.kit.demo import DemoWorld
from anlan.registry.demo.enterprises import enterprises_make
from anlan.registry.demo.facilities import facilities_make
from anlan.registry.demo.ground import Ground
from anlan.registry.demo.people import people_make
from anlan.registry.demo.places import parks_make, places_make
from anlan.registry.demo.shelters import shelters_make
from anlan.registry.demo.stocks import stocks_make
from anlan.registry.demo.teams import teams_make

__all__ = ["demo"]


def demo(world: DemoWorld) -> None:
    ground = Ground.read()
    parks_make(world, ground)
    enterprises_make(world, ground)
    places_make(world, ground)
    facilities_make(world, ground)
    teams_make(world, ground)
    people_make(world)
    shelters_make(world, ground)
    stocks_make(world, ground)
