"""What people and the ingest process do with commands. Every end is told to open pages and to the audit log."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from anlan.accounts.audit import Action, audit_record
from anlan.kit.flow import IllegalStep
from anlan.kit.live import live_publish
from anlan.kit.masking import STAR
from anlan.monitoring.commanding.flow import FLOW, OPEN, CommandState, CommandStep
from anlan.monitoring.models import CommandFrame, Device, DeviceCommand
from anlan.monitoring.moments import moment
from anlan.protocols import protocols
from anlan.protocols.commands import Answer, Command, Parameter

MOST_WAITING = 20
"""Open commands of one device."""
TRIES = 3
KEPT_RAW = 8192
_STARS = STAR * 4


class TooMany(ValueError):
    """A device for which too many commands wait already; the message is for a person."""


def commands_of(protocol: str) -> dict[str, Command]:
    """What a protocol's devices can be asked, by key."""
    spec = protocols().get(protocol)
    return {command.key: command for command in spec.commands} if spec else {}


def may_command(user: Any, command: Command | None = None) -> bool:
    """Whether this person may send commands at all, and this one: a grave one asks for the right to change devices."""
    if not user.has_perm("monitoring.add_devicecommand"):
        return False
    return command is None or not command.grave or user.has_perm("monitoring.change_device")


def tries_of(command: Command) -> int:
    return 1 if command.grave else TRIES


@transaction.atomic
def command_queue(*, device: Device, key: str, values: Mapping[str, str], minutes: int, by: Any) -> DeviceCommand:
    """Raises `ParameterError`, `TooMany`, KeyError for a command that the protocol does not know."""
    command = commands_of(device.protocol)[key]
    if not may_command(by, command):
        raise PermissionDenied(_("您的角色不能下发此命令。"))
    checked, now = command.checked(values), timezone.now()
    Device.objects.select_for_update(of=("self",)).get(pk=device.pk)
    if DeviceCommand.objects.filter(device=device, state__in=OPEN).count() >= MOST_WAITING:
        raise TooMany(_("该设备已有 %d 条命令等待执行,请稍后再下发。") % MOST_WAITING)
    row = DeviceCommand.objects.create(
        device=device, key=key, title=command.title, values=checked, asked_by=by, asked_at=now,
        deadline=now + timedelta(minutes=minutes),
    )  # fmt: skip
    _record(row, command, Action.CREATE, {"command": [None, command.title], "values": [None, shown(command, checked)]})
    _tell(row)
    return row


@transaction.atomic
def command_cancel(*, command: DeviceCommand, by: Any) -> DeviceCommand:
    """Raises `IllegalStep` where it has been sent or has ended."""
    if not may_command(by):
        raise PermissionDenied(_("您的角色不能撤销命令。"))
    row = _locked(command.pk)
    _step(row, CommandStep.CANCEL, _("由%s撤销") % by, timezone.now())
    return row


@transaction.atomic
def command_sent(*, pk: int, raw: bytes, now: int, attempts: int = 0) -> bool:
    """Notes that these bytes go out now, after so many attempts before. Call before sending.

    False where the command is no longer open, or somebody else has sent it meanwhile.
    """
    row = _locked(pk)
    command = commands_of(row.device.protocol)[row.key]
    if not row.is_open or row.attempts != attempts or attempts >= tries_of(command):
        return False
    row.state, row.sent_at = FLOW.after(CommandState(row.state), CommandStep.SEND), moment(now)
    row.attempts += 1
    row.save(update_fields=["state", "sent_at", "attempts"])
    _keep(row, command, raw, now, down=True)
    _tell(row)
    return True


@transaction.atomic
def command_answered(*, pk: int, raw: bytes, answer: Answer, now: int) -> None:
    """Takes what the device says; an answer to a command that has ended changes nothing."""
    row = _locked(pk)
    step = CommandStep.PROGRESS if not answer.final else CommandStep.ANSWER if answer.ok else CommandStep.REFUSE
    try:
        FLOW.after(CommandState(row.state), step)
    except IllegalStep:
        return
    _keep(row, commands_of(row.device.protocol)[row.key], raw, now, down=False)
    _step(row, step, answer.said, moment(now))


@transaction.atomic
def command_ended(*, pk: int, step: CommandStep, said: str, now: int) -> None:
    """Ends a command that cannot be written, or that nobody answered."""
    row = _locked(pk)
    if row.is_open:
        _step(row, step, said, moment(now))


def shown(command: Command | None, values: Mapping[str, str]) -> dict[str, str]:
    """Parameters by their titles and in their order, choices in words, secret ones starred."""
    if command is None:
        return dict(values)
    return {one.title: _word(one, values[one.key]) for one in command.parameters if values.get(one.key)}


def _word(one: Parameter, value: str) -> str:
    if one.kind == "secret":
        return _STARS
    if one.kind == "time":
        return value.replace("T", " ")
    return dict(one.choices).get(value, value)


def _locked(pk: int) -> DeviceCommand:
    rows = DeviceCommand.objects.select_for_update(of=("self",)).select_related("device__area")
    return rows.get(pk=pk)


def _step(row: DeviceCommand, step: CommandStep, said: str, at: Any) -> None:
    row.state, row.said = FLOW.after(CommandState(row.state), step), str(said)[:300]
    if not row.is_open:
        row.finished_at = at
        _forget_secrets(row)
        command = commands_of(row.device.protocol).get(row.key)
        _record(row, command, Action.CHANGE, {"state": [None, row.get_state_display()], "said": [None, row.said]})
    row.save()
    _tell(row)


def _forget_secrets(row: DeviceCommand) -> None:
    command = commands_of(row.device.protocol).get(row.key)
    secret = {one.key for one in command.parameters if one.kind == "secret"} if command else set()
    row.values = {key: _STARS if key in secret else value for key, value in row.values.items()}


def _keep(row: DeviceCommand, command: Command, raw: bytes, now: int, *, down: bool) -> None:
    kept = b"" if command.secret else raw[:KEPT_RAW]
    CommandFrame.objects.create(command=row, at=moment(now), down=down, raw=kept)


def _record(row: DeviceCommand, command: Command | None, action: Any, fields: dict[str, Any]) -> None:
    name = f"{row.device} · {row.title}"
    audit_record(action=action, subject=row, subject_name=name, fields=fields, area=row.device.area.path)


def _tell(row: DeviceCommand) -> None:
    live_publish("command", area_path=row.device.area.path, id=row.pk, device=row.device_id, state=str(row.state))
