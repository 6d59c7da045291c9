"""The service under /sta/v1.1/: one view, since everything is a path of entities."""

import json
from typing import Any

from django.db import OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt

from anlan.monitoring.sta.changing import change, remove
from anlan.monitoring.sta.entities import KINDS
from anlan.monitoring.sta.faults import StaError
from anlan.monitoring.sta.options import Options, options, segments
from anlan.monitoring.sta.reading import Speaker, follow
from anlan.monitoring.sta.who import Who, who_asks
from anlan.monitoring.sta.writing import create, create_many
from anlan.monitoring.store import StoreError

ROOT = "/sta/v1.1"
LARGEST = 1_000_000
CONFORMANCE = [
    "http://www.opengis.net/spec/iot_sensing/1.1/req/datamodel",
    "http://www.opengis.net/spec/iot_sensing/1.1/req/resource-path/resource-path-to-entities",
    "http://www.opengis.net/spec/iot_sensing/1.1/req/data-array/data-array",
]


@csrf_exempt
@never_cache
def service(request: HttpRequest, path: str = "") -> HttpResponse:
    """Persons read by their session and never write, so no forged form can; devices write by their token."""
    try:
        return _serve(request, path.strip("/"))
    except StaError as error:
        said = {"code": error.status, "type": "error", "message": error.message}
        answer = JsonResponse(said, status=error.status)
        if error.allow:
            answer["Allow"] = error.allow
        if error.status == 401:
            answer["WWW-Authenticate"] = 'Bearer realm="anlan", Basic realm="anlan"'
        return answer
    except StoreError as error:
        return JsonResponse(
            {"code": 500, "type": "error", "message": f"stored readings are damaged: {error}"}, status=500
        )
    except OperationalError:
        said = {"code": 503, "type": "error", "message": "nothing was stored, send it again"}
        return JsonResponse(said, status=503)


def _serve(request: HttpRequest, path: str) -> HttpResponse:
    base = request.build_absolute_uri(ROOT)
    who = who_asks(request)
    if request.method == "POST":
        return _post(request, who, path, base)
    if request.method in ("PATCH", "PUT", "DELETE"):
        return _change(request, who, path, base)
    if request.method not in ("GET", "HEAD"):
        raise StaError(405, f"{request.method} is not served", allow="GET, POST, PATCH, PUT, DELETE")
    if not path:
        return JsonResponse(_root(base))
    said = request.GET.dict()
    asked = options({key: str(value) for key, value in said.items()})
    found = follow(who, segments(path))
    speaker = Speaker(who, base)
    return JsonResponse(speaker.answer(found, asked, f"{base}/{path}", {k: str(v) for k, v in said.items()}))


def _root(base: str) -> dict[str, Any]:
    return {
        "value": [{"name": name, "url": f"{base}/{name}"} for name in KINDS],
        "serverSettings": {"conformance": CONFORMANCE},
    }


def _body(request: HttpRequest) -> tuple[Any, bytes]:
    if int(request.headers.get("Content-Length") or 0) > LARGEST:
        raise StaError(413, f"at most {LARGEST} bytes")
    try:
        return json.loads(request.body), request.body
    except (ValueError, RecursionError) as error:
        raise StaError(400, f"no JSON: {error}"[:200]) from error


def _change(request: HttpRequest, who: Who, path: str, base: str) -> HttpResponse:
    """The entity as it is now, or nothing where it is no more."""
    device, found = who.writer(), follow(who, segments(path))
    if request.method == "DELETE":
        remove(device, found)
        return HttpResponse(status=200)
    change(device, found, _body(request)[0])
    return JsonResponse(Speaker(who, base).answer(follow(who, segments(path)), Options(), "", {}))


def _post(request: HttpRequest, who: Who, path: str, base: str) -> HttpResponse:
    device = who.writer()
    said, raw = _body(request)
    speaker = Speaker(who, base)
    if path == "CreateObservations":
        links = create_many(device, said, raw)
        return JsonResponse([speaker.link(*one) if one else "error" for one in links], safe=False, status=201)
    found = follow(who, segments(path))
    if found.one:
        raise StaError(405, "an entity is made in its collection", allow="GET, PATCH, DELETE")
    kind, key = create(device, found, said, raw)
    made = follow(who, segments(f"{kind}('{key}')" if isinstance(key, str) else f"{kind}({key})"))
    answer = JsonResponse(_made(speaker, made, kind, key), status=201)
    answer["Location"] = speaker.link(kind, key)
    return answer


def _made(speaker: Speaker, made: Any, kind: str, key: Any) -> dict[str, Any]:
    """The entity; of an Observation that was not kept as a measurement only who it is."""
    try:
        return speaker.answer(made, Options(), "", {})
    except StaError:
        return {"@iot.id": key, "@iot.selfLink": speaker.link(kind, key)}
