"""Milliseconds of lists and tiles in a district of full size, each against a plain rival in the same run.

    python benchmarks/pages.py [--json]

A whole Anlan with `anlan demo --scale 1` answers over HTTP. Rivals: for a list, the same 50 rows by a bare SQL
statement; for a tile, the whole layer's points as GeoJSON, which a page without tiles would have to load; for the list
and the layer of 18,000 cameras likewise. `p95`: of 60 rounds.
"""

import argparse
import http.cookiejar
import json
import re
import sys
import tempfile
import urllib.parse
import urllib.request
from collections.abc import Callable
from pathlib import Path
from statistics import median, quantiles
from time import perf_counter
from typing import Any

import psycopg

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from journeys.server import Anlan, broker

ROUNDS = 15
BARE = "select id, name, credit_code, area_id, industry, employees from registry_enterprise order by id limit 50"
WHOLE = (
    "select json_agg(json_build_object('i', id, 'n', name, 'g', st_asgeojson(location)::json)) from registry_enterprise"
)
CAMERAS = (
    "select c.id, c.name, c.code, c.status, a.name, p.name from monitoring_camera c join accounts_area a on a.id = c.area_id"
    " left join monitoring_videoplatform p on p.id = c.platform_id"
    " order by case c.status when 'offline' then 0 when 'online' then 1 else 2 end, c.name, c.id limit 30"
)
ALL_CAMERAS = "select json_agg(json_build_object('i', id, 'n', name, 's', status, 'g', st_asgeojson(location)::json)) from monitoring_camera"


class Visitor:
    """A logged-in person without a browser."""

    def __init__(self, anlan: Anlan, username: str) -> None:
        jar = http.cookiejar.CookieJar()
        self.base = anlan.url
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', self.get("/login/").decode())
        name, password = anlan.logins[username]
        form = {"csrfmiddlewaretoken": token and token[1], "username": name, "password": password}
        self.opener.open(f"{self.base}/login/", urllib.parse.urlencode(form).encode())

    def get(self, path: str) -> bytes:
        with self.opener.open(self.base + path) as answer:
            return bytes(answer.read())


def milliseconds(act: Callable[[], object]) -> float:
    """Median of several rounds after one that warms up."""
    act()
    taken = []
    for _ in range(ROUNDS):
        start = perf_counter()
        act()
        taken.append((perf_counter() - start) * 1000)
    return median(taken)


def p95(act: Callable[[], object], rounds: int = 60) -> float:
    act()
    taken = []
    for _ in range(rounds):
        start = perf_counter()
        act()
        taken.append((perf_counter() - start) * 1000)
    return quantiles(taken, n=20)[-1]


def cameras(visitor: Visitor, run: Callable[[str], Any]) -> dict[str, float]:
    """Milliseconds of the list and the layer of all cameras."""
    tile = "/map/tiles/monitoring.camera/12/3349/1782.mvt"
    return {
        "cameras_page_ms": milliseconds(lambda: visitor.get("/cameras/")),
        "cameras_page_p95_ms": p95(lambda: visitor.get("/cameras/")),
        "cameras_last_page_ms": milliseconds(lambda: visitor.get("/cameras/?page=600")),
        "cameras_bare_sql_30_ms": milliseconds(lambda: run(CAMERAS).fetchall()),
        "cameras_tile_z12_ms": milliseconds(lambda: visitor.get(tile)),
        "cameras_tile_z12_p95_ms": p95(lambda: visitor.get(tile)),
        "cameras_geojson_ms": milliseconds(lambda: run(ALL_CAMERAS).fetchall()),
    }


def measure(anlan: Anlan) -> dict[str, float]:
    visitor = Visitor(anlan, "admin")
    database = json.loads(anlan.command("manage", "shell", "-v0", "-c", DATABASE).splitlines()[-1])
    with psycopg.connect(**database) as connection:
        run = connection.execute
        return cameras(visitor, run) | {
            "api_list_50_ms": milliseconds(lambda: visitor.get("/api/registry/enterprise?page_size=50")),
            "back_office_list_ms": milliseconds(lambda: visitor.get("/admin/registry/enterprise/")),
            "bare_sql_50_ms": milliseconds(lambda: run(BARE).fetchall()),
            "tile_z11_ms": milliseconds(lambda: visitor.get("/map/tiles/registry.enterprise/11/1674/892.mvt")),
            "tile_z14_ms": milliseconds(lambda: visitor.get("/map/tiles/registry.enterprise/14/13394/7138.mvt")),
            "whole_layer_geojson_ms": milliseconds(lambda: run(WHOLE).fetchall()),
        }


DATABASE = (
    "import json; from django.db import connection as c; p = c.get_connection_params();"
    "print(json.dumps({k: p[k] for k in ('host', 'user', 'dbname')}))"
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, broker(Path(folder)) as mqtt:
        anlan = Anlan(folder=Path(folder), mqtt=mqtt)
        try:
            anlan.demo(1)
            anlan.start()
            figures = measure(anlan)
        finally:
            anlan.stop()
    figures["api_list_to_bare_sql"] = figures["api_list_50_ms"] / figures["bare_sql_50_ms"]
    figures["cameras_page_to_bare_sql"] = figures["cameras_page_ms"] / figures["cameras_bare_sql_30_ms"]
    figures["cameras_tile_to_whole_layer"] = figures["cameras_tile_z12_ms"] / figures["cameras_geojson_ms"]
    figures["tile_to_whole_layer"] = figures["tile_z14_ms"] / figures["whole_layer_geojson_ms"]
    if arguments.json:
        print(json.dumps(figures))
    else:
        print("\n".join(f"{name:28} {value:10.2f}" for name, value in figures.items()))


if __name__ == "__main__":
    main()
