"""Milliseconds of lists and tiles in a district of full size, each against a plain rival in the same run.

    python benchmarks/pages.py [--json] [--only alarms]

A whole Anlan with `anlan demo --scale 1` answers over HTTP. Rivals: for a list, the same 50 rows by a bare SQL
statement; for a tile, the whole layer's points as GeoJSON, which a page without tiles would have to load; for the list
and the layer of 18,000 cameras likewise. `p95`: of 60 rounds. The list of alarms: 5,000 open and 100,000 of the past,
as a page and as what its live refresh asks for; the rival reads the same 30 rows, or all that stand, by bare SQL.
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
from parts import alarm_rows

from journeys.server import Anlan, broker

ROUNDS = 15
STANDING, PAST = 5_000, 100_000
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

    def get(self, path: str, **headers: str) -> bytes:
        asked = urllib.request.Request(self.base + path, headers=headers)
        with self.opener.open(asked) as answer:
            return bytes(answer.read())

    def live(self, path: str) -> bytes:
        """What an open page asks for when there is news."""
        return self.get(path, **{"HX-Request": "true"})


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


def alarms(visitor: Visitor, connection: Any) -> dict[str, float]:
    """Milliseconds of the list of alarms and of its live refresh, closed, listed one by one, and far down."""
    alarm_rows.fill(connection, standing=STANDING, past=PAST)
    run = connection.execute
    found = {
        "alarms_page_ms": milliseconds(lambda: visitor.get("/alarms/")),
        "alarms_page_p95_ms": p95(lambda: visitor.get("/alarms/")),
        "alarms_live_ms": milliseconds(lambda: visitor.live("/alarms/")),
        "alarms_live_p95_ms": p95(lambda: visitor.live("/alarms/")),
        "alarms_rows_live_p95_ms": p95(lambda: visitor.live("/alarms/?view=rows")),
        "alarms_red_live_p95_ms": p95(lambda: visitor.live("/alarms/?level=4")),
        "alarms_page_50_ms": milliseconds(lambda: visitor.get("/alarms/?page=50")),
        "alarms_bare_sql_30_ms": milliseconds(lambda: run(alarm_rows.BARE).fetchall()),
        "alarms_bare_sql_all_ms": milliseconds(lambda: run(alarm_rows.ALL).fetchall()),
    }
    return found | {
        "alarms_live_to_bare_sql_30": found["alarms_live_ms"] / found["alarms_bare_sql_30_ms"],
        "alarms_live_to_bare_sql_all": found["alarms_live_ms"] / found["alarms_bare_sql_all_ms"],
    }


def measure(anlan: Anlan, only: str = "") -> dict[str, float]:
    visitor = Visitor(anlan, "admin")
    database = json.loads(anlan.command("manage", "shell", "-v0", "-c", DATABASE).splitlines()[-1])
    with psycopg.connect(**database) as connection:
        if only == "alarms":
            return alarms(visitor, connection)
        run = connection.execute
        return (
            cameras(visitor, run)
            | alarms(visitor, connection)
            | {
                "api_list_50_ms": milliseconds(lambda: visitor.get("/api/registry/enterprise?page_size=50")),
                "back_office_list_ms": milliseconds(lambda: visitor.get("/admin/registry/enterprise/")),
                "bare_sql_50_ms": milliseconds(lambda: run(BARE).fetchall()),
                "tile_z11_ms": milliseconds(lambda: visitor.get("/map/tiles/registry.enterprise/11/1674/892.mvt")),
                "tile_z14_ms": milliseconds(lambda: visitor.get("/map/tiles/registry.enterprise/14/13394/7138.mvt")),
                "whole_layer_geojson_ms": milliseconds(lambda: run(WHOLE).fetchall()),
            }
        )


DATABASE = (
    "import json; from django.db import connection as c; p = c.get_connection_params();"
    "print(json.dumps({k: p[k] for k in ('host', 'user', 'dbname')}))"
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--only", choices=["alarms"], help="these pages alone, in a small district")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, broker(Path(folder)) as mqtt:
        anlan = Anlan(folder=Path(folder), mqtt=mqtt)
        try:
            anlan.demo(0.02 if arguments.only else 1)
            anlan.start()
            figures = measure(anlan, arguments.only)
        finally:
            anlan.stop()
    if not arguments.only:
        figures |= ratios(figures)
    if arguments.json:
        print(json.dumps(figures))
    else:
        print("\n".join(f"{name:28} {value:10.2f}" for name, value in figures.items()))


def ratios(figures: dict[str, float]) -> dict[str, float]:
    return {
        "api_list_to_bare_sql": figures["api_list_50_ms"] / figures["bare_sql_50_ms"],
        "cameras_page_to_bare_sql": figures["cameras_page_ms"] / figures["cameras_bare_sql_30_ms"],
        "cameras_tile_to_whole_layer": figures["cameras_tile_z12_ms"] / figures["cameras_geojson_ms"],
        "tile_to_whole_layer": figures["tile_z14_ms"] / figures["whole_layer_geojson_ms"],
    }


if __name__ == "__main__":
    main()
