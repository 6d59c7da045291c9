"""Streams of cameras by GB/T 28181, as the SIP server brings them about and ends them."""

import contextlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from anlan.monitoring.models import CameraStream, PlaySession
from anlan.monitoring.video.media import MediaFault, media_server
from anlan.monitoring.video_flow import PLAY, PlayState, PlayStep
from anlan.protocols.sdp import Answered

Way = CameraStream.Way


@transaction.atomic
def stream_step(
    *, stream_id: int, step: PlayStep, trouble: str = "", dialog: dict[str, Any] | None = None,
    now: datetime | None = None,
) -> CameraStream:  # fmt: skip
    """Raises `IllegalStep`, or `DoesNotExist` where the camera was deleted. Who watched a stream that ends watches no more."""
    row = CameraStream.objects.select_for_update().get(pk=stream_id)
    row.state = PLAY.after(PlayState(row.state), step)
    row.trouble = trouble[:200] or row.trouble
    row.dialog = row.dialog if dialog is None else dialog
    if row.state in {PlayState.ENDED, PlayState.FAILED}:
        row.ended_at = now or timezone.now()
        PlaySession.objects.filter(stream=row, ended_at=None).update(ended_at=row.ended_at)
    row.save(update_fields=["state", "trouble", "dialog", "ended_at"])
    return row


def stream_release(*, name: str) -> None:
    """Ends it at the media server; one that does not answer ends it by itself when nobody watches."""
    server = media_server()
    if server is not None:
        with contextlib.suppress(MediaFault):
            server.release(name)


def stream_settle(*, name: str, rtp: str, asked: str, told: Answered, admits: Any) -> None:
    """Tells the media server what the camera answered: an SSRC of its own, and over TCP where it waits.

    Raises `MediaFault`. `admits` says whether the platform may send from an address.
    """
    server = media_server()
    if server is None:
        raise MediaFault(_("没有配置流媒体服务器。"))
    if told.ssrc and told.ssrc != asked:
        server.expect(name, told.ssrc)
    if rtp == "tcp-active":
        if not (told.host and told.port):
            raise MediaFault(_("摄像头没有说明从哪里取流。"))
        if not admits(told.host):
            raise MediaFault(_("摄像头要求从 %s 取流,该地址不在允许接入的网段内。") % told.host)
        server.connect(name, told.host, told.port)


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What the SIP server has to do for a stream."""

    stream: int
    name: str
    platform: str
    camera: str
    host: str
    port: int
    ssrc: str
    rtp: str
    ending: bool


def streams_wanted() -> list[Wanted]:
    """Those whose receiver waits, and those that are to be closed."""
    states = [PlayState.ASKED, PlayState.ENDING]
    rows = CameraStream.objects.filter(way=Way.GB28181, state__in=states, rtp_port__gt=0)
    return [
        Wanted(
            stream=row.pk,
            name=row.name,
            platform=row.camera.platform.code if row.camera.platform else "",
            camera=row.camera.code,
            host=row.rtp_host,
            port=row.rtp_port,
            ssrc=row.ssrc,
            rtp=row.rtp,
            ending=row.state == PlayState.ENDING,
        )
        for row in rows.select_related("camera__platform").order_by("id")[:100]
    ]


@transaction.atomic
def streams_lost(*, now: datetime) -> list[dict[str, Any]]:
    """After a restart of the SIP server: fails what it held, and returns its dialogs, each with the stream's `name`.

    One without a `call_id` had not been answered; a BYE is due in the others.
    """
    words = _("视频信令服务曾重启,请重新打开。")
    held = [PlayState.INVITED, PlayState.PLAYING, PlayState.ENDING]
    rows = CameraStream.objects.select_for_update().filter(way=Way.GB28181, state__in=held)
    lost = list(rows.values_list("pk", "name", "dialog"))
    keys = [pk for pk, _name, _dialog in lost]
    PlaySession.objects.filter(stream__in=keys, ended_at=None).update(ended_at=now)
    CameraStream.objects.filter(pk__in=keys).update(state=PlayState.FAILED, ended_at=now, trouble=words)
    return [{**dialog, "name": name} for _pk, name, dialog in lost]
