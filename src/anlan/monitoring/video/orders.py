"""What people have asked of platforms, for the process that holds their connections."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from anlan.monitoring.models import PlatformCommand, VideoPlatform
from anlan.monitoring.video.registrations import may_administer, platform_reported

State = PlatformCommand.State
PATIENCE = timedelta(seconds=60)


@dataclass(frozen=True, kw_only=True)
class Command:
    id: int
    code: str
    kind: str


def command_give(*, platform: VideoPlatform, kind: str, by: Any) -> PlatformCommand:
    """To be sent within a second by the SIP server, where one runs."""
    if not may_administer(by):
        raise PermissionDenied(_("只有系统管理员可以向视频平台下达命令。"))
    if kind not in PlatformCommand.Kind.values:
        raise PermissionDenied(_("没有这种命令。"))
    return PlatformCommand.objects.create(platform=platform, kind=kind, by=by, asked_at=timezone.now())


@transaction.atomic
def commands_take(*, now: datetime) -> list[Command]:
    """Those that wait, marked as sent; what waited too long, or was sent by a process that has died, has failed."""
    stale = PlatformCommand.objects.filter(state__in=[State.ASKED, State.SENT], asked_at__lt=now - PATIENCE)
    stale.update(state=State.FAILED, answered_at=now)
    rows = list(
        PlatformCommand.objects.select_for_update(skip_locked=True, of=("self",))
        .filter(state=State.ASKED)
        .select_related("platform")
        .order_by("id")[:100]
    )
    PlatformCommand.objects.filter(pk__in=[row.pk for row in rows]).update(state=State.SENT, sent_at=now)
    return [Command(id=row.pk, code=row.platform.code, kind=row.kind) for row in rows]


@transaction.atomic
def command_answered(*, command: Command, answer: dict[str, str] | None, now: datetime) -> None:
    """`None`: nobody answered."""
    state = State.FAILED if answer is None else State.ANSWERED
    PlatformCommand.objects.filter(pk=command.id).update(state=state, answered_at=now, answer=answer or {})
    if answer and command.kind == PlatformCommand.Kind.DEVICE_INFO:
        platform_reported(code=command.code, fields=answer)
