"""The five operations of an entity: list, get, create, change, delete."""

from typing import Any

from django.core.paginator import Paginator
from django.db import models
from django.db.models import ProtectedError
from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import Status
from ninja.errors import HttpError

from anlan.kit.backoffice.forms import stamp_of
from anlan.kit.entities import Entity
from anlan.kit.masking import filled, masked_fields
from anlan.kit.querying import filterset_of, rows_searched
from anlan.kit.rest.schemas import MAX_SIZE, as_json, labelled
from anlan.kit.rest.writes import Refused, row_write
from anlan.kit.rows import rows_visible
from anlan.kit.signals import tell_sensitive_read


class Operations:
    """One entity's operations."""

    def __init__(self, entity: Entity) -> None:
        self.entity, self.model = entity, entity.model

    def rows(self, request: HttpRequest) -> models.QuerySet[Any]:
        related = [n for n in labelled(self.entity) if isinstance(self.model._meta.get_field(n), models.ForeignKey)]
        return rows_visible(self.model, request.user).select_related(*related)

    def allow(self, request: HttpRequest, verb: str) -> None:
        """Refuses with 403 where the role lacks the verb."""
        opts = self.model._meta
        writable = verb == "view" or self.entity.changeable
        if not (writable and request.user.has_perm(f"{opts.app_label}.{verb}_{opts.model_name}")):
            raise HttpError(403, _("您的角色没有这项权限。"))

    def one(self, request: HttpRequest, pk: int, *, lock: bool = False) -> Any:
        """A row within reach; 404 for any other."""
        rows = self.rows(request).select_for_update(of=("self",)) if lock else self.rows(request)
        row = rows.filter(pk=pk).first()
        if row is None:
            raise HttpError(404, _("没有这条记录。"))
        return row

    def shown(self, request: HttpRequest, row: Any) -> dict[str, Any]:
        """One row as JSON, masked by role; what is shown in full is told. Its stamp may be sent back with a change."""
        masked = masked_fields(self.entity, request.user)
        open_fields = filled(row, sorted(set(self.entity.sensitive) - masked))
        tell_sensitive_read(self.model, user=request.user, ids=[row.pk], fields=open_fields, action="api")
        return as_json(self.entity, row, masked) | {"row_stamp": stamp_of(self.entity, row)}

    def listed(self, request: HttpRequest, query: Any) -> dict[str, Any]:
        self.allow(request, "view")
        filterset = filterset_of(self.entity)(request.GET, queryset=self.rows(request), request=request)
        if not filterset.is_valid():
            raise Refused({name: "".join(errors) for name, errors in filterset.errors.items()})
        rows = rows_searched(self.entity, filterset.qs, query.q or "")
        size = _whole("size", query.size, MAX_SIZE)
        page = Paginator(rows.order_by(*self._order(query.order)), size).get_page(_whole("page", query.page))
        items = [as_json(self.entity, row, frozenset(self.entity.sensitive)) for row in page.object_list]
        return {"total": page.paginator.count, "page": page.number, "size": size, "items": items}

    def _order(self, asked: str | None) -> list[str]:
        name = (asked or "").removeprefix("-")
        known = {field.name for field in self.model._meta.concrete_fields} - set(self.entity.sensitive)
        if asked and name not in known:
            raise Refused({"order": _("不能按这个字段排序。")})
        return [asked, "pk"] if asked else [*(str(name) for name in self.model._meta.ordering or ()), "pk"]

    def got(self, request: HttpRequest, pk: int) -> dict[str, Any]:
        self.allow(request, "view")
        return self.shown(request, self.one(request, pk))

    def created(self, request: HttpRequest, body: Any) -> Any:
        self.allow(request, "add")
        row = row_write(entity=self.entity, user=request.user, body=body.sent())
        return Status(201, self.shown(request, self.one(request, row.pk)))

    def changed(self, request: HttpRequest, pk: int, body: Any) -> dict[str, Any]:
        self.allow(request, "change")
        row = self.one(request, pk, lock=True)
        row_write(entity=self.entity, user=request.user, body=body.sent(), row=row)
        return self.shown(request, self.one(request, pk))

    def deleted(self, request: HttpRequest, pk: int) -> Any:
        self.allow(request, "delete")
        row = self.one(request, pk)
        row._history_user = request.user
        try:
            row.delete()
        except ProtectedError:
            raise Refused({"__all__": _("仍被其他记录引用,不能删除。")}) from None
        return Status(204, None)


def _whole(name: str, text: str, most: int = 10**9) -> int:
    """A whole number from 1 to `most`."""
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= most):
        raise Refused({name: _("应为 1 到 %(most)d 的整数。") % {"most": most}})
    return int(text)
