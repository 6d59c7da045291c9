"""Puts the operations of an entity on a router, described for OpenAPI."""

from collections.abc import Callable
from typing import Any

from django.db import transaction
from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import Body, Query, Router, Status

from anlan.kit.entities import Entity
from anlan.kit.rest.operations import Operations
from anlan.kit.rest.schemas import Problem, in_schema, out_schema, page_schema, query_schema
from anlan.kit.rest.writes import Refused

FAULTS = {403: Problem, 404: Problem, 422: Problem}
ONE = "{int:pk}"
View = Callable[..., Any]
QUERY: Any = Query(...)  # type: ignore[type-arg]
BODY: Any = Body(...)  # type: ignore[type-arg]


def attach(router: Router, entity: Entity) -> None:
    """Adds `/<part>/<model>/` (GET, POST) and `/<part>/<model>/{pk}` (GET, PATCH, DELETE)."""
    opts = entity.model._meta
    for path, method, view, response, name, word in _table(entity):
        router.add_api_operation(
            f"/{opts.app_label}/{opts.model_name}/{path}",
            [method],
            view,
            response=response | FAULTS,
            by_alias=True,
            operation_id=f"{opts.app_label}_{opts.model_name}_{name}",
            summary=f"{entity.title}:{word}",
            description=(entity.model.__doc__ or "").strip(),
            tags=[f"{opts.app_label}/{opts.model_name}"],
        )


def _table(entity: Entity) -> list[tuple[str, str, View, dict[int, Any], str, str]]:
    """Path, method, view, answers, name and word of each operation."""
    done, out = Operations(entity), out_schema(entity)
    reading: list[tuple[str, str, View, dict[int, Any], str, str]] = [
        ("", "GET", _list(done), {200: page_schema(entity, out)}, "list", _("列表")),
        (ONE, "GET", _get(done), {200: out}, "get", _("查看")),
    ]
    if not entity.changeable:
        return reading
    return [
        *reading,
        ("", "POST", _create(done), {201: out}, "create", _("新增")),
        (ONE, "PATCH", _change(done), {200: out}, "change", _("修改")),
        (ONE, "DELETE", _delete(done), {204: None}, "delete", _("删除")),
    ]


def _answered(run: View, *arguments: Any) -> Any:
    """Runs in one transaction; what was refused becomes a 422 with a sentence a field."""
    try:
        with transaction.atomic():
            return run(*arguments)
    except Refused as refusal:
        return Status(422, {"detail": str(refusal), "errors": refusal.errors})


def _list(done: Operations) -> View:
    def view(request: HttpRequest, query: Any = QUERY) -> Any:
        return _answered(done.listed, request, query)

    return _typed(view, query=query_schema(done.entity))


def _get(done: Operations) -> View:
    def view(request: HttpRequest, pk: int) -> Any:
        return done.got(request, pk)

    return view


def _create(done: Operations) -> View:
    def view(request: HttpRequest, body: Any = BODY) -> Any:
        return _answered(done.created, request, body)

    return _typed(view, body=in_schema(done.entity, partial=False))


def _change(done: Operations) -> View:
    def view(request: HttpRequest, pk: int, body: Any = BODY) -> Any:
        return _answered(done.changed, request, pk, body)

    return _typed(view, body=in_schema(done.entity, partial=True))


def _delete(done: Operations) -> View:
    def view(request: HttpRequest, pk: int) -> Any:
        return _answered(done.deleted, request, pk)

    return view


def _typed(view: View, **types: Any) -> View:
    """Gives parameters the schemas that were made for this entity."""
    view.__annotations__.update(types)
    return view
