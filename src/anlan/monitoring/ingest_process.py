"""The ingest process: device sockets in, durable readings out; an acknowledgement never precedes its commit.

Started by `anlan serve`, or alone by `anlan serve --only ingest`. Set by the environment: `ANLAN_INGEST_HOST`
(127.0.0.1), `ANLAN_PORT_<PROTOCOL>` (0: off), `ANLAN_PORT_DTU` (lines that dial in; off), `ANLAN_MQTT_URL` (empty:
off), `ANLAN_MQTT_CLIENT`, `ANLAN_MQTT_SHARE`, `ANLAN_PORT_SIP` and what `video.configuration` names, and the bounds of
`gateway.limits`; TLS ports and the networks that may speak are set as `gateway.tcp_door` says. A broker must queue without a bound (Mosquitto: `max_queued_messages 0`).
"""

import asyncio
import contextlib
import gc
import logging
import os
import resource
import signal
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from django.db import Error, close_old_connections, connections

from anlan.monitoring.commanding.dispatch import Dispatcher
from anlan.monitoring.commanding.lines import Lines
from anlan.monitoring.feeds import pull_forever
from anlan.monitoring.gateway.ai_topic import AiTopic
from anlan.monitoring.gateway.inbox import Inbox
from anlan.monitoring.gateway.limits import Limits
from anlan.monitoring.gateway.mqtt import Broker, Client
from anlan.monitoring.gateway.mqtt_readings import Readings
from anlan.monitoring.gateway.onvif import OnvifWatch
from anlan.monitoring.gateway.sip import SipServer
from anlan.monitoring.gateway.sparkplug import SparkplugHost
from anlan.monitoring.gateway.tcp import Server
from anlan.monitoring.gateway.tcp_door import doors
from anlan.monitoring.gateway.tcp_keys import Keys
from anlan.monitoring.gateway.writer import Writer
from anlan.monitoring.journal import checkpoint_if_due
from anlan.monitoring.judging import judging
from anlan.monitoring.moments import now_ms
from anlan.monitoring.polling.poller import Pollers
from anlan.monitoring.projections import rebuild
from anlan.monitoring.silence import silence_sweep
from anlan.monitoring.video.configuration import SipSettings, sip_port
from anlan.monitoring.warming import warm_up
from anlan.protocols import protocols
from anlan.rules import warm

COLLECTED = 50_000, 20, 50
"""How seldom garbage in circles is looked for: frames and readings make none, and are very many at once."""
log = logging.getLogger(__name__)


class Ingest:
    """Everything that runs in the process."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.inbox = Inbox(limits.room)
        self.lines = Lines()
        self.servers: list[Server] = []
        self.mqtt: Client | None = None
        self.sip: SipServer | None = None
        self._tasks: list[asyncio.Task[None]] = []

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        self._tasks.append(asyncio.create_task(work))

    async def open(self, host: str, ports: dict[str, int], mqtt_url: str | None) -> None:
        self.start(Writer(self.inbox, self.limits.batch).run())
        self.start(sweep_forever(self.limits.sweep))
        self.start(Dispatcher(self.lines, self.limits.command).run())
        self.start(Pollers(self.inbox).run(host, int(os.environ.get("ANLAN_PORT_DTU") or 0)))
        self.start(pull_forever())
        await self._open_doors(host, ports)
        self.start(OnvifWatch().run())
        if port := sip_port():
            self.sip = SipServer(SipSettings.from_environment(), self.limits)
            await self.sip.open(host, port)
        if mqtt_url:
            words = os.environ
            name, share = words.get("ANLAN_MQTT_CLIENT", "anlan-ingest"), words.get("ANLAN_MQTT_SHARE", "")
            broker = Broker.at(mqtt_url)
            self.mqtt = Readings(broker, self.inbox, name=name, share=share).client
            self.start(self.mqtt.run())
            self.start(AiTopic(broker, name=name, share=share).run())
            self.start(SparkplugHost(broker, self.inbox, name=name).run())

    async def _open_doors(self, host: str, ports: dict[str, int]) -> None:
        """The plain port of each protocol, and its TLS port where it has one."""
        keys = Keys()
        self.start(keys.run())
        for name, spec in protocols().items():
            plain, secure, secure_port = doors(name)
            for door, port in ((plain, ports.get(name, 0)), (secure, secure_port)):
                if door is not None and port:
                    server = Server(spec, self.inbox, self.limits, self.lines, keys, door)
                    await server.listen(host, port)
                    self.servers.append(server)

    async def close(self) -> None:
        """Takes nothing more, makes what it has durable and answers it, within the time that there is."""
        for server in self.servers:
            server.stop_reading()
        if self.mqtt is not None:
            self.mqtt.hold()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self.limits.drain):
                await self.inbox.drained()
                await asyncio.sleep(0.05)
        if self.sip is not None:
            await self.sip.close()
        for server in self.servers:
            await server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


async def sweep_forever(pause: float) -> None:
    """Looks for silence again and again; first of all the newest values are put right."""
    thread, since = ThreadPoolExecutor(1, thread_name_prefix="ingest-sweep"), now_ms()
    work: Callable[[int], None] = _begin
    try:
        while True:
            await asyncio.sleep(pause)
            try:
                await asyncio.get_running_loop().run_in_executor(thread, work, since)
                work = _sweep
            except Error as error:
                log.warning("no sweep for silence: %s", str(error).strip())
    finally:
        thread.submit(connections.close_all)
        thread.shutdown(wait=True)


def _begin(_since: int) -> None:
    """What the process before this one did not come to write."""
    close_old_connections()
    rebuild()
    warm_up()


def _sweep(since: int) -> None:
    close_old_connections()
    now = now_ms()
    silence_sweep(now=now, since=since)
    with judging() as memory:
        checkpoint_if_due(memory, time.monotonic())


async def main(ports: dict[str, int], mqtt_url: str | None, stop: asyncio.Event | None = None) -> None:
    """Serves until `stop` is set, or SIGTERM or SIGINT comes."""
    ending = stop or _ended_by_signal()
    host = os.environ.get("ANLAN_INGEST_HOST", "127.0.0.1")
    ingest = Ingest(Limits.from_environment())
    try:
        await ingest.open(host, ports, mqtt_url)
        where = ", ".join(f"{name} {port}" for name, port in ports.items())
        print(f"anlan ingest: {where or 'no TCP'} on {host}{', MQTT' if mqtt_url else ''}", flush=True)
        await ending.wait()
    finally:
        await ingest.close()


def _ended_by_signal() -> asyncio.Event:
    ending = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, ending.set)
    return ending


def ports_from_environment() -> dict[str, int]:
    """The port of each protocol that is on."""
    told = {
        name: int(os.environ.get(f"ANLAN_PORT_{name.upper()}") or spec.port or 0) for name, spec in protocols().items()
    }
    return {name: port for name, port in told.items() if port}


def run() -> None:
    """The process's entry, after Django has been set up."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard if soft != resource.RLIM_INFINITY else soft, hard))
    warm()
    gc.freeze()
    gc.set_threshold(*COLLECTED)
    asyncio.run(main(ports_from_environment(), os.environ.get("ANLAN_MQTT_URL") or None))
