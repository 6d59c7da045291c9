"""The layers one person sees: those declared inside `@entity` and those of `layers.py` files."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import FieldDoesNotExist, FieldError
from django.db.models import Model, Q, QuerySet
from django.db.models.expressions import BaseExpression, Col

from anlan.accounts.models import Area
from anlan.kit.entities import Entity, entities, entity_of
from anlan.kit.layers import Layer, declared_layers

LIMIT = 10_000
"""Up to this many features a layer is sent whole, above it as tiles."""


@dataclass(frozen=True, kw_only=True)
class DrawnLayer:
    """A layer as one person sees it. `rows` are those they may see and that have a geometry, unordered."""

    key: str
    title: Any
    layer: Layer
    rows: QuerySet[Any]

    @property
    def model(self) -> type[Model]:
        return self.rows.model

    @property
    def properties(self) -> tuple[str, ...]:
        return tuple(name for name in self.layer.properties if not is_sensitive(self.rows, name))

    @property
    def columns(self) -> tuple[str, ...]:
        """Properties that the database itself can give; the others are shown on the object's card only."""
        return tuple(name for name in self.properties if in_database(self.rows, name))

    @property
    def of_points(self) -> bool:
        return getattr(field_of(self.model, self.layer.geometry), "geom_type", "") == "POINT"

    @property
    def label(self) -> str | None:
        return self._usable(self.layer.label)

    @property
    def colour_by(self) -> str | None:
        return self._usable(self.layer.colour_by)

    @property
    def search(self) -> tuple[str, ...]:
        declared = entity_of(self.model)
        wanted = declared.search if declared else ()
        names = tuple(n for n in wanted if in_database(self.rows, n) and not is_sensitive(self.rows, n))
        return names or ((self.label,) if self.label else ())

    def _usable(self, name: str) -> str | None:
        return name if name and in_database(self.rows, name) and not is_sensitive(self.rows, name) else None


def layers_of(user: Any) -> dict[str, DrawnLayer]:
    """Every layer whose rows this person's role may view, in drawing order."""
    found = [drawn for drawn in _declared(user) if may_view(user, drawn.model)]
    return {drawn.key: drawn for drawn in sorted(found, key=lambda d: d.layer.order)}


def layer_of(user: Any, key: str) -> DrawnLayer | None:
    return layers_of(user).get(key)


def may_view(user: Any, model: type[Model]) -> bool:
    """Areas are the base map, so everybody has them; every other layer needs the role's grant."""
    return model is Area or user.has_perm(f"{model._meta.app_label}.view_{model._meta.model_name}")


def rows_matching(drawn: DrawnLayer, words: str) -> QuerySet[Any]:
    """Rows that hold every one of the words in a searched field."""
    rows = drawn.rows
    for one in words.split():
        either = Q()
        for name in drawn.search:
            either |= Q(**{f"{name}__icontains": one})
        rows = rows.filter(either) if drawn.search else rows.none()
    return rows


def in_database(rows: QuerySet[Any], name: str) -> bool:
    """True for a field, a path of fields or an annotation; False for an attribute of the Python object."""
    try:
        rows.values(name)
    except FieldError:
        return False
    return True


def is_sensitive(rows: QuerySet[Any], name: str) -> bool:
    """True where the name leads to a field that an entity declares sensitive, also through an annotation."""
    if annotation := rows.query.annotations.get(name):
        return any(_declared_sensitive(field.model, field.name) for field in _fields_within(annotation))
    return any(_declared_sensitive(model, part) for model, part in path_of(rows.model, name))


def path_of(model: type[Model], name: str) -> Iterator[tuple[type[Model], str]]:
    """The steps of `a__b__c`, each with the model it stands on."""
    at: type[Model] | None = model
    for part in name.split("__"):
        if at is None:
            return
        yield at, part
        try:
            at = at._meta.get_field(part).related_model
        except FieldDoesNotExist:
            at = None


def field_of(model: type[Model], name: str) -> Any:
    """The last field of a path, or None."""
    for at, part in path_of(model, name):
        last = at, part
    try:
        return last[0]._meta.get_field(last[1])
    except FieldDoesNotExist:
        return None


def _declared_sensitive(model: type[Model], name: str) -> bool:
    declared = entity_of(model)
    return declared is not None and name in declared.sensitive


def _fields_within(expression: BaseExpression) -> Iterator[Any]:
    return (part.target for part in expression.flatten() if isinstance(part, Col))


def _declared(user: Any) -> Iterator[DrawnLayer]:
    for one in entities().values():
        if one.layer:
            yield _of_entity(user, one, one.layer)
    for key, layer in declared_layers().items():
        if layer.rows:
            yield _drawn(key, layer.title, layer, layer.rows(user))


def _of_entity(user: Any, one: Entity, layer: Layer) -> DrawnLayer:
    manager: Any = one.model._default_manager
    rows = layer.rows(user) if layer.rows else manager.visible_to(user)
    return _drawn(layer.key or one.name, layer.title or one.model._meta.verbose_name_plural, layer, rows)


def _drawn(key: str, title: Any, layer: Layer, rows: QuerySet[Any]) -> DrawnLayer:
    return DrawnLayer(
        key=key, title=title, layer=layer, rows=rows.filter(**{f"{layer.geometry}__isnull": False}).order_by()
    )
