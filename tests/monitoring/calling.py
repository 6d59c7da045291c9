"""A call to a camera in tests: a device comes in, somebody opens its picture, and what both sides then say."""

import asyncio
from collections.abc import Awaitable, Callable

from django.db import connections

from anlan.accounts.models import User
from anlan.monitoring.models import Camera, CameraStream, PlaySession
from anlan.monitoring.replaying.camera import Device
from anlan.monitoring.video.playing import play_leave, play_start
from anlan.protocols.sip import SipMessage

from .sip_server import CAMERA, CHANNELS, Sip, waited

Script = Callable[[Device, PlaySession], Awaitable[None]]
Answer = Callable[[Device, SipMessage], None]


def watch(play: Script, sip: Sip, officer: User, answer: Answer | None = None, **more: object) -> CameraStream:
    """A device comes in that does so with an invitation, somebody opens its camera, and then `play`."""

    async def script(device: Device) -> PlaySession:
        device.on_invite = None if answer is None else lambda invite: answer(device, invite)
        await device.register()
        await waited(lambda: Camera.objects.filter(status="online").exists())
        made = await asyncio.to_thread(opened, officer)
        await play(device, made)
        return made

    return CameraStream.objects.get(pk=sip.run(script, channels=CHANNELS, **more).stream_id)


def opened(officer: User) -> PlaySession:
    try:
        return play_start(camera=Camera.objects.get(code=CAMERA), by=officer)
    finally:
        connections.close_all()


async def closed(made: PlaySession, officer: User) -> None:
    await asyncio.to_thread(lambda: (play_leave(play=made, by=officer), connections.close_all()))


def state(made: PlaySession) -> str:
    return CameraStream.objects.get(pk=made.stream_id).state


def said(device: Device) -> list[str]:
    return [method for method, _ in device.heard if method in {"INVITE", "ACK", "BYE", "CANCEL"}]
