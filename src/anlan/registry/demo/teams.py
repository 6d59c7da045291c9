"""Rescue teams: 33 with 1,581 people, each person a row."""

from collections.abc import Iterator

from anlan.accounts.models import Organisation, User
from anlan.accounts.roles import Role
from anlan.kit.demo import DemoWorld
from anlan.registry.demo.ground import Ground
from anlan.registry.demo.words import Words, registry_data
from anlan.registry.models import Discipline, Person, Team

VICE_CAPTAINS = 2
ON_REST = 3
Status = Team.Status


def teams_make(world: DemoWorld, ground: Ground) -> None:
    """Teams of the demo's log-ins always stand by; a few of the others rest."""
    words = Words(world.rng("registry/teams"), series="6")
    leaders = {user.organisation_id: user for user in User.objects.filter(role=Role.TEAM_LEADER)}
    bodies = list(Organisation.objects.filter(kind=Organisation.Kind.TEAM).order_by("id"))
    teams = world.insert([_team(words, ground, body, leaders.get(body.pk)) for body in bodies])
    idle = words.rng.sample([team for team in teams if team.organisation_id not in leaders], ON_REST)
    Team.objects.filter(pk__in=[team.pk for team in idle]).update(status=Status.RESTING)
    members = [person for team in teams for person in _members(words, team)]
    world.insert(members, what=str(Person.Kind.TEAM_MEMBER.label))


def _team(words: Words, ground: Ground, body: Organisation, leader: User | None) -> Team:
    fact = registry_data("demo_teams")["teams"][body.name]
    (spot,) = ground.spots(1, words.rng, spread=0.002, leaves=ground.within(fact["home"]))
    return Team(
        name=body.name,
        organisation=body,
        area=spot.leaf.area,
        location=spot.point,
        address=words.address(spot),
        discipline=Discipline(fact["discipline"]),
        members=fact["members"],
        equipment=fact["equipment"],
        leader_name=leader.display_name if leader else words.names.person(),
        leader_phone=leader.telephone if leader else words.names.mobile(),
    )


def _members(words: Words, team: Team) -> Iterator[Person]:
    posts = words.of["positions"]
    for place in range(team.members):
        captain = place == 0
        low = posts["vice"] if place <= VICE_CAPTAINS else words.rng.choice(posts["members"])
        yield Person(
            name=team.leader_name if captain else words.names.person(),
            telephone=team.leader_phone if captain else words.names.mobile(),
            kind=Person.Kind.TEAM_MEMBER,
            position=posts["captain"] if captain else low,
            team=team,
            area=team.area,
            organisation_id=team.organisation_id,
        )
