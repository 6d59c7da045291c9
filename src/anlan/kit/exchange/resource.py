"""The import-export resource of an entity: rows from a sheet, checked as a form would, written in batches."""

from functools import cache
from typing import Any

from django.contrib.gis.db.models import PointField
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext as _
from import_export.resources import ModelResource, modelresource_factory
from simple_history.utils import bulk_create_with_history, bulk_update_with_history

from anlan.kit.entities import Entity
from anlan.kit.exchange.columns import LON
from anlan.kit.exchange.fields import PointSheetField, SheetField
from anlan.kit.exchange.known import KnownRows
from anlan.kit.exchange.related import Related
from anlan.kit.rows import rows_visible

BATCH = 1000


class EntityResource(ModelResource):
    """Made by `resource_of`. `numbers[i]` is the place in the file of the i-th row."""

    entity: Entity

    def __init__(self, *, user: Any, numbers: list[int]) -> None:
        super().__init__()
        self.user, self.numbers, self.current = user, numbers, 0
        self.headers: set[str] = set()
        for name, field in self.fields.items():
            field.guarded = name in self.entity.sensitive
            if isinstance(field.field, models.ForeignKey):
                field.related = Related(field.field, user)

    def before_import(self, dataset: Any, **kwargs: Any) -> None:
        self.headers = set(dataset.headers)
        for field in self.fields.values():
            if field.related and field.column_name in self.headers:
                field.related.fetch(dataset[field.column_name])

    def _check_import_id_fields(self, headers: Any) -> None:
        """Keys may be left out: such rows are new."""

    def before_import_row(self, row: Any, **kwargs: Any) -> None:
        self.current = self.numbers[kwargs["row_number"] - 1]

    def after_init_instance(self, instance: Any, new: bool, row: Any, **kwargs: Any) -> None:
        instance._before = None if new else self._values(instance)

    def _values(self, instance: models.Model) -> list[Any]:
        return [getattr(instance, field.field.attname) for field in self.fields.values()]

    def skip_row(self, instance: Any, original: Any, row: Any, import_validation_errors: Any = None) -> bool:
        return not import_validation_errors and instance._before == self._values(instance)

    def validate_instance(
        self, instance: Any, import_validation_errors: Any = None, validate_unique: bool = True
    ) -> None:
        """As a form would, without asking the database again for what was already looked up."""
        errors = dict(import_validation_errors or {})
        known = {name for name in self.entity.key if len(self.entity.key) == 1}
        related = {name for name, field in self.fields.items() if field.related}
        for check, skip in ((instance.full_clean, related | known), (instance.clean_fields, self._unchecked(known))):
            try:
                check(exclude=set(errors) | skip)
            except ValidationError as error:
                errors = error.update_error_dict(errors)
        if errors:
            raise ValidationError(errors)

    def _unchecked(self, known: set[str]) -> set[str]:
        return {field.name for field in self.entity.model._meta.fields} - known

    def before_save_instance(self, instance: Any, row: Any, **kwargs: Any) -> None:
        instance._history_user = self.user
        instance._change_reason = _("文件导入")

    def after_save_instance(self, instance: Any, row: Any, **kwargs: Any) -> None:
        if not self._meta.use_bulk:
            self._tell_out_of_reach([instance])

    def bulk_create(
        self, using_transactions: bool, dry_run: bool, raise_errors: bool, batch_size: Any = None, result: Any = None
    ) -> None:
        self._write(self.create_instances, raise_errors, result, self._create)

    def bulk_update(
        self, using_transactions: bool, dry_run: bool, raise_errors: bool, batch_size: Any = None, result: Any = None
    ) -> None:
        self._write(self.update_instances, raise_errors, result, self._update)

    def _write(self, rows: list[Any], raise_errors: bool, result: Any, write: Any) -> None:
        try:
            if rows:
                write(rows)
                self._tell_out_of_reach(rows)
        except Exception as error:  # noqa: BLE001 - import-export records any failure of a batch in its result
            self.handle_import_error(result, error, raise_errors)
        finally:
            rows.clear()

    def _create(self, rows: list[Any]) -> None:
        if hasattr(self.entity.model, "history"):
            bulk_create_with_history(rows, self.entity.model, batch_size=BATCH, default_user=self.user)
        else:
            self.entity.model._default_manager.bulk_create(rows, batch_size=BATCH)

    def _update(self, rows: list[Any]) -> None:
        names = [name for name, field in self.fields.items() if field.column_name in self.headers]
        if hasattr(self.entity.model, "history"):
            bulk_update_with_history(rows, self.entity.model, names, batch_size=BATCH, default_user=self.user)
        else:
            self.entity.model._default_manager.bulk_update(rows, names, batch_size=BATCH)

    def _tell_out_of_reach(self, rows: list[Any]) -> None:
        reachable = rows_visible(self.entity.model, self.user).filter(pk__in=[row.pk for row in rows])
        if reachable.count() != len(rows):
            raise ValidationError(_("有记录落在本人管辖范围之外。"))


@cache
def resource_of(entity: Entity) -> type[EntityResource]:
    """The resource class of a declaration. A model with a `save` of its own is saved row by row."""
    fields = {name: _sheet_field(entity.model._meta.get_field(name)) for name in entity.editable}
    options = {
        "fields": tuple(fields),
        "import_id_fields": (),
        "instance_loader_class": KnownRows,
        "use_bulk": entity.model.save is models.Model.save,
        "batch_size": BATCH,
        "skip_diff": True,
        "store_instance": True,
        "clean_model_instances": True,
    }
    made = modelresource_factory(entity.model, EntityResource, meta_options=options, custom_fields=fields)
    made.entity = entity
    return made


def _sheet_field(field: Any) -> SheetField:
    if isinstance(field, PointField):
        return PointSheetField(field, f"{field.name}.{LON}")
    return SheetField(field, field.name)
