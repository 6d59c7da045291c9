"""Layers as data: who sees which rows, what is sent again, what is never sent."""

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pyogrio.raw
import pytest
from django.db.models import CharField, F, Value
from django.test import Client
from map_rows import enterprises, shelter

from anlan.accounts.models import User
from anlan.kit import layers as kit_layers
from anlan.kit.layers import Layer
from anlan.onemap.drawing import Tile, tile
from anlan.onemap.selectors import layer_of
from anlan.registry.models import Shelter, Team

pytestmark = pytest.mark.django_db

Browse = Callable[[User], Client]
Person = Callable[..., User]
SHELTERS = "/map/layers/registry.shelter.geojson"
OVER_THE_EAST = (11, 1674, 891)


def features(client: Client, address: str = SHELTERS) -> list[dict[str, Any]]:
    return json.loads(client.get(address).content)["features"]


def decoded(content: bytes, folder: Path) -> dict[str, list[Any]]:
    """The attributes of a tile's features, read by another program's decoder."""
    (folder / "one.mvt").write_bytes(content)
    meta, _index, _geometry, columns = pyogrio.raw.read(folder / "one.mvt", layer="rows")
    return dict(zip(meta["fields"], columns, strict=True))


def catalogue(client: Client) -> dict[str, Any]:
    return {layer["key"]: layer for layer in client.get("/map/layers.json").json()["layers"]}


def test_a_feature_has_its_place_its_words_and_its_colour(
    district: SimpleNamespace, person: Person, browse: Browse
) -> None:
    row = shelter(district.east, status="open")
    (feature,) = features(browse(person(district.whole)))
    assert feature["id"] == row.pk
    assert feature["geometry"] == {"type": "Point", "coordinates": [114.41, 22.65]}
    assert feature["properties"]["_label"] == "中心小学避难场所"
    assert feature["properties"]["_colour"] == "green"
    assert feature["properties"]["capacity"] == 300


def test_a_person_of_another_sub_district_does_not_see_the_row(
    district: SimpleNamespace, person: Person, browse: Browse
) -> None:
    row = shelter(district.east)
    theirs, other = browse(person(district.east)), browse(person(district.west))
    assert len(features(theirs)) == 1
    assert features(other) == []
    assert catalogue(other)["registry.shelter"]["count"] == 0
    assert other.get(f"/map/object/registry.shelter/{row.pk}/").status_code == 404
    assert "中心小学" not in other.get("/map/layers/registry.shelter/").content.decode()
    assert other.get("/map/search.json?q=中心").json()["found"] == []


def test_a_tile_holds_the_persons_own_rows_only(district: SimpleNamespace, person: Person) -> None:
    shelter(district.east)
    at = Tile(z=OVER_THE_EAST[0], x=OVER_THE_EAST[1], y=OVER_THE_EAST[2])
    seen = layer_of(person(district.east), "registry.shelter")
    unseen = layer_of(person(district.west), "registry.shelter")
    assert seen
    assert unseen
    assert "中心小学避难场所".encode() in tile(seen, at)
    assert tile(unseen, at) == b""


def test_an_area_is_drawn_by_its_border_for_every_role(
    district: SimpleNamespace, person: Person, browse: Browse
) -> None:
    client = browse(person(district.whole, "community"))
    drawn = features(client, "/map/layers/accounts.area.geojson")
    assert [f["properties"]["name"] for f in drawn] == ["坪山区", "坪山街道", "马峦街道"]
    assert drawn[0]["geometry"]["type"] == "MultiPolygon"
    assert client.get("/map/layers.json").json()["bounds"] == pytest.approx([114.3, 22.6, 114.5, 22.8])


def test_a_role_without_the_grant_does_not_get_the_layer(
    district: SimpleNamespace, person: Person, browse: Browse
) -> None:
    leader = browse(person(district.whole, "team_leader"))
    assert "monitoring.device" not in catalogue(leader)
    assert leader.get("/map/layers/monitoring.device.geojson").status_code == 404


def test_unchanged_rows_are_not_sent_again_and_changed_rows_are(
    district: SimpleNamespace, person: Person, browse: Browse
) -> None:
    row, client = shelter(district.east), browse(person(district.whole))
    etag = client.get(SHELTERS).headers["ETag"]
    again = client.get(SHELTERS, headers={"If-None-Match": etag})
    assert again.status_code == 304
    assert again.content == b""
    row.occupancy = 5
    row.save()
    assert client.get(SHELTERS, headers={"If-None-Match": etag}).status_code == 200


def test_data_travels_compressed(district: SimpleNamespace, person: Person, browse: Browse) -> None:
    for i in range(5):
        shelter(district.east, name=f"第{i}避难场所")
    answer = browse(person(district.whole)).get(SHELTERS, headers={"Accept-Encoding": "gzip"})
    assert answer.headers["Content-Encoding"] == "gzip"
    assert len(json.loads(gzip.decompress(answer.content))["features"]) == 5


def test_above_ten_thousand_features_a_layer_comes_as_tiles(
    district: SimpleNamespace, person: Person, browse: Browse, tmp_path: Path
) -> None:
    enterprises(district.east, 10_000)
    client, key = browse(person(district.whole)), "registry.enterprise"
    assert catalogue(client)[key]["mode"] == "geojson"
    assert len(features(client, f"/map/layers/{key}.geojson")) == 10_000
    enterprises_more(district)
    assert catalogue(client)[key]["mode"] == "tiles"
    refused = client.get(f"/map/layers/{key}.geojson")
    assert refused.status_code == 400
    assert "矢量瓦片" in refused.json()["error"]
    gathered = client.get(f"/map/tiles/{key}/11/1674/891.mvt").content
    single = client.get(f"/map/tiles/{key}/15/26801/14266.mvt").content
    assert len(gathered) < 50_000
    gathered_counts = decoded(gathered, tmp_path)["point_count"]
    assert 1000 < sum(gathered_counts) < 10_001
    assert "第" in decoded(single, tmp_path)["_label"][0]
    assert "point_count" not in decoded(single, tmp_path)


def enterprises_more(district: SimpleNamespace) -> None:
    from anlan.registry.models import Enterprise

    row = Enterprise.objects.first()
    assert row
    row.pk, row.credit_code = None, "9" * 18
    row.save()


def test_a_tile_is_not_sent_again_and_an_empty_one_is_empty(
    district: SimpleNamespace, person: Person, browse: Browse
) -> None:
    shelter(district.east)
    client = browse(person(district.whole))
    address = "/map/tiles/registry.shelter/{}/{}/{}.mvt"
    answer = client.get(address.format(*OVER_THE_EAST))
    assert answer.content
    etag = answer.headers["ETag"]
    assert client.get(address.format(*OVER_THE_EAST), headers={"If-None-Match": etag}).status_code == 304
    assert client.get(address.format(11, 0, 0)).content == b""


def test_sensitive_fields_are_nowhere(district: SimpleNamespace, person: Person, browse: Browse) -> None:
    row = shelter(district.east)
    layer = Layer(
        key="secret",
        title="避难场所联系人",
        symbol="person",
        label="manager_phone",
        colour_by="manager_phone",
        properties=("name", "manager_phone", "disguised"),
        rows=lambda user: Shelter.objects.visible_to(user).annotate(disguised=F("manager_phone")),
    )
    kit_layers.layer(layer)
    try:
        client = browse(person(district.whole))
        pages = [
            client.get("/map/layers.json"),
            client.get("/map/layers/secret.geojson"),
            client.get("/map/tiles/secret/{}/{}/{}.mvt".format(*OVER_THE_EAST)),
            client.get("/map/layers/secret/"),
            client.get(f"/map/object/secret/{row.pk}/"),
            client.get("/map/layers/secret/?q=13800000001"),
            client.get("/map/search.json?q=13800000001"),
        ]
        assert [p.status_code for p in pages] == [200] * 7
        assert not any(b"13800000001" in p.content for p in pages[:5])
        assert not any("中心小学".encode() in p.content for p in pages[5:])
        assert not any(b"disguised" in p.content or b"manager_phone" in p.content for p in pages)
    finally:
        kit_layers._LAYERS.pop("secret")


def test_a_declared_layer_may_draw_annotations_and_related_places(
    district: SimpleNamespace, person: Person, browse: Browse
) -> None:
    from anlan.registry.models import Person

    team = Team.objects.create(
        area=district.east, name="综合救援一队", discipline="comprehensive", location=shelter(district.east).location
    )
    Person.objects.create(area=district.east, name="李强", kind="team_member", team=team)
    layer = Layer(
        key="members",
        title="队员位置",
        symbol="person",
        geometry="team__location",
        properties=("name", "team__name", "duty"),
        rows=lambda user: Person.objects.visible_to(user).annotate(duty=Value("值守", output_field=CharField("职责"))),
    )
    kit_layers.layer(layer)
    try:
        client = browse(person(district.whole))
        (feature,) = features(client, "/map/layers/members.geojson")
        assert feature["properties"]["team__name"] == "综合救援一队"
        table = client.get("/map/layers/members/").content.decode()
        assert "职责" in table
        assert "值守" in table
        card = client.get(f"/map/object/members/{feature['id']}/").content.decode()
        assert "114.410000" in card
    finally:
        kit_layers._LAYERS.pop("members")


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/map/layers/no.such.geojson", 404),
        ("/map/layers/no.such/", 404),
        ("/map/tiles/no.such/1/0/0.mvt", 404),
        ("/map/object/no.such/1/", 404),
        ("/map/object/registry.shelter/999999/", 404),
        ("/map/tiles/registry.shelter/23/0/0.mvt", 400),
        ("/map/tiles/registry.shelter/1/2/0.mvt", 400),
        ("/map/tiles/registry.shelter/1/0/2.mvt", 400),
        ("/map/tiles/registry.shelter/1/-1/0.mvt", 404),
        ("/map/layers/registry.shelter/?page=nonsense", 200),
    ],
)
def test_a_wrong_address_is_a_clear_answer(
    district: SimpleNamespace, person: Person, browse: Browse, address: str, status: int
) -> None:
    assert browse(person(district.whole)).get(address).status_code == status


@pytest.mark.parametrize("address", ["/map/", "/map/layers.json", SHELTERS, "/map/layers/registry.shelter/"])
def test_nobody_sees_the_map_without_logging_in(db: None, address: str) -> None:
    answer = Client().get(address)
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith("/login/")


def test_the_table_twin_has_the_layers_rows_in_words_and_can_be_searched(
    district: SimpleNamespace, person: Person, browse: Browse
) -> None:
    row = shelter(district.east, status="full")
    shelter(district.west, name="体育馆避难场所")
    client = browse(person(district.whole))
    page = client.get("/map/layers/registry.shelter/").content.decode()
    assert "中心小学避难场所" in page
    assert "已满" in page
    assert f"?focus=registry.shelter:{row.pk}" in page
    found = client.get("/map/layers/registry.shelter/?q=体育馆").content.decode()
    assert "体育馆避难场所" in found
    assert "中心小学避难场所" not in found


def test_the_table_twin_turns_its_pages(district: SimpleNamespace, person: Person, browse: Browse) -> None:
    enterprises(district.east, 120)
    client = browse(person(district.whole))
    address = "/map/layers/registry.enterprise/"
    assert "第 1 / 3 页" in client.get(address).content.decode()
    assert "第119厂" in client.get(f"{address}?page=3").content.decode()


def test_the_catalogue_says_what_each_colour_means(district: SimpleNamespace, person: Person, browse: Browse) -> None:
    described = catalogue(browse(person(district.whole)))
    assert described["registry.shelter"]["legend"][1] == {"value": "open", "colour": "green", "words": "已启用"}
    assert described["monitoring.device"]["legend"][4] == {"value": "4", "colour": "red", "words": "红色"}
    assert described["registry.enterprise"]["legend"][0]["words"] == "重点监管:是"
    assert described["registry.place"]["legend"][0] == {"value": "school", "colour": "kind1", "words": "学校"}
    assert [p["label"] for p in described["registry.shelter"]["properties"]][:2] == ["名称", "类型"]
