"""The media server that carries pictures: ZLMediaKit or MediaMTX, configured by address; we have none of our own.

ZLMediaKit: https://docs.zlmediakit.com/guide/media_server/restful_api.html (openRtpServer, connectRtpServer,
updateRtpServerSSRC, closeRtpServer, addStreamProxy).
MediaMTX: https://mediamtx.org/docs/references/control-api (config/paths). It takes no PS stream, so no GB/T 28181.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar
from urllib.parse import urlsplit, urlunsplit

import httpx
from django.utils.translation import gettext as _

from anlan.monitoring.models.camera import RtpMode
from anlan.monitoring.video.configuration import MediaSettings

PATIENCE = 4.0


class MediaFault(RuntimeError):
    """The media server cannot do it; the text is a sentence for people."""


@dataclass(frozen=True, kw_only=True)
class Receiver:
    """Where the media server waits for a camera's stream."""

    host: str
    port: int


class MediaServer(ABC):
    """One way of talking to one kind of server. Every method raises `MediaFault`."""

    def __init__(self, settings: MediaSettings) -> None:
        self.settings = settings

    @abstractmethod
    def receive(self, stream: str, ssrc: str, rtp: str) -> Receiver:
        """Opens a port for an RTP stream of GB/T 28181; `rtp` as `RtpMode`."""

    @abstractmethod
    def connect(self, stream: str, host: str, port: int) -> None:
        """Fetches a stream of GB/T 28181 over TCP from where the camera waits."""

    @abstractmethod
    def expect(self, stream: str, ssrc: str) -> None:
        """The camera sends under another SSRC than it was asked to."""

    @abstractmethod
    def fetch(self, stream: str, rtsp_url: str) -> None:
        """Lets the server fetch a camera's RTSP stream while somebody watches."""

    @abstractmethod
    def release(self, stream: str) -> None:
        """Ends a stream; one that is not there is no fault."""

    @abstractmethod
    def urls(self, stream: str) -> dict[str, str]:
        """Where a browser plays it: "whep", "hls" and, where there is one, "flv"."""

    def _call(self, method: str, path: str, **more: Any) -> httpx.Response:
        try:
            return httpx.request(method, f"{self.settings.url}{path}", timeout=PATIENCE, trust_env=False, **more)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise MediaFault(_("流媒体服务器没有应答(%s)。") % type(error).__name__) from error


class ZlMediaKit(MediaServer):
    TCP_MODES: ClassVar = {RtpMode.UDP: 0, RtpMode.TCP_PASSIVE: 1, RtpMode.TCP_ACTIVE: 2}

    def receive(self, stream: str, ssrc: str, rtp: str) -> Receiver:
        mode = self.TCP_MODES[RtpMode(rtp)]
        told = self._ask("openRtpServer", stream_id=stream, port=0, tcp_mode=mode, ssrc=int(ssrc))
        port = told.get("port")
        if not isinstance(port, int) or not 0 < port < 65_536:
            raise MediaFault(_("流媒体服务器没有分配收流端口。"))
        return Receiver(host=self.settings.host, port=port)

    def connect(self, stream: str, host: str, port: int) -> None:
        self._ask("connectRtpServer", stream_id=stream, dst_url=host, dst_port=port)

    def expect(self, stream: str, ssrc: str) -> None:
        self._ask("updateRtpServerSSRC", stream_id=stream, ssrc=int(ssrc))

    def fetch(self, stream: str, rtsp_url: str) -> None:
        self._ask("addStreamProxy", vhost="__defaultVhost__", app="anlan", stream=stream, url=rtsp_url, rtp_type=0)

    def release(self, stream: str) -> None:
        self._ask("closeRtpServer", stream_id=stream)
        self._ask("close_streams", schema="rtsp", vhost="__defaultVhost__", app="anlan", stream=stream, force=1)

    def urls(self, stream: str) -> dict[str, str]:
        base, app = self.settings.play_url, "anlan" if stream.startswith("r") else "rtp"
        return {
            "whep": f"{base}/index/api/whep?app={app}&stream={stream}&type=play",
            "hls": f"{base}/{app}/{stream}/hls.m3u8",
            "flv": f"{base}/{app}/{stream}.live.flv",
        }

    def _ask(self, name: str, **words: object) -> dict[str, Any]:
        answer = self._call("POST", f"/index/api/{name}", data={"secret": self.settings.secret, **words})
        try:
            told = answer.json()
        except ValueError:
            told = None
        if not isinstance(told, dict) or told.get("code") != 0:
            words_back = str(told.get("msg", "") if isinstance(told, dict) else "")[:100] or str(answer.status_code)
            raise MediaFault(_("流媒体服务器拒绝了请求(%s)。") % words_back)
        return told


class MediaMtx(MediaServer):
    def receive(self, stream: str, ssrc: str, rtp: str) -> Receiver:
        raise MediaFault(_("MediaMTX 不能接收国标(PS)流,播放国标摄像头请改用 ZLMediaKit。"))

    def connect(self, stream: str, host: str, port: int) -> None:
        self.receive(stream, "", "")

    def expect(self, stream: str, ssrc: str) -> None:
        self.receive(stream, ssrc, "")

    def fetch(self, stream: str, rtsp_url: str) -> None:
        path = {"source": rtsp_url, "sourceOnDemand": True}
        answer = self._call("POST", f"/v3/config/paths/add/{stream}", json=path, auth=self._account())
        if answer.status_code == 400:
            answer = self._call("PATCH", f"/v3/config/paths/patch/{stream}", json=path, auth=self._account())
        if answer.status_code >= 300:
            raise MediaFault(_("流媒体服务器拒绝了请求(%s)。") % answer.status_code)

    def release(self, stream: str) -> None:
        answer = self._call("DELETE", f"/v3/config/paths/delete/{stream}", auth=self._account())
        if answer.status_code >= 300 and answer.status_code != 404:
            raise MediaFault(_("流媒体服务器拒绝了请求(%s)。") % answer.status_code)

    def urls(self, stream: str) -> dict[str, str]:
        """MediaMTX listens for WHEP on 8889 and HLS on 8888; a play URL with a port is taken for both."""
        parts = urlsplit(self.settings.play_url)
        told = self.settings.play_url != self.settings.url
        whep = parts.netloc if told else f"{parts.hostname}:8889"
        hls = parts.netloc if told else f"{parts.hostname}:8888"
        return {
            "whep": urlunsplit((parts.scheme, whep, f"/{stream}/whep", "", "")),
            "hls": urlunsplit((parts.scheme, hls, f"/{stream}/index.m3u8", "", "")),
        }

    def _account(self) -> tuple[str, str] | None:
        user, _colon, password = self.settings.secret.partition(":")
        return (user, password) if password else None


def media_server(settings: MediaSettings | None = None) -> MediaServer | None:
    """The one that is configured; None where none is."""
    found = settings or MediaSettings.from_environment()
    if not found.url:
        return None
    return ZlMediaKit(found) if found.kind == "zlm" else MediaMtx(found)


def with_account(url: str, user: str, password: str) -> str:
    """An RTSP address with the camera's account in it, for the media server only."""
    if not user:
        return url
    parts = urlsplit(url)
    account = f"{httpx.URL('http://x').copy_with(username=user, password=password).userinfo.decode()}@"
    return urlunsplit((parts.scheme, account + parts.netloc, parts.path, parts.query, ""))
