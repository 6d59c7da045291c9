"""The device side of GB/T 28181: a recorder with cameras that registers, answers, alarms and lets itself be played.

Pure device: it knows nothing of what runs at the other end. `heard` gathers what it was asked, in order, `heard_of` the
last of each kind; `on_invite` decides instead of it what becomes of an invitation.
"""

import asyncio
import contextlib
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from xml.sax.saxutils import escape

from anlan.protocols import sip_digest
from anlan.protocols.manscdp import CONTENT_TYPE, Manscdp, Root, build, parse
from anlan.protocols.sip import SipMessage, SipStream, parse_datagram
from anlan.protocols.sip_talk import Ends, Headers, Talk, answer

PATIENCE, REPEATS = 5.0, (0.5, 1.0, 2.0, *(4.0,) * 6)
"""Seconds, as RFC 3261, 17.1.2: twice as long each time up to 4 s, half a minute in all."""
ANSWER_SDP = (
    "v=0\r\no={camera} 0 0 IN IP4 127.0.0.1\r\ns=Play\r\nc=IN IP4 {host}\r\nt=0 0\r\n"
    "m=video 15060 {media} 96\r\na=sendonly\r\na=rtpmap:96 PS/90000\r\ny={ssrc}\r\n"
)


@dataclass(frozen=True, kw_only=True)
class Recorder:
    """Who it is, where the platform listens, and its catalogue; `page` items go into one message."""

    code: str
    password: str
    server: str
    host: str
    port: int
    transport: str = "UDP"
    channels: Sequence[Mapping[str, object]] = ()
    page: int = 2
    total: int | None = None
    play_status: int = 200


@dataclass
class Device:
    """One running device; `await device.register()` first."""

    recorder: Recorder
    heard: list[tuple[str, Manscdp | None]] = field(default_factory=list)
    on_alarm_answer: Callable[[str], None] = field(default=lambda _result: None)
    on_invite: "Callable[[SipMessage], None] | None" = None
    invites: list[SipMessage] = field(default_factory=list)
    heard_of: dict[str, SipMessage] = field(default_factory=dict)
    _waiting: dict[str, "asyncio.Future[SipMessage]"] = field(default_factory=dict)
    _answered: dict[tuple[str, str, str], bytes] = field(default_factory=dict)
    _tags: dict[str, str] = field(default_factory=dict)
    _tasks: set["asyncio.Task[Any]"] = field(default_factory=set)
    _send: Callable[[bytes], None] = field(default=lambda _data: None)
    _close: Callable[[], None] = field(default=lambda: None)
    _own: tuple[str, int] = ("127.0.0.1", 0)
    _number: int = 0

    async def open(self) -> "Device":
        where = self.recorder
        if where.transport == "TCP":
            reader, writer = await asyncio.open_connection(where.host, where.port)
            self._send, self._close, self._own = writer.write, writer.close, writer.get_extra_info("sockname")[:2]
            self._start(self._read(reader))
            return self
        loop = asyncio.get_running_loop()
        transport, _protocol = await loop.create_datagram_endpoint(
            lambda: _Ear(self), remote_addr=(where.host, where.port)
        )
        self._send, self._close = transport.sendto, transport.close
        self._own = transport.get_extra_info("sockname")[:2]
        return self

    async def close(self) -> None:
        self._close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def register(self, seconds: int = 3600, *, password: str | None = None) -> int:
        """The status of the last answer: 200 where the platform took it."""
        talk = self._talk()
        headers: Headers = (("contact", f"<sip:{self.recorder.code}@{self._own[0]}:{self._own[1]}>"),)
        headers = (*headers, ("expires", str(seconds)))
        first = await self.ask(talk.request("REGISTER", self._next(), secrets.token_hex(8), headers=headers))
        if first.status != 401:
            return first.status
        asked = sip_digest.read(first.get("www-authenticate"))
        uri = f"sip:{self.recorder.server}@{self.recorder.server[:10]}"
        words = (self.recorder.code, self.recorder.password if password is None else password, "REGISTER", uri)
        proof = sip_digest.authorization(*words, asked, secrets.token_hex(8))
        again = talk.request(
            "REGISTER", self._next(), secrets.token_hex(8), headers=(*headers, ("authorization", proof))
        )
        return (await self.ask(again)).status

    async def keepalive(self) -> int:
        return await self.say("Notify", "Keepalive", {"Status": "OK"})

    async def alarm(self, camera: str, number: int, **fields: object) -> int:
        """`fields` as the standard names them, such as AlarmMethod and AlarmTime."""
        return await self.say("Notify", "Alarm", fields, about=camera, number=number)

    async def say(
        self, root: Root, command: str, more: Mapping[str, object], *, about: str = "", number: int | str = 0,
        method: str = "MESSAGE",
    ) -> int:  # fmt: skip
        """One message to the platform; the status of its answer."""
        body = build(root, command, number or self._next(), about or self.recorder.code, more)
        headers = (("content-type", CONTENT_TYPE), *((("event", "presence"),) if method == "NOTIFY" else ()))
        request = self._talk().request(method, self._next(), secrets.token_hex(8), headers=headers, body=body)
        return (await self.ask(request)).status

    async def ask(self, request: SipMessage, *, times: int = 1) -> SipMessage:
        """Sends it so many times, and waits for one answer."""
        branch = request.transaction[0]
        future = self._waiting[branch] = asyncio.get_running_loop().create_future()
        for _time in range(times):
            self._send(request.encode())
        try:
            return await self._patiently(future, request.encode())
        finally:
            self._waiting.pop(branch, None)

    async def _patiently(self, future: "asyncio.Future[SipMessage]", data: bytes) -> SipMessage:
        """Over UDP it is sent again until it is answered."""
        for pause in REPEATS:
            done, _waiting = await asyncio.wait([future], timeout=pause)
            if done:
                return future.result()
            if self.recorder.transport == "UDP":
                self._send(data)
        return await asyncio.wait_for(future, PATIENCE)

    def _talk(self) -> Talk:
        where = self.recorder
        ends = Ends(
            own=where.code, own_host=self._own[0], own_port=self._own[1],
            peer=where.server, peer_host=where.host, peer_port=where.port, transport=where.transport,
        )  # fmt: skip
        to = f"<sip:{where.code}@{where.server[:10]}>"
        return Talk(ends=ends, call_id=secrets.token_hex(8), tag=secrets.token_hex(4), to=to)

    def _next(self) -> int:
        self._number += 1
        return self._number

    def _start(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _read(self, reader: asyncio.StreamReader) -> None:
        stream = SipStream()
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(65_536):
                for event in stream.feed(data):
                    self.take(event)

    def take(self, event: object) -> None:
        """A message that has come in."""
        if not isinstance(event, SipMessage):
            return
        if event.status:
            waiting = self._waiting.get(event.transaction[0])
            if waiting is not None and not waiting.done() and event.status >= 200:
                waiting.set_result(event)
            return
        if event.transaction in self._answered:
            self._send(self._answered[event.transaction])
            return
        content = parse(event.body) if event.body.lstrip()[:1] == b"<" else None
        self.heard.append((event.method, content))
        self.heard_of[event.method] = event
        self._reply(event, content)

    def _reply(self, request: SipMessage, content: Manscdp | None) -> None:
        if request.method == "INVITE":
            self.invites.append(request)
            return (self.on_invite or self._ring)(request)
        if request.method == "ACK":
            return None
        expires = (("expires", request.get("expires")),) if request.method == "SUBSCRIBE" else ()
        reply = answer(request, 200, tag=secrets.token_hex(4), headers=expires).encode()
        self._answered[request.transaction] = reply
        self._send(reply)
        if content is not None:
            self._start(self._act(content))
        return None

    def _ring(self, request: SipMessage) -> None:
        """Trying first, then the picture's description, or the refusal that was set."""
        self.answer(request, 100)
        self.answer(request, self.recorder.play_status)

    def answer(self, invite: SipMessage, status: int, *, ssrc: str = "", host: str = "127.0.0.1") -> None:
        """To an invitation; a 200 says from where the picture comes, under the SSRC that was asked for or another."""
        if status == 100:
            return self._send(answer(invite, 100).encode())
        asked = invite.body.decode()
        words = {"host": host, "camera": self.recorder.code, "ssrc": ssrc or asked.partition("y=")[2][:10]}
        words |= {"media": "TCP/RTP/AVP" if "a=setup" in asked else "RTP/AVP"}
        body = ANSWER_SDP.format(**words).encode() if status == 200 else b""
        tag = self._tags.setdefault(invite.get("call-id"), secrets.token_hex(4))
        headers = (("content-type", "application/sdp"),)
        return self._send(replace(answer(invite, status, tag=tag, headers=headers), body=body).encode())

    async def _act(self, content: Manscdp) -> None:
        """Answers a question or a command with a message of its own."""
        if (content.root, content.command) == ("Query", "Catalog"):
            await self._catalog(content.number)
        elif content.root in {"Query", "Control"} and content.command in {
            "DeviceInfo",
            "DeviceStatus",
            "DeviceControl",
        }:
            words = {"Result": "OK", "Manufacturer": "安澜仿真", "Model": "SIM-1", "Firmware": "V1.0"}
            await self.say("Response", content.command, words, number=content.number)
        elif (content.root, content.command) == ("Response", "Alarm"):
            self.on_alarm_answer(content.fields.get("Result", ""))

    async def _catalog(self, number: str) -> None:
        channels, page = self.recorder.channels, self.recorder.page
        total = len(channels) if self.recorder.total is None else self.recorder.total
        for at in range(0, len(channels), page):
            items = "".join(_item(one) for one in channels[at : at + page])
            await self.say("Response", "Catalog", {"SumNum": total, "DeviceList": items}, number=number)


def _item(channel: Mapping[str, object]) -> str:
    words = "".join(f"<{name}>{escape(str(value))}</{name}>" for name, value in channel.items())
    return f"<Item>{words}</Item>"


class _Ear(asyncio.DatagramProtocol):
    def __init__(self, device: Device) -> None:
        self._device = device

    def datagram_received(self, data: bytes, _address: Any) -> None:
        self._device.take(parse_datagram(data))

    def error_received(self, _error: Exception) -> None:
        """Nobody listens there at the moment."""
