"""Live pictures: who asks for which camera, what the media server and the camera made of it, and when it ends."""

import contextlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from anlan.accounts.audit import Action, audit_record
from anlan.kit.flow import IllegalStep
from anlan.monitoring.models import Camera, CameraAccess, PlaySession, VideoState
from anlan.monitoring.video.configuration import MediaSettings, SipSettings, sip_port
from anlan.monitoring.video.media import MediaFault, MediaServer, media_server, with_account
from anlan.monitoring.video.sealing import unseal
from anlan.monitoring.video_flow import PLAY, PlayState, PlayStep
from anlan.protocols.sdp import ssrc_live

GONE, PATIENCE = timedelta(seconds=60), timedelta(seconds=35)
"""A page that is not heard for a minute is closed; a picture that does not come within 35 s has failed."""
MOST_EACH = 4
Way = PlaySession.Way


def may_watch(user: Any) -> bool:
    return bool(user.has_perm("monitoring.watch_camera"))


def play_start(*, camera: Camera, by: Any) -> PlaySession:
    """Asks for a live picture; each asking is audited. Raises `MediaFault` with a sentence where there is no way."""
    if not may_watch(by):
        raise PermissionDenied(_("您的角色不能查看实时视频。"))
    server = media_server()
    if server is None:
        raise MediaFault(_("没有配置流媒体服务器。"))
    access = CameraAccess.objects.filter(camera=camera).exclude(rtsp_url="").first()
    play = _record(camera, by, Way.RTSP if access else Way.GB28181)
    try:
        if access:
            password = unseal(access.sealed)
            server.fetch(play.stream, with_account(access.rtsp_url, access.user, password))
            play_step(play_id=play.pk, step=PlayStep.ACCEPT)
        else:
            _receive(play, server)
    except MediaFault as fault:
        play_step(play_id=play.pk, step=PlayStep.FAIL, trouble=str(fault))
        raise
    play.refresh_from_db()
    return play


@transaction.atomic
def _record(camera: Camera, by: Any, way: str) -> PlaySession:
    now = timezone.now()
    mine = PlaySession.objects.filter(by=by, ended_at=None).count()
    if mine >= MOST_EACH:
        raise MediaFault(_("您同时打开的视频已达 %d 路,请先关闭不看的。") % MOST_EACH)
    stream = f"{'r' if way == Way.RTSP else 'g'}{secrets.token_hex(8)}"
    play = PlaySession.objects.create(camera=camera, by=by, way=way, stream=stream, asked_at=now, seen_at=now)
    audit_record(action=Action.READ_SENSITIVE, subject=camera, fields={"how": "live video", "play": play.pk})
    server = media_server()
    play.urls = server.urls(stream) if server else {}
    play.ssrc = ssrc_live(SipSettings.from_environment().code, play.pk) if way == Way.GB28181 else ""
    play.save(update_fields=["urls", "ssrc"])
    return play


def _receive(play: PlaySession, server: MediaServer) -> None:
    """Opens the receiver; the SIP server then invites the camera."""
    camera = play.camera
    if camera.platform_id is None:
        raise MediaFault(_("该摄像头既没有 RTSP 地址,也不属于任何国标平台,无法取流。"))
    if camera.status != VideoState.ONLINE:
        raise MediaFault(_("摄像头不在线,无法播放。"))
    if not sip_port():
        raise MediaFault(_("国标信令服务未启用(ANLAN_PORT_SIP)。"))
    receiver = server.receive(play.stream, play.ssrc)
    PlaySession.objects.filter(pk=play.pk).update(rtp_host=receiver.host, rtp_port=receiver.port)


@transaction.atomic
def play_step(*, play_id: int, step: PlayStep, trouble: str = "", now: datetime | None = None) -> PlaySession:
    """Raises `IllegalStep`."""
    row = PlaySession.objects.select_for_update().get(pk=play_id)
    row.state = PLAY.after(PlayState(row.state), step)
    row.trouble = trouble[:200] or row.trouble
    if row.state in {PlayState.ENDED, PlayState.FAILED}:
        row.ended_at = now or timezone.now()
    row.save(update_fields=["state", "trouble", "ended_at"])
    return row


def play_leave(*, play: PlaySession, by: Any) -> PlaySession:
    """The person who opened it stops; a second time changes nothing."""
    if play.by_id != by.pk:
        raise PermissionDenied(_("只能关闭自己打开的视频。"))
    return _leave(play)


def _leave(play: PlaySession) -> PlaySession:
    with contextlib.suppress(IllegalStep):
        play = play_step(play_id=play.pk, step=PlayStep.LEAVE)
    if play.state in {PlayState.ENDING, PlayState.ENDED} and play.way == Way.RTSP:
        stream_release(stream=play.stream)
        with contextlib.suppress(IllegalStep):
            play = play_step(play_id=play.pk, step=PlayStep.CLOSE)
    return play


def play_seen(*, play: PlaySession, now: datetime) -> PlaySession:
    """The page is still open; a picture that nobody brought within the time has failed."""
    PlaySession.objects.filter(pk=play.pk).update(seen_at=now)
    if play.state in {PlayState.ASKED, PlayState.INVITED} and play.asked_at < now - PATIENCE:
        with contextlib.suppress(IllegalStep):
            play = play_step(play_id=play.pk, step=PlayStep.FAIL, trouble=_("视频信令服务没有应答。"), now=now)
    return play


def plays_sweep(*, now: datetime) -> int:
    """Closes what nobody looks at any more; returns how many."""
    left = PlaySession.objects.filter(ended_at=None, seen_at__lt=now - GONE).exclude(state=PlayState.ENDING)
    return len([_leave(play) for play in left[:100]])


def stream_release(*, stream: str) -> None:
    """Ends it at the media server; one that does not answer ends it by itself when nobody watches."""
    server = media_server(MediaSettings.from_environment())
    if server is not None:
        with contextlib.suppress(MediaFault):
            server.release(stream)


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What the SIP server has to do for a session."""

    play: int
    platform: str
    camera: str
    host: str
    port: int
    ssrc: str
    stream: str
    ending: bool


def plays_wanted() -> list[Wanted]:
    """Sessions of GB/T 28181 whose receiver waits, and those that are to be closed."""
    rows = PlaySession.objects.filter(way=Way.GB28181, state__in=[PlayState.ASKED, PlayState.ENDING], rtp_port__gt=0)
    return [
        Wanted(
            play=row.pk,
            platform=row.camera.platform.code if row.camera.platform else "",
            camera=row.camera.code,
            host=row.rtp_host,
            port=row.rtp_port,
            ssrc=row.ssrc,
            stream=row.stream,
            ending=row.state == PlayState.ENDING,
        )
        for row in rows.select_related("camera__platform").order_by("id")[:100]
    ]


def plays_lost(*, now: datetime) -> int:
    """After a restart of the SIP server nobody holds these calls any more."""
    words = _("视频信令服务曾重启,请重新打开。")
    rows = PlaySession.objects.filter(way=Way.GB28181, state__in=[PlayState.INVITED, PlayState.PLAYING])
    return rows.update(state=PlayState.FAILED, ended_at=now, trouble=words)
