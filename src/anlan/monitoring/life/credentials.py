"""What a person sets of how a device proves itself."""

from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from anlan.monitoring.life.flow import LifeStep, Stage
from anlan.monitoring.life.proofs import secret_digest
from anlan.monitoring.life.services import device_locked, life_step, may_keep
from anlan.monitoring.life.tokens_kept import broker_files_due
from anlan.monitoring.models import Device, DeviceAccess
from anlan.protocols import protocols

LONGEST_SECRET = 64


def has_password(protocol: str) -> bool:
    """Whether each frame of this protocol shows a password that people agree on."""
    spec = protocols().get(protocol)
    return bool(spec and spec.secrets and spec.secrets.login is None)


def has_code(protocol: str) -> bool:
    """Whether devices of this protocol register and are given a code."""
    spec = protocols().get(protocol)
    return bool(spec and spec.secrets and spec.secrets.login)


def _kept(device: Device, by: Any) -> Device:
    if not may_keep(by):
        raise PermissionDenied(_("只有系统管理员可以更改接入凭证。"))
    row = device_locked(device, by)
    if row.life == Stage.RETIRED:
        raise ValidationError(_("已退役的设备不能有接入凭证。"))
    return row


def _note(row: Device, what: str) -> None:
    """The change stands in the device's history, without the secret."""
    row._change_reason = what  # type: ignore[attr-defined]
    row.save(update_fields=["life"])


@transaction.atomic
def device_secret_set(*, device: Device, secret: str, by: Any) -> None:
    """The password that its frames must show; nothing takes it back. Raises `ValidationError`."""
    row, secret = _kept(device, by), secret.strip()
    if not has_password(row.protocol):
        raise ValidationError(_("该协议的报文不带口令。"))
    if len(secret) > LONGEST_SECRET or not secret.isprintable():
        raise ValidationError(_("口令过长或含有不可打印的字符。"))
    if row.protocol == "sl651" and secret:
        secret = _hexadecimal(secret)
    digest = secret_digest(row.pk, secret) if secret else ""
    DeviceAccess.objects.update_or_create(device=row, defaults={"secret_hash": digest, "proven_at": None})
    if secret:
        life_step(row, LifeStep.ISSUE)
    _note(row, "通信口令" if secret else "解除通信口令")


def _hexadecimal(secret: str) -> str:
    if len(secret) != 4 or not all(letter in "0123456789abcdefABCDEF" for letter in secret):
        raise ValidationError(_("SL 651 的密码为4位十六进制。"))
    return secret.upper()


@transaction.atomic
def device_code_forget(*, device: Device, by: Any) -> None:
    """Its code ends at once; the next one that registers in its name is given a new one."""
    row = _kept(device, by)
    DeviceAccess.objects.filter(device=row).update(secret_hash="", proven_at=None)
    _note(row, "收回鉴权码")


@transaction.atomic
def device_access_save(*, device: Device, mode: str, addresses: str, by: Any) -> None:
    """How strictly it is checked, and from where it may speak. Raises `ValidationError`."""
    row = _kept(device, by)
    access = DeviceAccess.objects.filter(device=row).first() or DeviceAccess(device=row)
    access.mode, access.addresses = mode, " ".join(addresses.replace(",", " ").replace(",", " ").split())
    access.full_clean(validate_unique=False)
    DeviceAccess.objects.update_or_create(device=row, defaults={"mode": access.mode, "addresses": access.addresses})
    _note(row, f"核对方式 {access.mode or '默认'},允许地址 {access.addresses or '不限'}"[:100])


@transaction.atomic
def device_token_revoke(*, device: Device, by: Any) -> None:
    """Its token ends at once, without another."""
    row = _kept(device, by)
    row.token_hash = ""
    row.save(update_fields=["token_hash"])
    DeviceAccess.objects.filter(device=row).update(broker_hash="")
    broker_files_due()
