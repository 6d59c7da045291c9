"""One declaration beside a model; everything that entities share is made from it.

The decorator records the declaration and turns on history. Lists, forms, import, export, API and layer are built
from the record by the modules that serve them.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypedDict, TypeVar, Unpack

import simple_history
from django.db import models

from anlan.kit.layers import Layer

M = TypeVar("M", bound=type[models.Model])


@dataclass(frozen=True, kw_only=True, eq=False)
class Entity:
    """What the shared machinery needs to know of a model.

    `key` names the fields by which an import finds an existing row. `sensitive` fields are masked for roles that may
    not read them, and every reading of one is audited. `example` is the template's example row, field → value.
    """

    model: type[models.Model]
    columns: tuple[str, ...]
    search: tuple[str, ...] = ()
    filters: tuple[str, ...] = ()
    sensitive: tuple[str, ...] = ()
    key: tuple[str, ...] = ("id",)
    readonly: tuple[str, ...] = ()
    importable: bool = True
    changeable: bool = True
    example: tuple[tuple[str, object], ...] = ()
    layer: Layer | None = None
    icon: str = ""

    @property
    def name(self) -> str:
        return self.model._meta.label_lower

    @property
    def title(self) -> str:
        """The name in words."""
        return str(self.model._meta.verbose_name)

    @property
    def editable(self) -> tuple[str, ...]:
        """The fields that a person or a sheet may write, in the model's order."""
        return tuple(
            field.name
            for field in self.model._meta.concrete_fields
            if field.editable
            and not field.primary_key
            and field.name not in self.readonly
            and not isinstance(field, models.BinaryField)
        )


_ENTITIES: dict[type[models.Model], Entity] = {}
_LISTS = ("search", "filters", "sensitive", "key", "readonly")


class Traits(TypedDict, total=False):
    """The further words of a declaration; each as in `Entity`."""

    search: Iterable[str]
    filters: Iterable[str]
    sensitive: Iterable[str]
    key: Iterable[str]
    readonly: Iterable[str]
    importable: bool
    changeable: bool
    layer: Layer | None
    icon: str


def entity(
    *, columns: Iterable[str], example: dict[str, object] | None = None, history: bool = True, **traits: Unpack[Traits]
) -> Callable[[M], M]:
    """Declares a model as an entity. `history=False` only for rows that are themselves a record; `icon` is a
    Material Symbols name for the back office.
    """
    more: dict[str, Any] = dict(traits.items())
    more |= {name: tuple(more[name]) for name in _LISTS if name in more}

    def declare(model: M) -> M:
        given = tuple((example or {}).items())
        _ENTITIES[model] = Entity(model=model, columns=tuple(columns), example=given, **more)
        if history:
            simple_history.register(model)
        return model

    return declare


def entities() -> dict[str, Entity]:
    """Every declared entity by its `app_label.model` name, in order of declaration."""
    return {e.name: e for e in _ENTITIES.values()}


def entity_of(model: type[models.Model]) -> Entity | None:
    return _ENTITIES.get(model)
