"""What calls do to streams: their steps in the database, and their receivers at the media server."""

import asyncio
from datetime import datetime
from typing import Any

from anlan.kit.flow import IllegalStep
from anlan.monitoring.gateway.sip_work import Work
from anlan.monitoring.models import CameraStream
from anlan.monitoring.video.media import MediaFault
from anlan.monitoring.video.registrations import platform_admits
from anlan.monitoring.video.streams import (
    Wanted,
    stream_release,
    stream_settle,
    stream_step,
    streams_lost,
    streams_wanted,
)
from anlan.monitoring.video_flow import PlayState, PlayStep
from anlan.protocols.sdp import Answered


class Plays:
    def __init__(self, work: Work) -> None:
        self._work = work

    async def wanted(self) -> list[Wanted]:
        return await self._work.do(streams_wanted)

    async def lost(self, now: datetime) -> list[dict[str, Any]]:
        """Dialogs of a process before this one, whose receivers are closed."""
        dialogs = await self._work.do(streams_lost, now=now)
        for dialog in dialogs:
            await asyncio.to_thread(stream_release, name=dialog["name"])
        return dialogs

    async def step(
        self, wanted: Wanted, step: PlayStep, trouble: str = "", dialog: dict[str, Any] | None = None
    ) -> PlayState | None:
        """The state after it; None where the stream has gone another way meanwhile."""
        try:
            row = await self._work.do(stream_step, stream_id=wanted.stream, step=step, trouble=trouble, dialog=dialog)
        except (IllegalStep, CameraStream.DoesNotExist):
            return None
        return PlayState(row.state)

    async def fail(self, wanted: Wanted, trouble: str) -> None:
        await self.step(wanted, PlayStep.FAIL, trouble)
        await self.release(wanted)

    async def release(self, wanted: Wanted) -> None:
        await asyncio.to_thread(stream_release, name=wanted.name)

    async def settle(self, wanted: Wanted, told: Answered) -> str:
        """A sentence where the media server cannot take what the camera sends."""
        admits = await self._work.do(platform_admits, code=wanted.platform)
        try:
            await asyncio.to_thread(
                stream_settle, name=wanted.name, rtp=wanted.rtp, asked=wanted.ssrc, told=told, admits=admits
            )
        except MediaFault as fault:
            return str(fault)
        return ""
