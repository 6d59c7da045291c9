"""What a registering platform is to us, and what its registration and its heartbeats change."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from anlan.accounts.roles import Role
from anlan.monitoring.models import VideoPlatform, VideoState
from anlan.monitoring.video.configuration import SipSettings
from anlan.monitoring.video.standing import Reason, platform_cameras_leave
from anlan.protocols.sip_digest import ALGORITHMS, available, ha1_of

SHORTEST_PASSWORD = 8


@dataclass(frozen=True, kw_only=True)
class Known:
    """A platform as the SIP server remembers it. `until`: its registration holds so long; None: it is not registered."""

    id: int
    code: str
    keys: dict[str, str]
    admitted: bool
    host: str
    port: int
    transport: str
    until: datetime | None
    guard_first: bool


def platform_known(*, code: str, host: str) -> Known | None:
    """`admitted` says whether it may come from this address."""
    row = VideoPlatform.objects.filter(code=code).first()
    if row is None:
        return None
    return Known(
        id=row.pk,
        code=row.code,
        keys=row.keys,
        admitted=row.admits(host),
        host=row.host,
        port=row.port,
        transport=row.transport,
        until=row.registered_until,
        guard_first=row.guard_first,
    )


def platform_admits(*, code: str) -> Callable[[str], bool]:
    """Whether a platform may come, or send, from an address."""
    row = VideoPlatform.objects.filter(code=code).first()
    return row.admits if row is not None else lambda _host: False


@transaction.atomic
def platform_register(
    *, code: str, host: str, port: int, transport: str, agent: str, seconds: int, now: datetime
) -> Known | None:
    """It is online, for so many seconds, and is answered where it came from."""
    VideoPlatform.objects.filter(code=code).update(
        status=VideoState.ONLINE,
        last_seen_at=now,
        registered_until=now + timedelta(seconds=seconds),
        host=host,
        port=port,
        transport=transport,
        agent=agent[:120],
    )
    return platform_known(code=code, host=host)


@transaction.atomic
def platform_leave(*, code: str, now: datetime) -> None:
    """It said good-bye."""
    row = VideoPlatform.objects.select_for_update().filter(code=code).first()
    if row is not None:
        VideoPlatform.objects.filter(pk=row.pk).update(status=VideoState.OFFLINE, registered_until=None)
        platform_cameras_leave(platform_id=row.pk, reason=Reason.LEFT, now=now)


class Beat(StrEnum):
    """What a heartbeat means. GONE: the registration has ended, it must register anew. BACK: it was taken for gone."""

    GONE = "gone"
    HELD = "held"
    BACK = "back"


def platform_heard(*, code: str, now: datetime) -> Beat:
    held = VideoPlatform.objects.filter(code=code, registered_until__gt=now)
    if held.filter(status=VideoState.ONLINE).update(last_seen_at=now):
        return Beat.HELD
    return Beat.BACK if held.update(last_seen_at=now, status=VideoState.ONLINE) else Beat.GONE


def platform_reported(*, code: str, fields: dict[str, str]) -> None:
    """What it answers to DeviceInfo."""
    words = " ".join(fields.get(name, "") for name in ("Manufacturer", "Model", "Firmware")).strip()
    if words:
        VideoPlatform.objects.filter(code=code).update(agent=words[:120])


def may_administer(user: Any) -> bool:
    return bool(user.is_superuser or user.role == Role.ADMINISTRATOR)


@transaction.atomic
def platform_password_set(*, platform: VideoPlatform, password: str, by: Any) -> VideoPlatform:
    """Keeps what proves the password in our realm, never the password; the one before it ends at once."""
    if not may_administer(by):
        raise PermissionDenied(_("只有系统管理员可以设置接入密码。"))
    if len(password) < SHORTEST_PASSWORD:
        raise ValidationError(_("接入密码至少8位。"))
    realm = SipSettings.from_environment().realm
    row = VideoPlatform.objects.select_for_update(of=("self",)).get(pk=platform.pk)
    row.keys = {name: ha1_of(name, row.code, realm, password) for name in ALGORITHMS if available(name)}
    row._history_user = by  # type: ignore[attr-defined]
    row.save(update_fields=["keys"])
    return row
