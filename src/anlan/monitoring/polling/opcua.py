"""OPC UA: nodes asked for all at once, or subscribed to."""

import asyncio
import contextlib
import json
import logging
from collections import deque
from typing import Any

from asyncua import ua
from asyncua.client.client import Client
from asyncua.ua.uaerrors import UaError, UaStringParsingError

from anlan.monitoring.moments import now_ms
from anlan.monitoring.polling.lines import Answer
from anlan.monitoring.polling.login import prepared, trouble_of
from anlan.monitoring.polling.plans import Plan, Point, PollError
from anlan.monitoring.polling.registers import scaled
from anlan.protocols import Reading

MOST_WAITING = 50_000
"""Changes of one subscription that are held between two polls; the oldest make room."""
VALUE = 13
"""The attribute of a node that is its value."""
log = logging.getLogger("asyncua")
log.setLevel(logging.CRITICAL)


class OpcLine:
    def __init__(self, plan: Plan) -> None:
        self._address, self._login = plan.address, plan.login
        self._client: Client | None = None
        self._changes: _Changes | None = None

    async def ask(self, plan: Plan, now: int) -> Answer:
        client = await self._open(plan.timeout)
        points = [point for point in plan.points if point.node]
        try:
            if plan.subscribe:
                return await self._gathered(client, plan, points)
            return _read(points, await self._values(client, points), now)
        except UaError as error:
            await self.close()
            raise PollError("exception", str(error)) from error

    async def _open(self, timeout: int) -> Client:
        if self._client is None:
            client = Client(self._address, timeout=timeout)
            try:
                await prepared(client, self._login)
                await client.connect()
            except (UaError, ConnectionError) as error:
                raise trouble_of(error) from error
            self._client = client
        return self._client

    async def _values(self, client: Client, points: list[Point]) -> list[ua.DataValue]:
        """In the order of the points; a node that nobody knows, or that cannot be read, has a bad status."""
        asked = []
        for point in points:
            try:
                node = ua.NodeId.from_string(point.node)
            except (UaStringParsingError, ValueError) as error:
                raise PollError("plan", point.node) from error
            asked.append(ua.ReadValueId(NodeId=node, AttributeId=VALUE))
        return await client.uaclient.read(ua.ReadParameters(NodesToRead=asked))

    async def _gathered(self, client: Client, plan: Plan, points: list[Point]) -> Answer:
        """What has changed since the last time; nothing new is an answer too, as long as the server is there."""
        if self._changes is None:
            changes = _Changes()
            subscription = await client.create_subscription(min(1000, 500 * plan.period), changes)
            nodes = [client.get_node(point.node) for point in points]
            handles = await subscription.subscribe_data_change(nodes)
            for point, handle in zip(points, handles, strict=True):
                if isinstance(handle, ua.StatusCode):
                    changes.refused.append(f"{handle.name}:{point.key}")
            changes.points = {str(client.get_node(point.node).nodeid): point for point in points}
            self._changes = changes
            await asyncio.sleep(0.2)
        await client.check_connection()
        if self._changes.lost:
            raise PollError("unreachable", "the subscription has ended")
        return self._changes.answer()

    async def close(self) -> None:
        client, self._client, self._changes = self._client, None, None
        if client is not None:
            with contextlib.suppress(Exception):
                async with asyncio.timeout(2):
                    await client.disconnect()


class _Changes:
    """Hears what a server tells of its nodes."""

    def __init__(self) -> None:
        self.points: dict[str, Point] = {}
        self.refused: list[str] = []
        self.lost = False
        self._waiting: deque[tuple[str, ua.DataValue]] = deque(maxlen=MOST_WAITING)

    def datachange_notification(self, node: Any, _value: object, data: Any) -> None:
        self._waiting.append((str(node.nodeid), data.monitored_item.Value))

    def status_change_notification(self, _status: object) -> None:
        self.lost = True

    def answer(self) -> Answer:
        told = [self._waiting.popleft() for _ in range(len(self._waiting))]
        answer = Answer(deviations=list(self.refused))
        for node, value in told:
            if node in self.points:
                _add(answer, self.points[node], value, _moment(value))
        return _shown(answer)


def _moment(value: ua.DataValue) -> int:
    """When the source says that the value was, else now."""
    at = value.SourceTimestamp or value.ServerTimestamp
    return now_ms() if at is None else int(at.timestamp() * 1000)


def _read(points: list[Point], values: list[ua.DataValue], now: int) -> Answer:
    answer = Answer()
    for point, value in zip(points, values, strict=True):
        _add(answer, point, value, now)
    if answer.readings and len(answer.deviations) == len(answer.readings):
        raise PollError("exception", answer.deviations[0])
    return _shown(answer)


def _add(answer: Answer, point: Point, said: ua.DataValue, time: int) -> None:
    """A bad status, a text or an array is a missing value with a name."""
    value: object = said.Value.Value if said.Value is not None else None
    number = float("nan")
    if said.StatusCode is not None and not said.StatusCode.is_good():
        answer.deviations.append(f"{said.StatusCode.name}:{point.key}")
    elif isinstance(value, int | float):
        number = scaled(point, float(value))
    else:
        answer.deviations.append(f"no_number:{point.key}")
    answer.readings.append(Reading(series=point.key, time=time, value=number, unit=point.unit))


def _shown(answer: Answer) -> Answer:
    told = [[r.series, r.time, None if r.missing else r.value] for r in answer.readings]
    answer.raw = json.dumps(told, ensure_ascii=False).encode()[:4096]
    return answer
