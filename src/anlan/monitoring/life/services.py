"""The steps of a device's life."""

from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from anlan.accounts.roles import Role
from anlan.kit.constraints import sentence_of
from anlan.monitoring.alarms import Transition, transitions_write
from anlan.monitoring.devices import levels_save
from anlan.monitoring.journal import entry_write
from anlan.monitoring.judging import judging
from anlan.monitoring.life.certificates import fingerprint
from anlan.monitoring.life.checks import BAD, commissioning_checks
from anlan.monitoring.life.flow import FLOW, LifeStep, Stage
from anlan.monitoring.life.tokens_kept import broker_files_due, credentials_end
from anlan.monitoring.memory import Memory
from anlan.monitoring.models import Alarm, Commissioning, Device, Series
from anlan.monitoring.moments import now_ms
from anlan.monitoring.resolve import KnownDevice, devices_by_id
from anlan.rules import KernelState

KEEPERS = (Role.ADMINISTRATOR,)
COMMISSIONERS = (Role.ADMINISTRATOR, Role.COMMANDER)


def may_keep(user: Any) -> bool:
    """Who gives credentials, retires and reinstates."""
    return bool(user.is_superuser or user.role in KEEPERS)


def may_commission(user: Any) -> bool:
    return bool(user.is_superuser or user.role in COMMISSIONERS)


def device_locked(device: Device, by: Any) -> Device:
    """Its row, for one writer, who is named in its history; only of those that this person sees."""
    row = Device.objects.visible_to(by).select_for_update(of=("self",)).select_related("area").get(pk=device.pk)
    row._history_user = by  # type: ignore[attr-defined]
    return row


def life_step(device: Device, step: LifeStep) -> None:
    """Moves the row, which the caller saves. Raises `IllegalStep`."""
    device.life = FLOW.after(Stage(device.life), step)


@transaction.atomic
def device_certificate_bind(*, device: Device, text: str, by: Any) -> Device:
    """Binds a certificate by its fingerprint or its PEM; nothing unbinds. Raises `ValidationError`."""
    if not may_keep(by):
        raise PermissionDenied(_("只有系统管理员可以绑定证书。"))
    row, digest = device_locked(device, by), fingerprint(text)
    if text.strip() and not digest:
        raise ValidationError(_("须为证书的 SHA-256 指纹(64 位十六进制)或 PEM 证书。"))
    if digest:
        life_step(row, LifeStep.ISSUE)
    row.certificate_hash = digest
    try:
        with transaction.atomic():
            row.save(update_fields=["certificate_hash", "life"])
    except IntegrityError as error:
        raise ValidationError(sentence_of(error, Device)) from error
    broker_files_due()
    return row


@transaction.atomic
def device_commission(*, device: Device, by: Any, note: str = "", now: int | None = None) -> Commissioning:
    """A person signs for the check-list as it stands; what is bad needs a reason. Raises `ValidationError`."""
    if not may_commission(by):
        raise PermissionDenied(_("您的角色不能验收设备。"))
    row = device_locked(device, by)
    life_step(row, LifeStep.COMMISSION)
    checks = commissioning_checks(row, now=now_ms() if now is None else now)
    failed = sum(check.state == BAD for check in checks)
    if failed and not note.strip():
        raise ValidationError(_("还有 %d 项不合格;确要验收,须写明理由。") % failed)
    row.save(update_fields=["life"])
    return Commissioning.objects.create(
        device=row, by=by, checks=[check.plain() for check in checks], failed=failed, note=note.strip()[:500]
    )


@transaction.atomic
def device_retire(*, device: Device, by: Any, reason: str) -> Device:
    """Takes it out of service: credentials end, its alarms are cleared, what it still sends counts as unknown."""
    if not may_keep(by):
        raise PermissionDenied(_("只有系统管理员可以退役设备。"))
    if not reason.strip():
        raise ValidationError(_("请写明退役理由。"))
    with judging() as memory:
        row = device_locked(device, by)
        life_step(row, LifeStep.RETIRE)
        row.token_hash, row.certificate_hash = "", ""
        row._change_reason = reason.strip()[:100]  # type: ignore[attr-defined]
        row.save(update_fields=["token_hash", "certificate_hash", "life"])
        credentials_end(row)
        known = devices_by_id([row.pk])[row.pk]
        _alarms_clear(known, now_ms())
        _series_forget(memory, known)
    return row


def _alarms_clear(known: KnownDevice, now: int) -> None:
    standing = Alarm.objects.filter(device=known.id, cleared_at=None).order_by("id")
    changes = [
        Transition(
            series_id=one.series_id, device=known, kind=one.kind, time=now, value=None, before=one.level, after=0
        )
        for one in standing
    ]
    transitions_write(changes, now)


def _series_forget(memory: Memory, known: KnownDevice) -> None:
    """The kernel remembers nothing of its series: after a return to service what stands then is news."""
    ids = list(Series.objects.filter(device=known.id).order_by("id").values_list("id", flat=True))
    places = memory.places(ids)
    memory.touch(places)
    memory.state.set_rows(places, KernelState.empty(len(places)))
    entry_write(memory, places, state=True)
    levels_save(memory, places, {known.id: known})


@transaction.atomic
def device_reinstate(*, device: Device, by: Any) -> Device:
    """Back among the registered; it needs new credentials and a new check."""
    if not may_keep(by):
        raise PermissionDenied(_("只有系统管理员可以恢复设备。"))
    row = device_locked(device, by)
    life_step(row, LifeStep.REINSTATE)
    row.save(update_fields=["life"])
    return row
