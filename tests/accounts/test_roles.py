"""Each role may do what its grant says, in its own area, and nothing else."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from anlan.accounts.backends import RoleBackend
from anlan.accounts.models import Area, AuditEntry, Organisation, User
from anlan.accounts.roles import CLOSED, GRANTS, PARTS, Role, verbs
from anlan.registry.models import Place

Person = Callable[..., User]
VERBS = ("view", "add", "change", "delete", "reveal", "import", "export", "approve", "")
MODELS = ("user", "auditentry", "area", "organisation", "enterprise", "person", "team", "lawrule", "incident", "x", "")
APPS = (*PARTS, "auth", "axes", "otp_totp", "sessions", "procrastinate", "admin", "")


def granted(role: str, app: str, model: str) -> frozenset[str]:
    """Read off the table again, another way."""
    lines = GRANTS.get(role, {})
    if f"{app}.{model}" in lines:
        return lines[f"{app}.{model}"]
    return lines[app] if app in lines and f"{app}.{model}" not in CLOSED else frozenset()


@given(
    st.sampled_from([*Role.values, "", "superhero"]),
    st.sampled_from(APPS),
    st.sampled_from(VERBS),
    st.sampled_from(MODELS),
    st.booleans(),
)
def test_no_role_gets_a_verb_without_a_grant(role: str, app: str, verb: str, model: str, active: bool) -> None:
    user = User(username="x", role=role, is_active=active)
    allowed = RoleBackend().has_perm(user, f"{app}.{verb}_{model}")
    assert allowed == (active and verb in granted(role, app, model))
    if allowed:
        assert RoleBackend().has_module_perms(user, app)


@given(st.text(max_size=30))
def test_a_permission_that_is_misspelt_is_granted_to_nobody(perm: str) -> None:
    for role in Role.values:
        allowed = RoleBackend().has_perm(User(username="x", role=role), perm)
        app, _, codename = perm.partition(".")
        verb, _, model = codename.partition("_")
        assert allowed == (verb in granted(role, app, model))


def test_nobody_in_particular_may_do_nothing() -> None:
    assert not RoleBackend().has_perm(AnonymousUser(), "registry.view_enterprise")
    assert not RoleBackend().has_module_perms(AnonymousUser(), "registry")


@pytest.mark.parametrize("role", [r for r in Role.values if r != Role.ADMINISTRATOR])
@pytest.mark.parametrize("model", ["user", "auditentry"])
def test_only_administrators_touch_accounts_and_the_audit_log(role: str, model: str) -> None:
    assert verbs(role, "accounts", model) == frozenset()


def test_not_even_an_administrator_writes_the_audit_log_or_deletes_a_person() -> None:
    assert verbs(Role.ADMINISTRATOR, "accounts", "auditentry") == {"view"}
    assert "delete" not in verbs(Role.ADMINISTRATOR, "accounts", "user")


def test_sensitive_fields_are_for_duty_officer_commander_and_administrator() -> None:
    readers = {role for role in Role.values for part in PARTS if "reveal" in verbs(role, part, "enterprise")}
    assert readers == {"duty_officer", "commander", "administrator"}


def test_who_works_on_a_hazard_reads_the_number_of_who_must_rectify_it() -> None:
    readers = {role for role in Role.values if "reveal" in verbs(role, "supervision", "hazard")}
    assert readers == {"duty_officer", "commander", "administrator", "inspector", "street", "department"}


@pytest.fixture
def places(areas: dict[str, Area], organisation: Organisation) -> dict[str, Place]:
    """One place in every area; that of grid g1 belongs to the organisation."""
    return {
        key: Place.objects.create(
            name=key, kind="school", area=area, organisation=organisation if key == "g1" else None
        )
        for key, area in areas.items()
    }


def seen(model: Any, user: Any) -> set[str]:
    return {row.name for row in model.objects.visible_to(user)}


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("area", "expected"),
    [
        ("d", {"d", "s1", "s2", "c1", "c2", "g1", "g2"}),
        ("s1", {"s1", "c1", "c2", "g1", "g2"}),
        ("s2", {"s2"}),
        ("c1", {"c1", "g1", "g2"}),
        ("g1", {"g1"}),
        (None, set()),
    ],
)
def test_a_person_sees_the_rows_of_their_area_and_below(
    places: dict[str, Place], person: Person, area: str | None, expected: set[str]
) -> None:
    someone = person("street", area=area)
    assert seen(Place, someone) == expected
    assert seen(Area, someone) == {f"区域{key}" for key in expected}


@pytest.mark.django_db
def test_an_enterprise_sees_its_own_rows_only_wherever_they_are(
    places: dict[str, Place], person: Person, organisation: Organisation
) -> None:
    Organisation.objects.create(name="别家", kind="enterprise", area=organisation.area)
    assert seen(Place, person("enterprise", area="s2", organisation=organisation)) == {"g1"}
    assert seen(Organisation, person("enterprise", organisation=organisation)) == {organisation.name}
    assert seen(Place, person("enterprise", area="d")) == set()
    assert seen(Organisation, person("enterprise", area="d")) == set()


@pytest.mark.django_db
def test_strangers_and_people_who_left_see_nothing(places: dict[str, Place], person: Person) -> None:
    assert seen(Place, AnonymousUser()) == set()
    assert seen(Area, AnonymousUser()) == set()
    assert seen(Place, person("commander", is_active=False)) == set()
    assert seen(Place, person("commander", is_active=False, is_superuser=True)) == set()


@pytest.mark.django_db
def test_a_code_that_begins_like_another_opens_no_other_area(person: Person, areas: dict[str, Area]) -> None:
    like = Area.objects.create(code="4403100011", name="相似", level="street", parent=areas["d"])
    someone = person("street", area="s1")
    assert like not in Area.objects.visible_to(someone)


@pytest.mark.django_db
def test_the_audit_log_is_for_administrators(person: Person, settle: Callable[[], None], areas: Any) -> None:
    settle()
    assert AuditEntry.objects.visible_to(person("administrator")).exists()
    for role in Role.values:
        if role != Role.ADMINISTRATOR:
            assert not AuditEntry.objects.visible_to(person(role)).exists()


@pytest.mark.django_db
def test_the_prefix_of_a_path_is_found_by_index_among_20000_areas(areas: dict[str, Area], person: Person) -> None:
    Area.objects.bulk_create(
        Area(code=f"g{n:05d}", name=str(n), level="grid", parent=areas["c2"], path=f"{areas['c2'].path}g{n:05d}.")
        for n in range(20_000)
    )
    with connection.cursor() as cursor:
        cursor.execute("analyze accounts_area")
    few = Area.objects.visible_to(person("community", area="c1")).explain(analyze=True)
    assert "area_path" in few
    assert Area.objects.visible_to(person("community", area="c1", username="b")).count() == 3
