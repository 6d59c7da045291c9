"""Events of cameras by ONVIF: one pull point a camera, asked again and again; who does not answer is asked ever less."""

import asyncio
import contextlib
import random
import secrets
import uuid
from collections.abc import AsyncIterator
from urllib.parse import urlsplit, urlunsplit

import httpx
from django.db import Error
from django.utils import timezone

from anlan.monitoring.gateway.sip_work import Work, log
from anlan.monitoring.video.onvif_events import OnvifPoint, onvif_heard, onvif_points, onvif_take
from anlan.protocols import onvif
from anlan.protocols.onvif import Account, OnvifError

TERM, WAIT, PATIENCE = 120, 20, 10.0
"""Seconds that a pull point lives without renewal, that one pull waits, that an answer may take beyond that."""
RELOAD, FIRST_PAUSE, LONGEST_PAUSE = 30.0, 1.0, 300.0


class OnvifWatch:
    """All cameras that have an ONVIF address. `reload` seconds after a change it is followed."""

    def __init__(self, *, reload: float = RELOAD, first_pause: float = FIRST_PAUSE) -> None:
        self._reload, self._first_pause = reload, first_pause
        self._work = Work(source="onvif")
        self._tasks: dict[OnvifPoint, asyncio.Task[None]] = {}

    async def run(self) -> None:
        """For ever; ends by being cancelled."""
        try:
            while True:
                with contextlib.suppress(Error):
                    self._follow(await self._work.do(onvif_points))
                await self._work.flush()
                await asyncio.sleep(self._reload)
        finally:
            watching = list(self._tasks.values())
            self._follow([])
            await asyncio.gather(*watching, return_exceptions=True)
            await self._work.flush()
            self._work.close()

    def _follow(self, points: list[OnvifPoint]) -> None:
        for point in set(self._tasks) - set(points):
            self._tasks.pop(point).cancel()
        for point in points:
            if point not in self._tasks:
                self._tasks[point] = asyncio.create_task(self._watch(point))

    async def _watch(self, point: OnvifPoint) -> None:
        pause = self._first_pause
        while True:
            try:
                async for _pull in self._pulls(point):
                    pause = self._first_pause
            except (httpx.HTTPError, httpx.InvalidURL, OnvifError, TimeoutError) as error:
                self._work.count("unanswered")
                await self._note(point, f"{type(error).__name__}: {error}")
            except Error as error:
                log.warning("ONVIF waits for the database: %s", str(error).strip())
            await asyncio.sleep(pause * random.uniform(0.8, 1.2))
            pause = min(2 * pause, LONGEST_PAUSE)

    async def _note(self, point: OnvifPoint, trouble: str) -> None:
        with contextlib.suppress(Error):
            await self._work.do(onvif_heard, point=point, trouble=trouble, now=timezone.now())

    async def _pulls(self, point: OnvifPoint) -> AsyncIterator[None]:
        """One step for each pull that was answered and whose events are durable."""
        async with httpx.AsyncClient(
            timeout=httpx.Timeout(WAIT + PATIENCE, connect=PATIENCE), trust_env=False
        ) as client:
            asker = _Asker(client, point)
            where = _at_home(onvif.pull_point(await asker.ask("create", onvif.create_body(TERM), point.url)), point.url)
            await self._note(point, "")
            renewed = asyncio.get_running_loop().time()
            try:
                while True:
                    events = onvif.messages(await asker.ask("pull", onvif.pull_body(WAIT), where))
                    for event in events:
                        self._work.count(await self._work.do(onvif_take, point=point, event=event, now=timezone.now()))
                    if asyncio.get_running_loop().time() - renewed > TERM / 2:
                        await asker.ask("renew", onvif.renew_body(TERM), where)
                        await self._note(point, "")
                        renewed = asyncio.get_running_loop().time()
                    yield
            finally:
                with contextlib.suppress(httpx.HTTPError, OnvifError):
                    await asker.ask("end", onvif.END_BODY, where)


class _Asker:
    def __init__(self, client: httpx.AsyncClient, point: OnvifPoint) -> None:
        self._client = client
        self._account = Account(user=point.user, password=point.password)

    async def ask(self, action: str, body: str, url: str) -> bytes:
        """The answer, within bounds; a fault of SOAP comes with status 400 or 500 and is read like any answer."""
        created = f"{timezone.now():%Y-%m-%dT%H:%M:%SZ}"
        security = self._account.header(secrets.token_bytes(16), created)
        request = onvif.envelope(action, body, to=url, security=security, message=str(uuid.uuid4()))
        kind = f'application/soap+xml; charset=utf-8; action="{onvif.ACTIONS[action]}"'
        async with self._client.stream("POST", url, content=request, headers={"Content-Type": kind}) as answer:
            if answer.status_code == 401:
                raise OnvifError("the camera refuses user name or password")
            data = b""
            async for piece in answer.aiter_bytes():
                data += piece
                if len(data) > onvif.LONGEST:
                    raise OnvifError("too long")
            return data


def _at_home(told: str, known: str) -> str:
    """The pull point's path at the address that we know: a camera behind NAT tells its own, and may not send us elsewhere."""
    path, home = urlsplit(told), urlsplit(known)
    return urlunsplit((home.scheme, home.netloc, path.path, path.query, ""))
