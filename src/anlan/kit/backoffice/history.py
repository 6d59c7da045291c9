"""Who changed what when: masked, in words, and only for rows within one's reach."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from simple_history.admin import SimpleHistoryAdmin
from simple_history.template_utils import HistoricalRecordContextHelper

from anlan.kit.display import as_text
from anlan.kit.entities import Entity
from anlan.kit.masking import filled, mask, masked_fields
from anlan.kit.signals import tell_sensitive_read

RECENT = 9


class WordedChanges(HistoricalRecordContextHelper):
    """Old and new values as a person reads them."""

    masked: frozenset[str] = frozenset()

    def prepare_delta_change_value(self, change: Any, value: Any) -> Any:
        field = self.model._meta.get_field(change.field)
        labels = dict(field.flatchoices) if isinstance(field, models.Field) and field.flatchoices else {}
        text = as_text(labels.get(value, value) if not isinstance(value, list | dict) else value)
        return mask(text) if change.field in self.masked else text or _("(空)")


class HistoryMixin(SimpleHistoryAdmin):
    entity: Entity
    object_history_list_template = "backoffice/history_list.html"

    def _tell_reach(self, request: HttpRequest, object_id: str) -> models.Model:
        row = self.get_object(request, object_id)
        if row is None:
            raise Http404(_("没有这条记录。"))
        open_fields = filled(row, set(self.entity.sensitive) - masked_fields(self.entity, request.user))
        tell_sensitive_read(self.model, user=request.user, ids=[row.pk], fields=open_fields, action="history")
        return row

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        self._tell_reach(request, object_id)
        return super().history_view(request, object_id, extra_context)

    def history_form_view(
        self, request: HttpRequest, object_id: str, version_id: str, extra_context: Any = None
    ) -> HttpResponse:
        row = self._tell_reach(request, object_id)
        if request.method == "POST" and not self.has_change_permission(request, row):
            raise PermissionDenied
        return super().history_form_view(request, object_id, version_id, extra_context)

    def get_historical_record_context_helper(self, request: HttpRequest, historical_record: Any) -> WordedChanges:
        helper = WordedChanges(self.model, historical_record)
        helper.masked = masked_fields(self.entity, request.user)
        return helper

    def recent_records(self, request: HttpRequest, row: models.Model) -> list[Any]:
        history = self.get_history_queryset(request, self.model.history, self.model._meta.pk.name, row.pk)
        records = list(history[:RECENT])
        self.set_history_delta_changes(request, records)
        return records
