"""The steps of CONTRIBUTING.md still hold: each block is run as it stands there."""

import importlib
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.apps import apps
from django.db import connection

from anlan.kit import entities as kit_entities
from anlan.kit import figures as kit_figures
from anlan.kit import layers as kit_layers
from anlan.site.paths import ROOT

BLOCKS = dict(re.findall(r"```python (\S+)\n(.*?)```", (ROOT / "CONTRIBUTING.md").read_text(), re.DOTALL))


@contextmanager
def added_module(package: str, name: str, text: str, folder: Path) -> Iterator[None]:
    """The block as a new module of a package, as if its file had been added."""
    home = importlib.import_module(package)
    (folder / f"{name}.py").write_text(text)
    home.__path__.append(str(folder))
    try:
        yield
    finally:
        home.__path__.remove(str(folder))
        sys.modules.pop(f"{package}.{name}", None)


def run_in(module: str, block: str) -> dict[str, Any]:
    """Runs a block at the end of an existing module's names, as if it had been written there."""
    names = dict(vars(importlib.import_module(module)))
    exec(compile(block, module, "exec"), names)
    return names


def test_a_new_protocol_is_one_module(tmp_path: Path) -> None:
    from anlan.protocols import protocols

    with added_module("anlan.protocols", "tipping_bucket", BLOCKS["protocols/tipping_bucket.py"], tmp_path):
        spec = protocols()["tipping_bucket"]
        (frame,) = spec.decoder().feed(spec.encode("7", 1_700_000_000_000, {"rain": 1.4}))
        assert [(r.series, round(r.value, 1), r.unit) for r in frame.readings] == [("rain", 1.4, "mm")]
    assert "tipping_bucket" not in protocols()


def test_a_new_hazard_model_is_one_module(tmp_path: Path) -> None:
    from anlan.science import hazard_models

    with added_module("anlan.science", "simpson_1906", BLOCKS["science/simpson_1906.py"], tmp_path):
        model = hazard_models()["simpson_1906"]
        speeds = model({"force": np.array([6.0, 12.0])})["wind_speed"]
        assert (speeds > [10.8, 32.7]).all()
        assert speeds[0] < 13.9


@pytest.mark.django_db
def test_a_new_entity_is_its_model_and_a_migration() -> None:
    before = set(apps.all_models["registry"])
    try:
        model = run_in("anlan.registry.models", BLOCKS["registry/models.py"])["Watchtower"]
        declared = kit_entities.entity_of(model)
        assert declared is not None
        assert declared.layer is not None
        with connection.schema_editor() as editor:
            editor.create_model(model)
        assert model.objects.count() == 0
    finally:
        kit_entities._ENTITIES.pop(model, None)
        for name in set(apps.all_models["registry"]) - before:
            del apps.all_models["registry"][name]
        apps.clear_cache()


@pytest.mark.django_db
def test_a_new_figure_is_one_function(django_user_model: Any) -> None:
    try:
        run_in("anlan.registry.figures", BLOCKS["registry/figures.py"])
        declared = kit_figures.figures()["outdoor_shelters"]
        user = django_user_model.objects.create_superuser("someone", password="a long one 1")
        period = kit_figures.Period(start=date(2026, 1, 1), end=date(2026, 12, 31))
        assert declared.count(declared.rows(user, period)) == 0
        assert "避难场所" in declared.definition
    finally:
        kit_figures._FIGURES.pop("outdoor_shelters", None)


def test_a_new_layer_is_one_declaration() -> None:
    try:
        names = run_in("anlan.registry.models", "from anlan.kit.layers import layer\n" + BLOCKS["registry/layers.py"])
        assert names["Shelter"] is not None
        assert "registry.open_shelter" in kit_layers.declared_layers()
    finally:
        kit_layers._LAYERS.pop("registry.open_shelter", None)
