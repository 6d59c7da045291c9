"""One ModelAdmin for each declared entity, made from the declaration."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.gis.db.models import GeometryField
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, connection, models
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin

from anlan.kit.backoffice.bulk import BulkMixin
from anlan.kit.backoffice.cells import cell
from anlan.kit.backoffice.changelist import EntityChangeList
from anlan.kit.backoffice.detail import DetailMixin
from anlan.kit.backoffice.forms import EntityForm, form_field
from anlan.kit.backoffice.history import HistoryMixin
from anlan.kit.backoffice.transfer import TransferMixin
from anlan.kit.constraints import sentence_of
from anlan.kit.display import detail_fields
from anlan.kit.entities import Entity, entities, entity_of
from anlan.kit.masking import filled, may_reveal
from anlan.kit.rows import rows_visible
from anlan.kit.signals import tell_sensitive_read

LINK = '<a class="al-link al-link--{}" href="{}">{}</a>'
MANY = 200
"""Above this many choices a related row is found by typing, not in a drop-down."""


class EntityAdmin(DetailMixin, TransferMixin, BulkMixin, ModelAdmin):
    """What every entity's pages share. Subclasses made by `admin_of` carry `entity`."""

    entity: Entity
    form = EntityForm
    change_list_template = "backoffice/change_list.html"
    change_form_template = "backoffice/change_form.html"
    list_max_show_all = 0
    show_full_result_count = False
    list_fullwidth = True
    warn_unsaved_form = False
    actions_on_top = False

    def page(self, row: models.Model | None, name: str) -> str:
        """The address of one of this entity's pages: changelist, add, import, export; detail, change, history, delete."""
        label = f"{self.admin_site.name}:{self.opts.app_label}_{self.opts.model_name}_{name}"
        return reverse(label, args=[row.pk] if row is not None else [])

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[EntityChangeList]:
        return EntityChangeList

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        bulk = [("delete_selected", _("删除所选"), "delete")] if self.has_delete_permission(request) else []
        extra = {"bulk_actions": bulk, "has_import_permission": self.has_import_permission(request)}
        extra["has_bulk_permission"] = self.has_change_permission(request)
        return super().changelist_view(request, extra | (extra_context or {}))

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        rows = rows_visible(self.model, request.user)
        ordering = self.get_ordering(request)
        return rows.order_by(*ordering) if ordering else rows

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """Locks the row while it is being written, so that two writers take turns."""
        if request.method == "POST" and connection.in_atomic_block:
            key = self.model._meta.pk.to_python(object_id) if object_id.isdigit() else None
            self.get_queryset(request).order_by().select_for_update(of=("self",)).filter(pk=key).first()
        return super().get_object(request, object_id, from_field)

    def _get_obj_does_not_exist_redirect(self, request: HttpRequest, opts: Any, object_id: str) -> HttpResponse:
        raise Http404(gettext("没有这条记录。"))

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.entity.changeable and super().has_add_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.entity.changeable and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.entity.changeable and super().has_delete_permission(request, obj)

    @admin.display(description=_("操作"))
    def row_actions(self, row: Any) -> SafeString:
        return format_html('<span class="al-rowlinks">{}</span>', format_html_join("", LINK, row.row_links))

    def row_links_for(self, request: HttpRequest, row: models.Model) -> list[tuple[str, str, Any]]:
        """What this person may do with a row: kind, address, word."""
        links = [("detail", _("查看"), True), ("change", _("编辑"), self.has_change_permission(request, row))]
        links.append(("history", _("历史"), hasattr(self.model, "history")))
        links.append(("delete", _("删除"), self.has_delete_permission(request, row)))
        return [(name, self.page(row, name), word) for name, word, allowed in links if allowed]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        shown = {field.name for field in detail_fields(self.entity)} - set(self.entity.sensitive)
        return [name for name in self.entity.readonly if name in shown] if obj else []

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        writable, readonly = set(self.entity.editable), set(self.get_readonly_fields(request, obj))
        fields = [f for f in detail_fields(self.entity) if f.name in writable | readonly]
        wide = [f.name for f in fields if isinstance(f, GeometryField | models.TextField | models.JSONField)]
        narrow = [f.name for f in fields if f.name not in wide]
        pairs = [tuple(narrow[i : i + 2]) for i in range(0, len(narrow), 2)]
        return [(None, {"fields": [*pairs, *wide]})]

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        made = super().get_form(request, obj, change=change, **kwargs)
        return type(made.__name__, (made,), {"entity": self.entity, "user": request.user})

    def get_autocomplete_fields(self, request: HttpRequest) -> list[str]:
        return [f.name for f in self.model._meta.concrete_fields if self._is_found_by_typing(f, request)]

    def _is_found_by_typing(self, field: Any, request: HttpRequest) -> bool:
        if not isinstance(field, models.ForeignKey) or field.name not in self.entity.editable:
            return False
        target = entity_of(field.related_model)
        opts = field.related_model._meta
        allowed = request.user.has_perm(f"{opts.app_label}.view_{opts.model_name}")
        return bool(
            target
            and target.search
            and allowed
            and rows_visible(field.related_model, request.user)[: MANY + 1].count() > MANY
        )

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> forms.Field | None:
        return form_field(db_field) or super().formfield_for_dbfield(db_field, request, **kwargs)

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        kwargs["queryset"] = rows_visible(db_field.related_model, request.user)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        row = self.get_object(request, object_id)
        if row is None:
            raise Http404(gettext("没有这条记录。"))
        if not self.has_change_permission(request, row):
            return HttpResponseRedirect(self.page(row, "detail"))
        if may_reveal(request.user, self.model):
            fields = filled(row, self.entity.sensitive)
            tell_sensitive_read(self.model, user=request.user, ids=[row.pk], fields=fields, action="form")
        return super().change_view(request, object_id, form_url, extra_context)

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except IntegrityError as error:
            messages.error(request, sentence_of(error, self.model))
            return HttpResponseRedirect(request.get_full_path())

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        obj._history_user = request.user
        super().save_model(request, obj, form, change)
        if not rows_visible(self.model, request.user).filter(pk=obj.pk).exists():
            raise PermissionDenied(gettext("不能把记录移到本人管辖范围之外。"))

    def get_urls(self) -> list[URLPattern]:
        info, wrap = f"{self.opts.app_label}_{self.opts.model_name}", self.admin_site.admin_view
        ours = [
            path("<path:object_id>/detail/", wrap(self.detail_view), name=f"{info}_detail"),
            path("bulk/", wrap(self.bulk_view), name=f"{info}_bulk"),
            path("import/", wrap(self.import_view), name=f"{info}_import"),
            path("import/template/", wrap(self.template_view), name=f"{info}_import_template"),
            path("export/", wrap(self.export_view), name=f"{info}_export"),
        ]
        return ours + super().get_urls()


class HistoryEntityAdmin(HistoryMixin, EntityAdmin):
    """For entities that keep history."""


def admin_of(entity: Entity) -> type[EntityAdmin]:
    """The ModelAdmin class of a declaration."""
    base = HistoryEntityAdmin if hasattr(entity.model, "history") else EntityAdmin
    related = [n for n in entity.columns if isinstance(_field(entity, n), models.ForeignKey)]
    body: dict[str, Any] = {
        "entity": entity,
        "search_fields": entity.search,
        "list_display": [*(f"cell_{name}" for name in entity.columns), "row_actions"],
        "list_select_related": related,
        "list_filter": (),
    } | {f"cell_{name}": cell(entity, name) for name in entity.columns}
    return type(f"{entity.model.__name__}Admin", (base,), body)


def _field(entity: Entity, name: str) -> Any:
    return next((f for f in entity.model._meta.concrete_fields if f.name == name), None)


def register_entities(site: admin.AdminSite) -> None:
    """Registers every entity that its own app has not, and takes away what is not dressed in our look."""
    for model, registered in list(site._registry.items()):
        if not isinstance(registered, ModelAdmin):
            site.unregister(model)
    site.index_template = "backoffice/index.html"
    for entity in entities().values():
        if not site.is_registered(entity.model):
            site.register(entity.model, admin_of(entity))


__all__ = ["EntityAdmin", "admin_of", "register_entities"]
