"""Hazard models: one published model a module, named by author and year, found by being there."""

from importlib import import_module
from pkgutil import iter_modules

from anlan.science.declaration import HazardModel


def hazard_models() -> dict[str, HazardModel]:
    """Every model by its key: the `MODEL` of each module of this package."""
    found = [getattr(import_module(f"{__name__}.{m.name}"), "MODEL", None) for m in iter_modules(__path__)]
    return {model.key: model for model in found if isinstance(model, HazardModel)}
