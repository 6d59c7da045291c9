"""What the pages read of commands, as far as the person sees the device."""

from dataclasses import dataclass
from typing import Any

from anlan.monitoring.commanding.flow import CommandState
from anlan.monitoring.commanding.services import commands_of, may_command, shown
from anlan.monitoring.evidence import raw_hex, raw_text
from anlan.monitoring.models import Device, DeviceCommand
from anlan.protocols.commands import Command

SHOWN = 10


@dataclass(frozen=True, kw_only=True)
class CommandView:
    """One command as the device's page shows it. `frames` are (moment, down, hex, text)."""

    row: DeviceCommand
    values: dict[str, str]
    frames: list[tuple[Any, bool, str, str]]
    may_cancel: bool


def commands_shown(user: Any, device: Device) -> dict[str, Any]:
    """The context of the panel of commands: the last ten, and whether this person may send any."""
    known = commands_of(device.protocol)
    rows = DeviceCommand.objects.visible_to(user).filter(device=device)
    found = list(rows.select_related("asked_by").prefetch_related("frames")[:SHOWN])
    may = bool(known) and may_command(user)
    return {
        "commands": [_view(row, known.get(row.key), device.protocol, may) for row in found],
        "may_command": may,
        "knows_commands": bool(known),
    }


def commands_open_to(user: Any, device: Device) -> list[Command]:
    """What this person may ask of the device, in the protocol's order."""
    return [command for command in commands_of(device.protocol).values() if may_command(user, command)]


def _view(row: DeviceCommand, command: Command | None, protocol: str, may: bool) -> CommandView:
    frames = [
        (frame.at, frame.down, raw_hex(bytes(frame.raw), protocol), raw_text(bytes(frame.raw), protocol))
        for frame in row.frames.all()
    ]
    cancelled = may and row.state == CommandState.QUEUED
    return CommandView(row=row, values=shown(command, row.values), frames=frames, may_cancel=cancelled)
