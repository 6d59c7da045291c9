"""SensorThings beyond reading: what a device may change and delete, where it was, filters and arrays of data."""

from collections.abc import Callable
from typing import Any

import frost_sta_client as frost
import pytest
from django.contrib.auth import get_user_model
from django.contrib.gis.geos import Point
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from anlan.accounts.models import Area
from anlan.monitoring.ingest import readings_store
from anlan.monitoring.models import Device, Series, ThresholdRule
from anlan.monitoring.moments import now_ms
from anlan.monitoring.sta.faults import StaError
from anlan.monitoring.sta.filters import Joined, Match, conjunction, where
from anlan.vocab import clock

from .frames import frame
from .sensorthings import ROOT, Caller, fill, token_of

Maker = Callable[..., Device]


def sent(caller: Caller, method: str, path: str, body: Any = None) -> Any:
    act = getattr(caller._client, method)
    words = {"headers": caller._headers}
    return act(ROOT + path, **words) if body is None else act(ROOT + path, body, "application/json", **words)


@pytest.mark.django_db
def test_a_datastream_is_renamed_and_its_unit_is_changed_while_no_reading_is_in_another(
    caller: Caller, tank: Device
) -> None:
    series = Series.objects.get(device=tank)
    path = f"/Datastreams({series.pk})"
    body = sent(caller, "patch", path, {"name": "水位", "unitOfMeasurement": {"symbol": "cm"}}).json()
    assert (body["name"], body["unitOfMeasurement"]["symbol"]) == ("水位", "cm")
    fill(tank, 2)
    refused = sent(caller, "patch", path, {"unitOfMeasurement": {"symbol": "m"}})
    assert (refused.status_code, "cm" in refused.json()["message"]) == (409, True)
    assert sent(caller, "patch", path, {"properties": {"key": "other"}}).status_code == 409
    assert sent(caller, "patch", path, {"name": ""}).status_code == 400
    assert sent(caller, "patch", path, {"colour": "red"}).status_code == 400
    assert sent(caller, "patch", path, body).status_code == 200
    steps = [{"op": "replace", "path": "/name", "value": "库水位"}]
    assert sent(caller, "patch", path, steps).json()["name"] == "库水位"
    unit = [{"op": "replace", "path": "/unitOfMeasurement/symbol", "value": "m"}]
    assert sent(caller, "patch", path, unit).status_code == 409
    assert sent(caller, "patch", path, [{"op": "remove", "path": "/name"}]).status_code == 400
    assert sent(caller, "patch", path, [{"op": "move", "path": "/name", "value": 1}]).status_code == 501


@pytest.mark.django_db
def test_a_place_that_a_person_gave_stays_and_a_vehicle_tells_its_own(caller: Caller, tank: Device) -> None:
    place = {"location": {"type": "Point", "coordinates": [114.4, 22.7]}}
    assert sent(caller, "patch", f"/Locations({tank.pk})", place).status_code == 409
    Device.objects.filter(pk=tank.pk).update(kind="vehicle")
    answer = sent(caller, "patch", f"/Locations({tank.pk})", place)
    assert (answer.status_code, answer.json()["location"]["coordinates"]) == (200, [114.4, 22.7])
    assert sent(caller, "patch", f"/Locations({tank.pk})", {"location": {"type": "Point"}}).status_code == 400


@pytest.mark.django_db
def test_what_the_office_keeps_is_not_changed_and_each_refusal_says_why(
    caller: Caller, tank: Device, device: Maker
) -> None:
    fill(tank, 1)
    key = caller.get("/Observations").json()["value"][0]["@iot.id"]
    assert sent(caller, "patch", f"/Things({tank.pk})", {"name": tank.name}).status_code == 200
    for method, path, status in (
        ("patch", f"/Things({tank.pk})", 409),
        ("delete", f"/Things({tank.pk})", 405),
        ("delete", f"/Sensors({tank.pk})", 405),
        ("delete", f"/Observations('{key}')", 405),
        ("patch", f"/Observations('{key}')", 405),
        ("delete", "/Datastreams", 405),
        ("put", f"/Things({tank.pk})", 409),
        ("patch", f"/Things({device(code='other', protocol='json').pk})", 404),
    ):
        answer = sent(caller, method, path, None if method == "delete" else {"name": "mine"})
        assert (answer.status_code, bool(answer.json()["message"])) == (status, True), (method, path)
        assert status != 405 or answer["Allow"]


@pytest.mark.django_db
def test_a_datastream_is_deleted_only_while_nothing_depends_on_it(caller: Caller, tank: Device) -> None:
    empty, ruled = (Series.objects.create(device=tank, key=key) for key in ("empty", "ruled"))
    ThresholdRule.objects.create(name="x", device=tank, key="ruled", source="x", blue_raise=1, blue_clear=0.5)
    fill(tank, 1)
    full = Series.objects.get(device=tank, key="level")
    found = [sent(caller, "delete", f"/Datastreams({row.pk})").status_code for row in (empty, ruled, full)]
    assert found == [200, 409, 409]
    assert set(Series.objects.values_list("key", flat=True)) == {"ruled", "level"}


@pytest.mark.django_db
def test_a_person_reads_and_does_not_change(tank: Device, area: Area, client: Client) -> None:
    client.force_login(get_user_model().objects.create_user("desk", role="administrator", area=area))
    for method in ("patch", "delete"):
        answer = getattr(client, method)(f"{ROOT}/Things({tank.pk})", "{}", "application/json")
        assert answer.status_code == 403


@pytest.fixture
def car(device: Maker, area: Area, client: Client) -> tuple[Caller, int]:
    """A vehicle with six positions a second apart, and the time of the first."""
    made = device(code="13900000001", protocol="jt808", kind="vehicle", location=None)
    begin = (now_ms() // 1000 - 10) * 1000
    for place in range(6):
        at = begin + 1000 * place
        readings = [("lon", at, 114.3 + place / 100), ("lat", at, 22.6 + place / 100)]
        readings_store(batch=[frame(readings, code=made.code, protocol="jt808")])
    return Caller(client, token_of(made)), begin


@pytest.mark.django_db
def test_where_a_vehicle_was_is_read_in_pages_in_both_orders_with_its_place_then(car: tuple[Caller, int]) -> None:
    caller, begin = car
    thing = Device.objects.get()
    body = caller.get(f"/Things({thing.pk})/HistoricalLocations", top=4, count="true", expand="Locations,Thing").json()
    assert (len(body["value"]), body["@iot.count"]) == (4, 6)
    first = body["value"][0]
    assert first["time"] == clock.write_iso(begin)
    assert first["Locations"][0]["location"]["coordinates"] == [114.3, 22.6]
    assert first["Thing"]["@iot.id"] == thing.pk
    rest = caller._client.get(body["@iot.nextLink"].partition("http://testserver")[2], headers=caller._headers).json()
    assert [one["time"] for one in rest["value"]] == [clock.write_iso(begin + 1000 * place) for place in (4, 5)]
    newest = caller.get("/HistoricalLocations", orderby="time desc", top=1).json()["value"][0]
    assert newest["time"] == clock.write_iso(begin + 5000)
    place = caller._client.get(newest["Locations@iot.navigationLink"], headers=caller._headers).json()["value"][0]
    assert place["location"]["coordinates"] == pytest.approx([114.35, 22.65])
    assert caller._client.get(place["@iot.selfLink"], headers=caller._headers).json() == place
    late = caller.get("/HistoricalLocations", filter=f"time gt {clock.write_iso(begin + 3000)}").json()["value"]
    assert len(late) == 2
    assert caller.get(f"/HistoricalLocations('{thing.pk}:1')").status_code == 404


@pytest.mark.django_db
def test_a_fixed_device_was_where_the_register_put_it(caller: Caller, tank: Device) -> None:
    tank.location = Point(114.5, 22.8, srid=4490)
    tank.save(update_fields=["location"])
    found = caller.get("/HistoricalLocations", expand="Locations").json()["value"]
    told = [one["Locations"][0]["location"]["coordinates"] for one in found]
    assert told == [[114.35, 22.69], [114.5, 22.8]]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("name eq 'a' or name eq 'b'", "ab"),
        ("not (name eq 'a' or name eq 'b')", "c"),
        ("startswith(name,'a') eq true", "a"),
        ("substringof('b',name) or endswith(name,'c')", "bc"),
        ("not contains(name,'a') and name ne 'b'", "c"),
        ("'b' le name", "bc"),
        ("(name eq 'a' or name eq 'b') and (name eq 'b' or name eq 'c')", "b"),
        ("startswith(name,'a') eq false", "bc"),
    ],
)
def test_a_filter_is_read_with_its_brackets_words_and_functions(
    caller: Caller, tank: Device, text: str, keys: str
) -> None:
    Series.objects.all().delete()
    for key in "abc":
        Series.objects.create(device=tank, key=key, name=key)
    found = caller.get("/Datastreams", filter=text, orderby="name", select="name", count="true").json()
    assert "".join(one["name"] for one in found["value"]) == keys
    assert found["@iot.count"] == len(keys)


@pytest.mark.django_db
def test_observations_are_read_as_arrays_of_data(caller: Caller, tank: Device) -> None:
    begin = fill(tank, 3)
    (block,) = caller.get("/Observations", resultFormat="dataArray").json()["value"]
    assert block["components"] == ["id", "phenomenonTime", "result", "resultTime"]
    assert block["dataArray@iot.count"] == 3
    assert [row[2] for row in block["dataArray"]] == [0.0, 1.0, 2.0]
    assert block["dataArray"][0][1] == clock.write_iso(begin)
    assert block["Datastream@iot.navigationLink"].endswith(f"Datastreams({Series.objects.get().pk})")


@pytest.mark.filterwarnings("ignore:furl.pathstr:DeprecationWarning")
def test_an_existing_client_pages_counts_selects_updates_and_deletes(
    live_server: Any, shared_db: None, area: Area, device: Maker
) -> None:
    made = device(code="tank-1", protocol="json", kind="level")
    for number in range(5):
        Series.objects.create(device=made, key=f"level-{number}", name=f"水位{number}", unit="m")
    auth = frost.AuthHandler("tank-1", token_of(made))
    service = frost.SensorThingsService(f"{live_server.url}{ROOT}", auth_handler=auth)
    page = service.datastreams().query().orderby("name", "desc").top(2).skip(1).count().list()
    assert ([one.name for one in page.entities], page.count) == (["水位3", "水位2"], 5)
    assert [one.name for one in page] == ["水位3", "水位2", "水位1", "水位0"]
    (one,) = service.datastreams().query().filter("name eq '水位4'").expand("Thing,Sensor").list().entities
    assert (one.thing.name, one.sensor.metadata) == (made.name, "json")
    one.name = "库水位"
    service.update(one)
    assert Series.objects.get(key="level-4").name == "库水位"
    service.delete(one)
    assert Series.objects.filter(device=made).count() == 4
    (past,) = service.historical_locations().query().expand("Locations").list().entities
    assert past.time is not None


@given(st.text(max_size=60))
def test_any_text_is_a_filter_or_is_refused(text: str) -> None:
    status = 400
    try:
        where(text)
    except StaError as error:
        status = error.status
    assert status in (400, 501)


def test_and_binds_stronger_than_or_and_only_a_conjunction_is_one() -> None:
    found = where("a eq 1 or b eq 2 and startswith(c,'it''s')")
    assert isinstance(found, Joined)
    assert isinstance(found.parts[1], Joined)
    assert found.parts[1].parts[1] == Match(name="c", how="startswith", text="it's")
    assert len(conjunction(where("a eq 1 and (b eq 2 and c eq 3)"))) == 3
    with pytest.raises(StaError, match="joined by"):
        conjunction(found)
