"""OGC SensorThings 1.1: an existing client creates and reads, and what else the service says."""

import base64
from collections.abc import Callable
from typing import Any

import frost_sta_client as frost
import geojson
import pytest
from django.contrib.auth import get_user_model
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from anlan.accounts.models import Area
from anlan.monitoring.models import Device, LedgerCount, Series
from anlan.monitoring.moments import now_ms
from anlan.monitoring.sta.faults import StaError
from anlan.monitoring.sta.options import options, segments
from anlan.rules import Ledger
from anlan.vocab import clock

from .sensorthings import ROOT, Caller, fill, token_of

DeviceMaker = Callable[..., Device]


@pytest.fixture
def service(live_server: Any, shared_db: None, area: Area, device: DeviceMaker) -> Any:
    """An existing client, connected as a device."""
    made = device(code="tank-1", protocol="json", kind="level", location=None)
    auth = frost.AuthHandler("tank-1", token_of(made))
    return frost.SensorThingsService(f"{live_server.url}{ROOT}", auth_handler=auth)


@pytest.mark.filterwarnings("ignore:furl.pathstr:DeprecationWarning")
def test_an_existing_client_makes_its_thing_writes_and_reads(service: Any) -> None:
    place = frost.Location(
        name="here",
        description="the tank",
        location=geojson.Point((114.4, 22.7)),
        encoding_type="application/geo+json",
    )
    stream = frost.Datastream(
        name="level",
        description="the water's level",
        observation_type="http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_Measurement",
        unit_of_measurement=frost.UnitOfMeasurement(
            name="metre", symbol="m", definition="http://unitsofmeasure.org/ucum.html#m"
        ),
        observed_property=frost.ObservedProperty(
            name="level", definition="http://example.org/level", description="level"
        ),
        sensor=frost.Sensor(name="gauge", description="a gauge", encoding_type="text/plain", metadata="none"),
    )
    thing = frost.Thing(name="tank-1", description="a tank", properties={"code": "tank-1"})
    thing.locations, thing.datastreams = [place], [stream]
    service.create(thing)
    made = Device.objects.get(code="tank-1")
    assert (thing.id, round(made.location.x, 6)) == (made.pk, 114.4)  # type: ignore[union-attr]
    found = service.datastreams().query().filter("id gt 0").list().entities
    assert [one.unit_of_measurement.symbol for one in found] == ["m"]
    begin = now_ms() // 1000 * 1000 - 10_000
    for number in range(5):
        service.create(
            frost.Observation(
                result=number / 2, phenomenon_time=clock.write_iso(begin + 1000 * number), datastream=found[0]
            )
        )
    read = found[0].get_observations().query().orderby("phenomenonTime", "desc").top(2).list()
    assert [one.result for one in read.entities] == [2.0, 1.5]
    everything = [one.result for one in read]
    assert everything == [2.0, 1.5, 1.0, 0.5, 0.0]
    assert LedgerCount.objects.get(source="sta").count == 5
    assert service.observations().find(read.entities[0].id).result == 2.0


@pytest.mark.django_db
def test_the_root_lists_the_collections(caller: Caller) -> None:
    names = {one["name"] for one in caller.get().json()["value"]}
    assert names == {
        "Things", "Locations", "HistoricalLocations", "Datastreams", "Sensors", "ObservedProperties",
        "Observations", "FeaturesOfInterest",
    }  # fmt: skip
    assert all(caller.get(f"/{name}").status_code == 200 for name in names)


@pytest.mark.django_db
def test_every_link_of_every_entity_leads_somewhere(caller: Caller, tank: Device) -> None:
    fill(tank, 3)
    pending, seen = [f"{ROOT}/Things", f"{ROOT}/Observations"], set()
    while pending:
        address = pending.pop()
        if address in seen:
            continue
        seen.add(address)
        answer = caller.get(address.removeprefix(ROOT))
        assert answer.status_code == 200, address
        body = answer.json()
        for entity in body.get("value", [body]):
            links = [value for key, value in entity.items() if key.endswith(("navigationLink", "selfLink"))]
            pending += [link.partition("http://testserver")[2] for link in links]
    assert len(seen) > 20


@pytest.mark.django_db
def test_pages_follow_each_other_until_all_are_read(caller: Caller, tank: Device) -> None:
    fill(tank, 25)
    series = Series.objects.get(device=tank)
    for order, wanted in (("asc", list(range(25))), ("desc", list(range(24, -1, -1)))):
        address, found = f"/Datastreams({series.pk})/Observations?$top=10&$orderby=phenomenonTime%20{order}", []
        pages = 0
        while address:
            body = caller._client.get(ROOT + address, headers=caller._headers).json()
            found += [one["result"] for one in body["value"]]
            address = body.get("@iot.nextLink", "").partition(ROOT)[2]
            pages += 1
        assert (found, pages) == (wanted, 3)


@pytest.mark.django_db
def test_observations_are_narrowed_by_time_and_counted(caller: Caller, tank: Device) -> None:
    begin = fill(tank, 10)
    after, before = clock.write_iso(begin + 3000), clock.write_iso(begin + 6000)
    series = Series.objects.get(device=tank)
    wanted = f"phenomenonTime ge {after} and phenomenonTime lt {before}"
    body = caller.get(f"/Datastreams({series.pk})/Observations", filter=wanted, count="true", top=2).json()
    assert ([one["result"] for one in body["value"]], body["@iot.count"]) == ([3, 4], 3)
    down = caller.get(
        "/Observations", filter=f"{wanted} and Datastream/id eq {series.pk}", orderby="phenomenonTime desc"
    )
    assert [one["result"] for one in down.json()["value"]] == [5, 4, 3]
    key = body["value"][0]["@iot.id"]
    assert caller.get("/Observations", filter=f"id eq '{key}'").json()["value"][0]["result"] == 3


@pytest.mark.django_db
def test_entities_are_expanded_selected_and_filtered(caller: Caller, tank: Device) -> None:
    fill(tank, 3)
    thing = caller.get(
        f"/Things({tank.pk})", expand="Datastreams($expand=Observations($top=1;$orderby=phenomenonTime desc)),Locations"
    ).json()
    assert thing["Datastreams"][0]["Observations"][0]["result"] == 2
    assert thing["Locations"][0]["location"]["coordinates"] == [114.35, 22.69]
    only = caller.get("/Things", select="id,name", filter="properties/code eq 'tank-1'").json()["value"]
    assert only == [{"@iot.id": tank.pk, "name": tank.name}]
    assert caller.get("/Things", filter="name eq 'nobody'").json()["value"] == []
    assert caller.get("/Datastreams", expand="Thing/Locations").json()["value"][0]["Thing"]["Locations"]


@pytest.mark.django_db
def test_an_array_of_data_is_written_in_one_request_and_bad_rows_are_named(caller: Caller, tank: Device) -> None:
    series = Series.objects.get(device=tank)
    times = [clock.write_iso(now_ms() - 1000 * number) for number in (3, 2, 1)]
    rows = [[times[0], 1.0], [times[1], "no number"], [times[2], 3.0], ["never", 4.0]]
    block = {"Datastream": {"@iot.id": series.pk}, "components": ["phenomenonTime", "result"], "dataArray": rows}
    answer = caller.post("/CreateObservations", [block])
    assert answer.status_code == 201
    assert [one == "error" for one in answer.json()] == [False, True, False, True]
    assert caller.get("/Observations").json()["value"][1]["result"] == 3.0


@pytest.mark.django_db
def test_an_observation_may_be_repeated_and_is_one(caller: Caller, tank: Device) -> None:
    series = Series.objects.get(device=tank)
    said = {"result": 1.5, "phenomenonTime": clock.write_iso(now_ms()), "Datastream": {"@iot.id": series.pk}}
    first, again = caller.post("/Observations", said), caller.post(f"/Datastreams({series.pk})/Observations", said)
    assert first.status_code == again.status_code == 201
    assert first["Location"] == again["Location"]
    assert len(caller.get("/Observations").json()["value"]) == 1
    assert caller.post("/Observations", {**said, "result": None, "phenomenonTime": None}).status_code == 201
    states = dict(LedgerCount.objects.filter(source="sta").values_list("state", "count"))
    assert states == {int(Ledger.NORMAL): 1, int(Ledger.DUPLICATE): 1, int(Ledger.NOT_A_NUMBER): 1}


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/Observations", b"{", 400),
        ("/Observations", [], 400),
        ("/Observations", {}, 400),
        ("/Observations", {"result": "warm"}, 400),
        ("/Observations", {"result": 1, "phenomenonTime": "yesterday"}, 400),
        ("/Observations", {"result": 1, "Datastream": {"@iot.id": 987654}}, 403),
        ("/Observations", {"result": 1, "Datastream": "x"}, 400),
        ("/Things", {"name": "somebody else"}, 403),
        ("/Things", {"properties": {"code": "other"}}, 403),
        ("/Datastreams", {"name": "x", "Thing": {"@iot.id": 987654}}, 403),
        ("/Datastreams", {"name": "x" * 61}, 400),
        ("/Sensors", {"name": "x"}, 501),
        ("/Nothing", {}, 404),
        ("/CreateObservations", {"a": 1}, 400),
    ],
)
def test_what_a_device_may_not_write_is_refused_by_its_status(
    caller: Caller, path: str, body: Any, status: int
) -> None:
    answer = caller.post(path, body)
    assert (answer.status_code, answer.json()["code"]) == (status, status)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("path", "said", "status"),
    [
        ("/Things(987654)", {}, 404),
        ("/Things('a')", {}, 404),
        ("/Things(1", {}, 404),
        ("/Observations('1:1')", {}, 404),
        ("/Things/Datastreams", {}, 404),
        ("/Things", {"top": "many"}, 400),
        ("/Things", {"skip": 10**9}, 400),
        ("/Things", {"search": "x"}, 501),
        ("/Things", {"filter": "geo.distance(location,'a') lt 1"}, 501),
        ("/Things", {"filter": "name eq 'a' or"}, 400),
        ("/Things", {"filter": "(" * 30 + "id eq 1"}, 400),
        ("/Things", {"filter": "id add 1 eq 2"}, 400),
        ("/Observations", {"filter": "phenomenonTime gt 2020-01-01T00:00:00Z or id eq '1:1'"}, 501),
        ("/Things", {"filter": "secret eq 1"}, 501),
        ("/Things", {"filter": f"id eq {10**30}"}, 400),
        ("/Things", {"expand": "Secrets"}, 400),
        ("/Things", {"orderby": "name sideways"}, 400),
        ("/Observations", {"filter": "phenomenonTime gt never"}, 400),
        ("/Observations", {"orderby": "result"}, 501),
    ],
)
def test_what_cannot_be_read_is_refused_by_its_status(
    caller: Caller, path: str, said: dict[str, Any], status: int
) -> None:
    answer = caller.get(path, **said)
    assert (answer.status_code, answer.json()["code"]) == (status, status)


@pytest.mark.django_db
def test_a_device_sees_only_its_own_and_a_person_those_of_their_area(
    caller: Caller, tank: Device, device: DeviceMaker, area: Area
) -> None:
    other = device(code="tank-2", protocol="json", kind="level")
    assert [one["@iot.id"] for one in caller.get("/Things").json()["value"]] == [tank.pk]
    assert caller.get(f"/Things({other.pk})").status_code == 404
    person = Client()
    assert person.get(f"{ROOT}/Things").status_code == 401
    person.force_login(get_user_model().objects.create_user("desk", role="duty_officer", area=area))
    seen = {one["@iot.id"] for one in person.get(f"{ROOT}/Things").json()["value"]}
    assert seen == {tank.pk, other.pk}
    assert person.post(f"{ROOT}/Observations", "{}", content_type="application/json").status_code == 403


@pytest.mark.django_db
def test_a_token_may_come_as_a_password_with_the_devices_code(tank: Device, client: Client) -> None:
    token = token_of(tank)

    def status(code: str, password: str) -> int:
        words = base64.b64encode(f"{code}:{password}".encode()).decode()
        return client.get(f"{ROOT}/Things", headers={"Authorization": f"Basic {words}"}).status_code

    assert [status("tank-1", token), status("tank-2", token), status("tank-1", "wrong")] == [200, 401, 401]
    assert client.get(f"{ROOT}/Things", headers={"Authorization": "Basic ?"}).status_code == 401


@given(st.text(max_size=40), st.text(max_size=40))
def test_no_text_breaks_the_reading_of_a_request(path: str, text: str) -> None:
    for work in (lambda: segments(path), lambda: options({"$filter": text}), lambda: options({"$expand": text})):
        status = 400
        try:
            work()
        except StaError as error:
            status = error.status
        assert status in (400, 404, 501)
