"""Real boundaries come in from files of any of the three datums."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio
import pytest
import shapely
from shapely import MultiPolygon, Polygon, box

from anlan.accounts.models import Area, AuditEntry
from anlan.site.cli import main
from anlan.site.commands import import_boundary
from anlan.vocab.coordinates import Datum, convert

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("prepared")]
S1, S2 = "440310001", "440310002"
WEST = Polygon([(114.30, 22.65), (114.35, 22.65), (114.36, 22.70), (114.35, 22.75), (114.30, 22.75)])
EAST = box(114.35, 22.65, 114.40, 22.75)
Out = pytest.CaptureFixture[str]


@pytest.fixture
def prepared(monkeypatch: pytest.MonkeyPatch) -> None:
    """The test database is up to date already, and its connection must stay open."""
    monkeypatch.setattr(import_boundary, "prepare", lambda: None)


def drawn_in(datum: Datum, shape: Any) -> Any:
    def move(points: Any) -> Any:
        return np.column_stack(convert(points[:, 0], points[:, 1], Datum.CGCS2000, datum))

    return shapely.transform(shape, move)


def write(path: Path, rows: dict[str, Any], *, crs: str = "EPSG:4326", column: str = "code") -> Path:
    """A real file of the format that its suffix names."""
    pyogrio.raw.write(
        str(path),
        geometry=np.array([None if s is None else shapely.to_wkb(s) for s in rows.values()], dtype=object),
        field_data=[np.array(list(rows), dtype=object)],
        fields=np.array([column]),
        geometry_type="Unknown" if path.suffix != ".shp" else "Polygon",
        crs=crs,
        encoding="UTF-8" if path.suffix == ".shp" else None,
    )
    return path


def bring(path: Path, capsys: Out, *words: str) -> tuple[int, dict[str, Any]]:
    code = main(["import-boundary", str(path), "--json", *words])
    out = capsys.readouterr().out
    return code, json.loads(out) if out else {}


def stored(area: Area) -> Any:
    area.refresh_from_db()
    assert area.boundary is not None
    return shapely.from_wkb(bytes(area.boundary.wkb))


@pytest.mark.parametrize("datum", [Datum.WGS84, Datum.GCJ02, Datum.BD09])
@pytest.mark.parametrize("suffix", ["geojson", "gpkg", "shp"])
def test_a_file_of_each_datum_and_format_lands_where_the_area_is(
    areas: dict[str, Area], tmp_path: Path, capsys: Out, datum: Datum, suffix: str
) -> None:
    path = write(tmp_path / f"streets.{suffix}", {S1: drawn_in(datum, WEST), S2: drawn_in(datum, EAST)})
    code, told = bring(path, capsys, "--datum", datum.value.lower(), "--level", "street")
    assert code == 0
    assert told["changed"] == [f"{S1} 区域s1", f"{S2} 区域s2"]
    assert shapely.hausdorff_distance(stored(areas["s1"]), WEST) < 2e-7
    assert areas["s1"].boundary is not None
    assert areas["s1"].boundary.srid == 4490


def test_a_projected_file_is_turned_into_degrees(areas: dict[str, Area], tmp_path: Path, capsys: Out) -> None:
    metres = shapely.transform(box(-2000, 0, 2000, 3000), lambda xy: xy + np.array([38_500_000, 2_510_000]))
    path = write(tmp_path / "streets.gpkg", {S1: metres}, crs="EPSG:4526")
    code, _told = bring(path, capsys, "--datum", "cgcs2000")
    assert code == 0
    middle = stored(areas["s1"]).centroid
    assert (round(middle.x, 6), 22.6 < middle.y < 22.8) == (114.0, True)
    assert bring(path, capsys, "--datum", "gcj02")[0] == 1


def test_names_serve_where_there_is_no_code_and_parts_of_one_name_become_one(
    areas: dict[str, Area], tmp_path: Path, capsys: Out
) -> None:
    features = [
        {"type": "Feature", "properties": {"name": name}, "geometry": shapely.geometry.mapping(shape)}
        for name, shape in [("区域s1", WEST), ("区域s1", box(114.1, 22.1, 114.2, 22.2)), ("别处", EAST)]
    ]
    path = tmp_path / "streets.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    code, told = bring(path, capsys, "--datum", "wgs84", "--level", "street")
    assert code == 1
    assert told["unmatched"] == ["别处"]
    assert told["missing"] == [f"{S2} 区域s2"]
    assert len(stored(areas["s1"]).geoms) == 2


def test_a_name_that_two_areas_share_decides_nothing(areas: dict[str, Area], tmp_path: Path, capsys: Out) -> None:
    Area.objects.filter(level="grid").update(name="一网格")
    path = write(tmp_path / "grids.geojson", {"一网格": WEST}, column="name")
    code, told = bring(path, capsys, "--datum", "wgs84", "--level", "grid")
    assert (code, told["unmatched"]) == (1, ["一网格"])


def test_a_second_import_finds_nothing_to_change(areas: dict[str, Area], tmp_path: Path, capsys: Out) -> None:
    path = write(tmp_path / "streets.geojson", {S1: WEST})
    bring(path, capsys, "--datum", "wgs84")
    code, told = bring(path, capsys, "--datum", "wgs84")
    assert (code, told["changed"], told["unchanged"]) == (0, [], [f"{S1} 区域s1"])


def test_a_dry_run_says_what_would_change_and_changes_nothing(
    areas: dict[str, Area], tmp_path: Path, capsys: Out, new_entries: Callable[[], list[AuditEntry]]
) -> None:
    path = write(tmp_path / "streets.geojson", {S1: WEST})
    before = len(new_entries())
    code, told = bring(path, capsys, "--datum", "wgs84", "--dry-run")
    assert (code, told["changed"], told["dry_run"]) == (0, [f"{S1} 区域s1"], True)
    areas["s1"].refresh_from_db()
    assert areas["s1"].boundary is None
    assert len(new_entries()) == before


def test_an_import_is_audited_as_a_whole_and_area_by_area(
    areas: dict[str, Area], tmp_path: Path, capsys: Out, new_entries: Callable[[], list[AuditEntry]]
) -> None:
    bring(write(tmp_path / "streets.geojson", {S1: WEST, S2: EAST}), capsys, "--datum", "wgs84")
    *changes, whole = new_entries()[-3:]
    assert [(e.action, e.subject_id, list(e.fields)) for e in changes] == [
        ("change", str(areas["s1"].pk), ["boundary"]),
        ("change", str(areas["s2"].pk), ["boundary"]),
    ]
    assert (whole.action, whole.fields["file"], whole.fields["changed"]) == ("import", "streets.geojson", "2")


def test_a_ring_that_crosses_itself_is_mended(areas: dict[str, Area], tmp_path: Path, capsys: Out) -> None:
    bow = Polygon([(114.30, 22.60), (114.40, 22.70), (114.40, 22.60), (114.30, 22.70)])
    bring(write(tmp_path / "streets.geojson", {S1: bow}), capsys, "--datum", "wgs84")
    shape = stored(areas["s1"])
    assert isinstance(shape, MultiPolygon)
    assert shape.is_valid
    assert shape.area == pytest.approx(0.005)


def test_an_area_that_reaches_beyond_its_parent_is_told(areas: dict[str, Area], tmp_path: Path, capsys: Out) -> None:
    rows = {
        S1: WEST,
        "440310001001": box(114.30, 22.65, 114.34, 22.70),
        "440310001002": box(114.33, 22.70, 114.39, 22.75),
    }
    _code, told = bring(write(tmp_path / "areas.geojson", rows), capsys, "--datum", "wgs84")
    assert len(told["warnings"]) == 1
    assert told["warnings"][0].startswith("440310001002 区域c2: ")
    assert told["warnings"][0].endswith("of it lies outside 区域s1")


def test_a_shape_that_is_no_polygon_is_told(areas: dict[str, Area], tmp_path: Path, capsys: Out) -> None:
    rows = {S1: shapely.Point(114.3, 22.6), S2: None}
    code, told = bring(write(tmp_path / "streets.geojson", rows), capsys, "--datum", "wgs84")
    assert code == 1
    assert told["unmatched"] == [f"feature 1 ({S1}): no polygon", f"feature 2 ({S2}): no polygon"]


@pytest.mark.parametrize(
    ("content", "words", "why"),
    [
        ("not a map", (), "cannot be read"),
        ('{"type": "FeatureCollection", "features": []}', (), "no shapes"),
        ("@streets", ("--code-field", "XZQ"), "there is no column XZQ"),
        ("@nameless", (), "no column holds a code or a name"),
        ("@metres", (), "not degrees"),
    ],
)
def test_a_file_that_cannot_be_used_says_why(
    areas: dict[str, Area], tmp_path: Path, capsys: Out, content: str, words: tuple[str, ...], why: str
) -> None:
    path = tmp_path / "file.geojson"
    if content == "@streets":
        write(path, {S1: WEST})
    elif content == "@nameless":
        write(path, {S1: WEST}, column="colour")
    elif content == "@metres":
        path = write(tmp_path / "file.shp", {S1: box(500_000, 2_500_000, 501_000, 2_501_000)})
        path.with_suffix(".prj").unlink()
    else:
        path.write_text(content)
    assert main(["import-boundary", str(path), "--datum", "wgs84", *words]) == 1
    assert why in capsys.readouterr().err


def test_a_missing_file_says_so(capsys: Out) -> None:
    assert main(["import-boundary", "/nowhere/streets.shp", "--datum", "wgs84"]) == 1
    assert "cannot be read" in capsys.readouterr().err
