"""Every change of a declared entity, and of a person's account, leaves an entry in the audit log.

Rows saved and deleted one by one are noticed here; many are written with `rows_create` and `rows_change`. A bare
`bulk_create` or `QuerySet.update` sends no signal: who uses them for a person's work calls `audit_record` once for the
whole load.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import wraps
from typing import Any, TypeAlias

from django.contrib.gis.geos import GEOSGeometry, Point
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models, transaction
from django.db.models.signals import post_delete, post_save, pre_save
from django.utils.crypto import salted_hmac

from anlan.accounts.acting import actor_now, actor_of
from anlan.accounts.audit import Action, audit_record, audit_record_rows
from anlan.accounts.models import AuditEntry, User
from anlan.kit.entities import entities, entity_of
from anlan.kit.signals import rows_exported, rows_imported, sensitive_read

LONGEST = 500
"""Longer texts are cut, with the keyed hash of the whole behind them."""

_ACCOUNT_SENSITIVE = ("password",)
_ACCOUNT_QUIET = ("last_login",)

State: TypeAlias = dict[str, str | None]
Fields: TypeAlias = "list[models.Field[Any, Any]]"


def audited(model: type[models.Model]) -> bool:
    return model is not AuditEntry and entity_of(model) is not None


def connect() -> None:
    """Called once when the apps are ready."""
    for declared in entities().values():
        _make_whole(declared.model)
    pre_save.connect(_before_save, dispatch_uid="audit_before_save")
    post_save.connect(_after_save, dispatch_uid="audit_after_save")
    post_delete.connect(_after_delete, dispatch_uid="audit_after_delete")
    sensitive_read.connect(_after_read, dispatch_uid="audit_after_read")
    rows_exported.connect(_after_export, dispatch_uid="audit_after_export")
    rows_imported.connect(_after_import, dispatch_uid="audit_after_import")


def _make_whole(model: type[models.Model]) -> None:
    """Puts a save and what follows from it (history, audit entry) in one transaction, also where there is none."""
    save_base = model.save_base

    @wraps(save_base)
    def whole(self: models.Model, *args: Any, **kwargs: Any) -> None:
        with transaction.atomic(savepoint=False):
            save_base(self, *args, **kwargs)

    model.save_base = whole  # type: ignore[method-assign]


def rows_create(rows: Sequence[models.Model]) -> None:
    """Writes new rows of one entity, which keeps no history, with the entries that saving each would leave."""
    if rows:
        model, fields = type(rows[0]), _fields(type(rows[0]), None)
        with transaction.atomic(savepoint=False):
            model._default_manager.bulk_create(rows)
            found = [(row, _changes({}, _state(row, fields))) for row in rows]
            audit_record_rows(action=Action.CREATE, changes=found)


def rows_change(rows: Sequence[models.Model], *names: str) -> None:
    """The same for these fields of rows that the database has; the caller holds their locks."""
    if rows:
        model, fields = type(rows[0]), _fields(type(rows[0]), names)
        with transaction.atomic(savepoint=False):
            before = {row.pk: _state(row, fields) for row in _base(model, rows).only(*names)}
            model._default_manager.bulk_update(rows, names)
            found = [(row, _changes(before[row.pk], _state(row, fields))) for row in rows]
            audit_record_rows(action=Action.CHANGE, changes=[(row, fields) for row, fields in found if fields])


def _base(model: type[models.Model], rows: Sequence[models.Model]) -> models.QuerySet[models.Model]:
    return model._base_manager.filter(pk__in=[row.pk for row in rows])


def _changes(before: State, after: State) -> dict[str, list[str | None]]:
    return {name: [before.get(name), new] for name, new in after.items() if before.get(name) != new}


def _before_save(sender: type[models.Model], instance: models.Model, update_fields: Any, **_rest: Any) -> None:
    if audited(sender) and instance.pk is not None and not instance._state.adding:
        instance.__dict__["_audit_before"] = _stored(instance, _fields(sender, update_fields))


def _after_save(
    sender: type[models.Model], instance: models.Model, created: bool, update_fields: Any, **_rest: Any
) -> None:
    if not audited(sender):
        return
    fields = _fields(sender, update_fields)
    changes = _changes(instance.__dict__.pop("_audit_before", {}), _state(instance, fields))
    if created or changes:
        audit_record(action=Action.CREATE if created else Action.CHANGE, subject=instance, fields=changes)


def _after_delete(sender: type[models.Model], instance: models.Model, **_rest: Any) -> None:
    if audited(sender):
        gone = {name: [old, None] for name, old in _state(instance, _fields(sender, None)).items() if old}
        audit_record(action=Action.DELETE, subject=instance, fields=gone)


def _after_read(sender: type[models.Model], user: Any, ids: Any, fields: Any, action: str, **_rest: Any) -> None:
    """`ids` may be many: an export of a list is one entry."""
    numbers = ",".join(str(pk) for pk in ids)
    _tell(Action.READ_SENSITIVE, sender, user, subject_id=numbers, fields={"fields": list(fields), "how": action})


def _after_export(sender: type[models.Model], user: Any, count: int, fields: Any, format: str, **_rest: Any) -> None:
    _tell(Action.EXPORT, sender, user, fields={"rows": count, "fields": list(fields), "format": format})


def _after_import(sender: type[models.Model], user: Any, created: Any, updated: Any, file: str, **_rest: Any) -> None:
    _tell(Action.IMPORT, sender, user, fields={"created": list(created), "updated": list(updated), "file": file})


def _tell(action: Action, model: type[models.Model], user: Any, **more: Any) -> None:
    audit_record(action=action, subject=model, by=actor_of(user, ip=actor_now().ip), **more)


def _fields(model: type[models.Model], only: Any) -> Fields:
    quiet = _ACCOUNT_QUIET if model is User else ()
    kept = [f for f in model._meta.concrete_fields if f.name not in quiet and not f.primary_key]
    return [f for f in kept if only is None or f.name in only or f.attname in only]


def _sensitive(model: type[models.Model]) -> tuple[str, ...]:
    declared = entity_of(model)
    return (*(declared.sensitive if declared else ()), *(_ACCOUNT_SENSITIVE if model is User else ()))


def _stored(instance: models.Model, fields: Fields) -> State:
    row = type(instance)._base_manager.filter(pk=instance.pk).only(*(f.name for f in fields)).first()
    return _state(row, fields) if row else {}


def _state(instance: models.Model, fields: Fields) -> State:
    hidden = _sensitive(type(instance))
    return {f.name: _shown(f, getattr(instance, f.attname), hidden=f.name in hidden) for f in fields}


def _shown(field: "models.Field[Any, Any]", value: Any, *, hidden: bool) -> str | None:
    """A value as text; None for nothing. A sensitive one, or the tail of a long one, is only a keyed hash."""
    if value is None or value == "":
        return None
    text = _text(field, value)
    if hidden:
        return f"hidden:{_keyed(text)}"
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…{_keyed(text)}"


def _text(field: "models.Field[Any, Any]", value: Any) -> str:
    if isinstance(value, GEOSGeometry):
        return _geometry_text(value)
    if isinstance(field, models.JSONField):
        return DjangoJSONEncoder(ensure_ascii=False, sort_keys=True).encode(value)
    known = field.to_python(value)
    return known.astimezone(UTC).isoformat() if isinstance(known, datetime) and known.tzinfo else str(known)


def _geometry_text(shape: GEOSGeometry) -> str:
    if isinstance(shape, Point) and not shape.empty:
        return f"{shape.x:.7f},{shape.y:.7f}"
    return f"{shape.geom_type} {_keyed(shape.wkt)}"


def _keyed(text: str) -> str:
    return salted_hmac("anlan.audit", text, algorithm="sha256").hexdigest()[:20]
