"""Organisations: bureau, departments, street offices, community stations, some enterprises, rescue bodies."""

from collections.abc import Iterator

from anlan.accounts.demo.data import accounts_data
from anlan.accounts.demo.names import Names
from anlan.accounts.models import Area, Organisation
from anlan.kit.demo import DemoWorld

OFFICE, AGENCY, SOCIETY, FIRM = "11", "12", "51", "91"
SINCE_2022 = {"valid_from": None, "level": Area.Level.COMMUNITY, "parent__code__lt": "440310400"}
"""The communities of the district's own count of 2022: neither the later one nor the bonded zone's."""

Kind = Organisation.Kind


def organisations_make(world: DemoWorld) -> None:
    names = Names(world.rng("accounts/organisations"), series="0")
    rows = [
        Organisation(name=name, kind=kind, area=area, credit_code=names.credit_code(body), telephone=names.landline())
        for name, kind, area, body in _plan()
    ]
    world.insert(rows)


def _plan() -> Iterator[tuple[str, Kind, Area, str]]:
    source = accounts_data("demo_organisations")
    areas = {area.code: area for area in Area.objects.all()}
    district = Area.objects.get(level=Area.Level.DISTRICT)
    yield source["bureau"], Kind.BUREAU, district, OFFICE
    for name in source["departments"]:
        yield name, Kind.DEPARTMENT, district, OFFICE
    for street in Area.objects.filter(level=Area.Level.STREET, code__lt="440310400"):
        yield source["street_office"].format(name=street.name), Kind.STREET, street, OFFICE
    for community in Area.objects.filter(**SINCE_2022):
        yield source["station"].format(name=community.name), Kind.COMMUNITY, community, AGENCY
    for firm in source["enterprises"]:
        yield firm["name"], Kind.ENTERPRISE, areas[firm["area"]], FIRM
    for team in source["teams"]:
        yield team["name"], Kind.TEAM, areas[team["area"]], SOCIETY if "society" in team else AGENCY
