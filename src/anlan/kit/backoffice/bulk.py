"""One change for many rows: states, kinds and belongings of the rows that were picked."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.admin import ModelAdmin
from django.core.exceptions import PermissionDenied
from django.db import models, transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

from anlan.kit.entities import Entity
from anlan.kit.rest.writes import Refused, row_write
from anlan.kit.rows import rows_visible

MANY = 200
TOLD = 10
PICKED = "_selected_action"


def bulk_form(entity: Entity, user: Any) -> type[forms.Form]:
    """A form with every field of few choices; an empty one stays as it is."""
    fields = [entity.model._meta.get_field(name) for name in entity.editable if name not in entity.sensitive]
    made = {f.name: field for f in fields if (field := _field(f, user)) is not None}
    return type(f"{entity.model.__name__}Bulk", (forms.Form,), made)


def _field(field: Any, user: Any) -> forms.Field | None:
    kept, label = _("(不修改)"), field.verbose_name
    if isinstance(field, models.ForeignKey):
        rows = rows_visible(field.related_model, user)
        few = len(rows[: MANY + 1].values("pk")) <= MANY
        return forms.ModelChoiceField(rows, required=False, label=label, empty_label=kept) if few else None
    if field.unique or not (field.flatchoices or isinstance(field, models.BooleanField)):
        return None
    choices = field.flatchoices or [("1", _("是")), ("0", _("否"))]
    return forms.ChoiceField(choices=[("", kept), *choices], required=False, label=label)


class BulkMixin(ModelAdmin):  # type: ignore[type-arg]
    entity: Entity

    def bulk_view(self, request: HttpRequest) -> HttpResponse:
        """POST from a list: asks what to change. POST with `apply`: changes all picked rows or none."""
        if not self.has_change_permission(request):
            raise PermissionDenied
        back = HttpResponseRedirect(self.page(None, "changelist"))  # type: ignore[attr-defined]
        picked = [pk for pk in request.POST.getlist(PICKED) if pk.isdigit()]
        rows = rows_visible(self.model, request.user).filter(pk__in=picked)
        form = bulk_form(self.entity, request.user)(request.POST if "apply" in request.POST else None)
        if not picked:
            messages.warning(request, _("请先勾选要修改的记录。"))
            return back
        if form.is_bound and form.is_valid() and self._applied(request, rows, form):
            return back
        context = self.admin_site.each_context(request) | {
            "title": _("批量修改%(title)s") % {"title": self.entity.title},
            "opts": self.opts,
            "form": form,
            "picked": picked,
            "count": len(rows),
            "list_url": back.url,
        }
        return TemplateResponse(request, "backoffice/bulk.html", context)

    def _applied(self, request: HttpRequest, rows: models.QuerySet[Any], form: forms.Form) -> bool:
        body = {name: _sent(self.entity, name, value) for name, value in form.cleaned_data.items() if value}
        faults: list[str] = []
        with transaction.atomic():
            for row in rows.select_for_update(of=("self",)) if body else ():
                try:
                    row_write(entity=self.entity, user=request.user, body=body, row=row)
                except Refused as refusal:
                    faults += [f"{row}:{sentence}" for sentence in refusal.errors.values()]
            transaction.set_rollback(bool(faults))
        for fault in faults[:TOLD]:
            messages.error(request, fault)
        if not faults:
            messages.success(request, _("已修改 %(n)d 条。") % {"n": len(rows) if body else 0})
        return not faults


def _sent(entity: Entity, name: str, value: Any) -> Any:
    if isinstance(entity.model._meta.get_field(name), models.BooleanField):
        return value == "1"
    return value.pk if isinstance(value, models.Model) else value
