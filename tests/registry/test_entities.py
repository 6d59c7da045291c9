"""The registry's declarations: every entity has an example row that its own fields accept."""

from typing import Any

import pytest
from django.utils.translation import override

from anlan.accounts.rows import OwnedRow, PlacedRow
from anlan.kit.entities import Entity, entities
from anlan.registry.industries import divisions
from anlan.registry.models import Enterprise

OURS = [entity for name, entity in entities().items() if name.startswith("registry.")]


@pytest.mark.parametrize("entity", OURS, ids=lambda entity: entity.name)
def test_the_example_row_is_one_that_the_fields_accept(entity: Entity) -> None:
    assert entity.example
    for name, value in entity.example:
        field = entity.model._meta.get_field(name)
        if not field.is_relation and value != "":
            field.clean(value, None)  # type: ignore[union-attr]


def _own_fields(entity: Entity) -> list[Any]:
    """Those that the registry itself declares; the others come with every placed row."""
    given = {field.name for field in (*PlacedRow._meta.fields, *OwnedRow._meta.fields)}
    return [f for f in entity.model._meta.concrete_fields if f.name not in given and not f.primary_key]


@pytest.mark.parametrize("entity", OURS, ids=lambda entity: entity.name)
def test_every_field_and_choice_has_an_english_name(entity: Entity) -> None:
    with override("en"):
        words = [str(entity.model._meta.verbose_name)]
        for field in _own_fields(entity):
            words += [str(field.verbose_name), *(str(label) for _value, label in field.flatchoices or ())]
    assert [word for word in words if not word.isascii()] == []


def test_an_enterprise_says_its_industry_in_words() -> None:
    firm = Enterprise(industry="39")
    assert firm.get_industry_display() == divisions()["39"] == "计算机、通信和其他电子设备制造业"
