"""Map layers as declarations; the map draws whatever is declared."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db.models import QuerySet


@dataclass(frozen=True, kw_only=True)
class Layer:
    """How rows of a model are drawn.

    `symbol` names an icon of the map's sprite (or "area" for polygons); `colour_by` a field or property whose value
    picks the colour from `colours` (value → token name, e.g. "red"); `properties` are shown in the pop-up and the
    table twin. `key`, `title` and `rows` are filled in from the entity when the layer stands inside `@entity`.
    """

    symbol: str
    colour_by: str = ""
    colours: Mapping[str, str] = field(default_factory=dict)
    properties: tuple[str, ...] = ()
    geometry: str = "location"
    label: str = "name"
    group: str = ""
    shown: bool = False
    live: str = ""
    order: int = 50
    key: str = ""
    title: Any = ""
    rows: Callable[[Any], QuerySet[Any]] | None = None
    url: Callable[[Any], str] | None = None


_LAYERS: dict[str, Layer] = {}


def layer(declared: Layer) -> Layer:
    """Registers a layer that belongs to no single entity; called in an app's `layers.py`."""
    if not declared.key or declared.rows is None:
        raise ValueError("a layer of its own needs a key and rows")
    if declared.key in _LAYERS:
        raise ValueError(f"layer {declared.key} is declared twice")
    _LAYERS[declared.key] = declared
    return declared


def declared_layers() -> dict[str, Layer]:
    """Layers declared in `layers.py` files. Those inside `@entity` are found through `kit.entities`."""
    return dict(_LAYERS)
