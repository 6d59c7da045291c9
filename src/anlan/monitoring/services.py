"""What people do in the monitoring centre: acknowledge an alarm, give a device its token."""

import hashlib
import secrets
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from anlan.accounts.roles import Role
from anlan.kit.flow import IllegalStep
from anlan.monitoring.alarm_flow import FLOW, AlarmStepName
from anlan.monitoring.alarms import alarm_show
from anlan.monitoring.life.flow import FLOW as FLOW_OF_LIFE
from anlan.monitoring.life.flow import LifeStep, Stage
from anlan.monitoring.models import Alarm, AlarmStep, Device
from anlan.monitoring.resolve import devices_by_id

TOKEN_BYTES = 32
ACKNOWLEDGERS = (Role.DUTY_OFFICER, Role.COMMANDER)
"""Those who act on alarms at the desk. It is a step, not a right to edit alarm rows, so the grants do not give it."""


def may_acknowledge(user: Any) -> bool:
    return bool(user.is_superuser or user.role in ACKNOWLEDGERS)


def may_issue_tokens(user: Any) -> bool:
    return bool(user.is_superuser or user.role == Role.ADMINISTRATOR)


@transaction.atomic
def alarm_acknowledge(*, alarm: Alarm, by: Any, note: str = "") -> Alarm:
    """A person has seen it. Raises `IllegalStep` with a sentence where somebody did before."""
    if not may_acknowledge(by):
        raise PermissionDenied(_("您的角色不能确认报警。"))
    locked = Alarm.objects.select_for_update(of=("self",)).select_related("acknowledged_by").get(pk=alarm.pk)
    if locked.state.is_acknowledged:
        raise IllegalStep(_already(locked))
    FLOW.after(locked.state, AlarmStepName.ACKNOWLEDGE)
    locked.acknowledged_at, locked.acknowledged_by = timezone.now(), by
    locked.save(update_fields=["acknowledged_at", "acknowledged_by"])
    AlarmStep.objects.create(
        alarm=locked,
        step=AlarmStepName.ACKNOWLEDGE,
        at=locked.acknowledged_at,
        level=locked.level,
        by=by,
        note=note.strip(),
    )
    alarm_show(locked, devices_by_id([locked.device_id])[locked.device_id])
    return locked


def _already(alarm: Alarm) -> str:
    assert alarm.acknowledged_at is not None
    at = timezone.localtime(alarm.acknowledged_at)
    return _("该报警已由%(who)s于 %(at)s 确认,无需重复确认。") % {
        "who": alarm.acknowledged_by or "—",
        "at": f"{at:%m-%d %H:%M:%S}",
    }


def token_hash(token: str) -> str:
    """What is kept of a token: it has 256 random bits, so a plain SHA-256 gives nothing away."""
    return hashlib.sha256(token.encode()).hexdigest()


@transaction.atomic
def device_token_issue(*, device: Device, by: Any) -> str:
    """A new token, which is nowhere kept; the one before it ends at once."""
    if not may_issue_tokens(by):
        raise PermissionDenied(_("只有系统管理员可以签发接入令牌。"))
    locked = Device.objects.select_for_update(of=("self",)).get(pk=device.pk)
    token = secrets.token_urlsafe(TOKEN_BYTES)
    locked.token_hash = token_hash(token)
    locked.life = FLOW_OF_LIFE.after(Stage(locked.life), LifeStep.ISSUE)
    locked._history_user = by  # type: ignore[attr-defined]
    locked.save(update_fields=["token_hash", "life"])
    return token
