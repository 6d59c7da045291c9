"""Import and export pages of an entity."""

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.admin import ModelAdmin
from django.core import signing
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.http import content_disposition_header
from django.utils.timezone import localdate
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from import_export.tmp_storages import TempFolderStorage
from unfold.widgets import UnfoldAdminFileFieldWidget

from anlan.kit.entities import Entity
from anlan.kit.exchange.columns import ID, export_columns, import_columns
from anlan.kit.exchange.exports import FORMATS, rows_export
from anlan.kit.exchange.imports import ImportReport, rows_import
from anlan.kit.exchange.sheets import Sheet, SheetError, sheet_read
from anlan.kit.exchange.template import template_xlsx
from anlan.kit.masking import masked_fields

SHOWN_CELLS = 500
HOUR = 3600
SALT = "anlan.import"


class UploadForm(forms.Form):
    file = forms.FileField(label=gettext_lazy("文件"), widget=UnfoldAdminFileFieldWidget({"accept": ".xlsx,.csv"}))


class TransferMixin(ModelAdmin):  # type: ignore[type-arg]
    entity: Entity

    def has_import_permission(self, request: HttpRequest) -> bool:
        """Rows that are changed by a procedure of their own may still be brought in by a file where that is allowed."""
        name = f"{self.opts.app_label}.{{}}_{self.opts.model_name}"
        return self.entity.importable and all(request.user.has_perm(name.format(verb)) for verb in ("add", "change"))

    def template_view(self, request: HttpRequest) -> HttpResponse:
        if not self.has_import_permission(request):
            raise PermissionDenied
        return _download(template_xlsx(self.entity), _("%(title)s导入模板.xlsx") % {"title": self.entity.title})

    def import_view(self, request: HttpRequest) -> HttpResponse:
        """GET: the upload form. POST with a file: the rehearsal. POST with its token: the import."""
        if not self.has_import_permission(request):
            raise PermissionDenied
        if request.method == "POST" and "token" in request.POST:
            return self._confirmed(request)
        form = UploadForm(request.POST or None, request.FILES or None)
        report, token = None, ""
        if request.method == "POST" and form.is_valid():
            try:
                report, token = self._rehearsed(request, form.cleaned_data["file"])
            except SheetError as error:
                form.add_error("file", str(error))
        return self._import_page(request, form, report, token)

    def _import_page(
        self, request: HttpRequest, form: UploadForm, report: ImportReport | None, token: str
    ) -> HttpResponse:
        context = self.admin_site.each_context(request) | {
            "title": _("导入%(title)s") % {"title": self.entity.title},
            "opts": self.opts,
            "form": form,
            "report": report,
            "shown": report.bad[:SHOWN_CELLS] if report else [],
            "good": report.created + report.updated if report else 0,
            "token": token,
            "columns": import_columns(self.entity),
            "template_url": self.page(None, "import_template"),  # type: ignore[attr-defined]
            "list_url": self.page(None, "changelist"),  # type: ignore[attr-defined]
        }
        return TemplateResponse(request, "backoffice/import.html", context)

    def _rehearsed(self, request: HttpRequest, upload: Any) -> tuple[ImportReport, str]:
        data = upload.read()
        report = rows_import(entity=self.entity, sheet=sheet_read(data, upload.name), user=request.user, rehearse=True)
        storage = TempFolderStorage(read_mode="rb")
        storage.save(data)
        return report, signing.dumps([request.user.pk, storage.name, upload.name], salt=SALT)

    def _confirmed(self, request: HttpRequest) -> HttpResponse:
        try:
            sheet, name = _kept(request)
            partial = request.POST.get("partial") == "1"
            report = rows_import(
                entity=self.entity, sheet=sheet, user=request.user, rehearse=False, partial=partial, name=name
            )
        except SheetError as error:
            form = UploadForm()
            messages.error(request, str(error))
            return self._import_page(request, form, None, "")
        if report.errors or (report.bad and not partial):
            return self._import_page(request, UploadForm(), report, "")
        messages.success(request, _done(report))
        return HttpResponseRedirect(self.page(None, "changelist"))  # type: ignore[attr-defined]

    def export_view(self, request: HttpRequest) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        rows = self.get_changelist_instance(request).queryset
        if picked := [pk for pk in request.POST.getlist("_selected_action") if pk.isdigit()]:
            rows = rows.filter(pk__in=picked)
        if request.method == "POST" and "format" in request.POST:
            return self._exported(request, rows)
        names = {c.field.name: str(c.field.verbose_name) for c in export_columns(self.entity)} | {ID: _("编号")}
        context = self.admin_site.each_context(request) | {
            "title": _("导出%(title)s") % {"title": self.entity.title},
            "opts": self.opts,
            "fields": names.items(),
            "masked": masked_fields(self.entity, request.user),
            "picked": picked,
            "count": rows.count(),
            "list_url": self.page(None, "changelist"),  # type: ignore[attr-defined]
        }
        return TemplateResponse(request, "backoffice/export.html", context)

    def _exported(self, request: HttpRequest, rows: Any) -> HttpResponse:
        kind = request.POST["format"] if request.POST["format"] in FORMATS else "xlsx"
        fields = request.POST.getlist("fields") or None
        data = rows_export(entity=self.entity, rows=rows, user=request.user, fields=fields, kind=kind)
        return _download(data, f"{self.entity.title}-{localdate():%Y%m%d}.{kind}")


def _kept(request: HttpRequest) -> tuple[Sheet, str]:
    """The rehearsed file and its name; raises `SheetError` where it has gone or belongs to another person."""
    try:
        user_id, kept, name = signing.loads(request.POST["token"], salt=SALT, max_age=HOUR)
        if user_id != request.user.pk:
            raise signing.BadSignature
        storage = TempFolderStorage(name=kept, read_mode="rb")
        data = storage.read()
        storage.remove()
    except (signing.BadSignature, OSError):
        raise SheetError(_("试导入的文件已失效,请重新上传。")) from None
    return sheet_read(data, name), name


def _done(report: ImportReport) -> str:
    words = _("导入完成:新增 %(created)d 行,更新 %(updated)d 行,无变化 %(unchanged)d 行。")
    text = words % {"created": report.created, "updated": report.updated, "unchanged": report.unchanged}
    return text + (_("另有 %(bad)d 行有误未导入。") % {"bad": report.bad_rows} if report.bad_rows else "")


def _download(data: bytes, name: str) -> HttpResponse:
    kind = FORMATS[name.rpartition(".")[2]]
    header = content_disposition_header(True, name) or "attachment"
    return HttpResponse(data, content_type=kind, headers={"Content-Disposition": header})
