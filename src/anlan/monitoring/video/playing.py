"""Live pictures: who asks for which camera, what the media server and the camera made of it, and when it ends.

A camera sends one stream, however many watch it: who comes later joins, and the last who leaves ends it.
"""

import contextlib
import secrets
from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from anlan.accounts.audit import Action, audit_record
from anlan.kit.flow import IllegalStep
from anlan.monitoring.models import Camera, CameraAccess, CameraStream, PlaySession, VideoState
from anlan.monitoring.models.camera import RtpMode
from anlan.monitoring.models.play import OPEN, UNDER_WAY
from anlan.monitoring.video.configuration import SipSettings, sip_port
from anlan.monitoring.video.media import MediaFault, MediaServer, media_server, with_account
from anlan.monitoring.video.sealing import unseal
from anlan.monitoring.video.streams import Way, stream_release, stream_step
from anlan.monitoring.video_flow import PlayState, PlayStep
from anlan.protocols.sdp import NUMBERS, ssrc_of

GONE, PATIENCE = timedelta(seconds=60), timedelta(seconds=35)
"""A page that is not heard for a minute is closed; a picture that does not come within 35 s has failed."""
MOST_EACH = 4


def may_watch(user: Any) -> bool:
    return bool(user.has_perm("monitoring.watch_camera"))


def play_start(*, camera: Camera, by: Any) -> PlaySession:
    """Asks for a live picture; each asking is audited. Raises `MediaFault` with a sentence where there is no way."""
    if not may_watch(by):
        raise PermissionDenied(_("您的角色不能查看实时视频。"))
    server = media_server()
    if server is None:
        raise MediaFault(_("没有配置流媒体服务器。"))
    try:
        play, fresh = _record(camera, by, server)
    except IntegrityError:
        play, fresh = _record(camera, by, server)
    if fresh:
        try:
            _open(play.stream, server)
        except MediaFault as fault:
            stream_step(stream_id=play.stream_id, step=PlayStep.FAIL, trouble=str(fault))
            raise
    return PlaySession.objects.select_related("stream").get(pk=play.pk)


@transaction.atomic
def _record(camera: Camera, by: Any, server: MediaServer) -> tuple[PlaySession, bool]:
    """The person's session, and whether its stream is a new one. The camera's row is locked: two who come at once share."""
    now = timezone.now()
    if PlaySession.objects.filter(by=by, ended_at=None).count() >= MOST_EACH:
        raise MediaFault(_("您同时打开的视频已达 %d 路,请先关闭不看的。") % MOST_EACH)
    Camera.objects.select_for_update(of=("self",), no_key=True).get(pk=camera.pk)
    stream = CameraStream.objects.filter(OPEN, camera=camera).first()
    fresh = stream is None
    stream = stream or _stream(camera, server, now)
    play = PlaySession.objects.create(camera=camera, stream=stream, by=by, asked_at=now, seen_at=now)
    audit_record(action=Action.READ_SENSITIVE, subject=camera, fields={"how": "live video", "play": play.pk})
    return play, fresh


def _stream(camera: Camera, server: MediaServer, now: datetime) -> CameraStream:
    way = Way.RTSP if CameraAccess.objects.filter(camera=camera).exclude(rtsp_url="").exists() else Way.GB28181
    name = f"{'r' if way == Way.RTSP else 'g'}{secrets.token_hex(8)}"
    return CameraStream.objects.create(
        camera=camera,
        way=way,
        name=name,
        ssrc=_ssrc() if way == Way.GB28181 else "",
        rtp=camera.platform.rtp if camera.platform else RtpMode.UDP,
        urls=server.urls(name),
        asked_at=now,
    )


def _ssrc() -> str:
    """One that no stream has. Of two who choose the same at once the database lets one through; the other chooses again."""
    code = SipSettings.from_environment().code
    taken = set(CameraStream.objects.filter(UNDER_WAY).values_list("ssrc", flat=True))
    start = secrets.randbelow(NUMBERS)
    free = (ssrc_of(code, start + step) for step in range(NUMBERS))
    found = next((ssrc for ssrc in free if ssrc not in taken), None)
    if found is None:
        raise MediaFault(_("同时播放的视频已达上限。"))
    return found


def _open(stream: CameraStream, server: MediaServer) -> None:
    """Lets the media server fetch the stream, or wait for it; then the SIP server invites the camera."""
    camera = stream.camera
    if stream.way == Way.RTSP:
        access = CameraAccess.objects.get(camera=camera)
        server.fetch(stream.name, with_account(access.rtsp_url, access.user, unseal(access.sealed)))
        stream_step(stream_id=stream.pk, step=PlayStep.ACCEPT)
        return
    if camera.platform_id is None:
        raise MediaFault(_("该摄像头既没有 RTSP 地址,也不属于任何国标平台,无法取流。"))
    if camera.status != VideoState.ONLINE:
        raise MediaFault(_("摄像头不在线,无法播放。"))
    if not sip_port():
        raise MediaFault(_("国标信令服务未启用(ANLAN_PORT_SIP)。"))
    receiver = server.receive(stream.name, stream.ssrc, stream.rtp)
    waiting = CameraStream.objects.filter(pk=stream.pk, state=PlayState.ASKED)
    if not waiting.update(rtp_host=receiver.host, rtp_port=receiver.port):
        stream_release(name=stream.name)


def play_leave(*, play: PlaySession, by: Any) -> PlaySession:
    """The person who opened it stops; a second time changes nothing."""
    if play.by_id != by.pk:
        raise PermissionDenied(_("只能关闭自己打开的视频。"))
    _leave(play.pk)
    return PlaySession.objects.select_related("stream", "camera").get(pk=play.pk)


@transaction.atomic
def _leave(play_id: int) -> None:
    """The last to leave ends the stream. Its camera's row is locked, so that nobody joins meanwhile."""
    row = PlaySession.objects.select_related("stream").get(pk=play_id)
    Camera.objects.select_for_update(of=("self",), no_key=True).get(pk=row.camera_id)
    PlaySession.objects.filter(pk=play_id, ended_at=None).update(ended_at=timezone.now())
    if not PlaySession.objects.filter(stream=row.stream, ended_at=None).exists():
        _end(row.stream)


def _end(stream: CameraStream) -> None:
    """What a SIP server holds is ended by it; what none holds ends here."""
    try:
        stream = stream_step(stream_id=stream.pk, step=PlayStep.LEAVE)
    except IllegalStep:
        return
    if stream.way == Way.RTSP or stream.state == PlayState.ENDED:
        transaction.on_commit(lambda: stream_release(name=stream.name))
    if stream.way == Way.RTSP and stream.state == PlayState.ENDING:
        stream_step(stream_id=stream.pk, step=PlayStep.CLOSE)


def play_seen(*, play: PlaySession, now: datetime) -> PlaySession:
    """The page is still open; a picture that nobody brought within the time has failed."""
    PlaySession.objects.filter(pk=play.pk).update(seen_at=now)
    stream = play.stream
    if stream.state in {PlayState.ASKED, PlayState.INVITED} and stream.asked_at < now - PATIENCE:
        with contextlib.suppress(IllegalStep):
            words = _("视频信令服务没有应答。")
            play.stream = stream_step(stream_id=stream.pk, step=PlayStep.FAIL, trouble=words, now=now)
    return play


def plays_sweep(*, now: datetime) -> int:
    """Closes what nobody looks at any more; returns how many."""
    left = PlaySession.objects.filter(ended_at=None, seen_at__lt=now - GONE).order_by("id")[:100]
    for play in left:
        _leave(play.pk)
    return len(left)
