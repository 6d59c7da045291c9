"""The detail page: every field in words, the last changes, and what may be done."""

from typing import Any

from django.contrib.admin import ModelAdmin
from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

from anlan.kit.display import detail_fields, label_of, shown_masked
from anlan.kit.entities import Entity
from anlan.kit.masking import filled, masked_fields
from anlan.kit.signals import tell_sensitive_read

RECENT = 8


class DetailMixin(ModelAdmin):  # type: ignore[type-arg]
    entity: Entity

    def detail_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row = self.get_object(request, object_id)
        if row is None:
            raise Http404(_("没有这条记录。"))
        if not self.has_view_permission(request, row):
            raise PermissionDenied
        masked = masked_fields(self.entity, request.user)
        open_fields = filled(row, set(self.entity.sensitive) - masked)
        tell_sensitive_read(self.model, user=request.user, ids=[row.pk], fields=open_fields, action="detail")
        context = self.admin_site.each_context(request) | {
            "title": str(row),
            "original": row,
            "opts": self.opts,
            "entity": self.entity,
            "facts": self._facts(row, masked),
            "records": self.recent_records(request, row)[:RECENT],
            "pages": self._pages(request, row),
        }
        return TemplateResponse(request, "backoffice/detail.html", context)

    def _facts(self, row: models.Model, masked: frozenset[str]) -> list[dict[str, Any]]:
        return [
            {
                "label": label_of(self.model, field.name),
                "text": shown_masked(self.entity, row, field.name, masked),
                "masked": field.name in masked and bool(filled(row, [field.name])),
            }
            for field in detail_fields(self.entity)
        ]

    def _pages(self, request: HttpRequest, row: models.Model) -> dict[str, str]:
        allowed = {
            "change": self.has_change_permission(request, row),
            "history": hasattr(self.model, "history"),
            "delete": self.has_delete_permission(request, row),
        }
        found = {name: self.page(row, name) for name, yes in allowed.items() if yes}  # type: ignore[attr-defined]
        return found | {"changelist": self.page(None, "changelist")}  # type: ignore[attr-defined]

    def recent_records(self, request: HttpRequest, row: models.Model) -> list[Any]:
        """The last changes; none for entities without history."""
        return []
