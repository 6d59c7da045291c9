"""Sparkplug B over MQTT: what edge nodes and their devices say, in the order in which the broker gives it.

Aliases mean something only after a birth, so a host must follow the whole stream: `Host` does, purely. A node is the
device "group/node", a device behind it "group/node/device". Series are the names of metrics.
"""

from collections import OrderedDict
from dataclasses import dataclass, field

from anlan.protocols import sparkplug_payload as payloads
from anlan.protocols.frames import Event, Frame, FrameError, Reading
from anlan.protocols.sparkplug_payload import Metric, Payload
from anlan.vocab import clock, units

NAME, SPACE = "sparkplug", "spBv1.0"
MOST_NODES, MOST_DEVICES = 2_000, 500
PATIENCE = 10_000
"""A node is asked for its birth at most once in so many ms."""
BIRTHS, DATA, DEATHS = ("NBIRTH", "DBIRTH"), ("NDATA", "DDATA"), ("NDEATH", "DDEATH")
MISSED = {"sequence_gap", "unknown_alias"}
REBIRTH = "Node Control/Rebirth"
_NO_READINGS = ("Node Control/", "Device Control/", "Node Info/", "Properties/", "bdSeq")


@dataclass(kw_only=True)
class Told:
    """What a message means: frames to keep, nodes ("group/node") to ask for their birth, devices that are gone."""

    events: list[Event] = field(default_factory=list)
    rebirths: list[str] = field(default_factory=list)
    offline: list[str] = field(default_factory=list)


@dataclass(kw_only=True)
class _Node:
    """What is known of a node since its birth; `metrics` by device ("" is the node) and alias."""

    seq: int | None = None
    session: float | None = None
    asked: int = -PATIENCE
    metrics: dict[str, dict[int, Metric]] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class _Address:
    node: str
    kind: str
    device: str

    @property
    def code(self) -> str:
        return f"{self.node}/{self.device}" if self.device else self.node

    @property
    def needs(self) -> str:
        """Whose birth must have been heard: a device's own, and for that its node's ("")."""
        return "" if self.kind == "DBIRTH" else self.device


class Host:
    """Remembers a bounded number of nodes; those not heard for longest make room, and are born again when heard."""

    def __init__(self) -> None:
        self._nodes: OrderedDict[str, _Node] = OrderedDict()

    def handle(self, topic: str, data: bytes, now: int) -> Told:
        """What a message means at `now` (ms). Never raises; commands and states of hosts mean nothing."""
        try:
            address = _address(topic)
            return Told() if address is None else self._told(address, payloads.read(data), data, now)
        except FrameError as error:
            return Told(events=[FrameError(error.kind, error.detail, data)])

    def _told(self, address: _Address, said: Payload, raw: bytes, now: int) -> Told:
        node = self._nodes.get(address.node)
        if address.kind in DEATHS:
            gone = self._death(address, node, said)
            return Told(events=[_frame(address, said, (), {}, [], raw)], offline=gone)
        if address.kind == "NBIRTH":
            node = self._born(address, said)
        lost = node is None or (address.kind != "NBIRTH" and address.needs not in node.metrics)
        node = node or self._remember(address.node, _Node())
        self._nodes.move_to_end(address.node)
        deviations = [] if lost or _follows(node, said, address) else ["sequence_gap"]
        node.seq = said.seq if said.seq is not None else node.seq
        if address.kind in BIRTHS:
            _learn(node, address, said, deviations)
        readings, fields = _readings(node, address, said, now, deviations)
        told = Told(rebirths=_wish(address.node, node, now) if lost or MISSED & set(deviations) else [])
        if lost and not readings:
            told.events = [FrameError("birth", f"{address.kind} of {address.code}", raw)]
        else:
            told.events = [_frame(address, said, readings, fields, deviations, raw)]
        return told

    def _born(self, address: _Address, said: Payload) -> _Node:
        session = next((m.value for m in said.metrics if m.name == "bdSeq"), None)
        node = _Node(session=float(session) if isinstance(session, int | float) else None)
        return self._remember(address.node, node)

    def _remember(self, name: str, node: _Node) -> _Node:
        self._nodes[name] = node
        while len(self._nodes) > MOST_NODES:
            self._nodes.popitem(last=False)
        return node

    def _death(self, address: _Address, node: _Node | None, said: Payload) -> list[str]:
        """Who is gone. The death of a session before the present one is old news."""
        if address.device:
            if node is not None:
                node.metrics.pop(address.device, None)
                node.seq = said.seq if said.seq is not None else node.seq
            return [address.code]
        session = next((m.value for m in said.metrics if m.name == "bdSeq"), None)
        if node is not None and node.session is not None and session is not None and session != node.session:
            return []
        self._nodes.pop(address.node, None)
        devices = [f"{address.node}/{device}" for device in (node.metrics if node else {}) if device]
        return [address.node, *devices]


def _wish(name: str, node: _Node, now: int) -> list[str]:
    """The node, unless it was asked a moment ago."""
    if now - node.asked < PATIENCE:
        return []
    node.asked = now
    return [name]


def _address(topic: str) -> _Address | None:
    words = topic.split("/")
    if words[:2] == [SPACE, "STATE"] or len(words) < 4 or words[2] in ("NCMD", "DCMD"):
        return None
    kind = words[2]
    if words[0] != SPACE or kind not in BIRTHS + DATA + DEATHS or len(words) != 4 + (kind[0] == "D"):
        raise FrameError("topic", topic[:200])
    return _Address(node=f"{words[1]}/{words[3]}", kind=kind, device=words[4] if len(words) == 5 else "")


def _follows(node: _Node, said: Payload, address: _Address) -> bool:
    """Each message counts on from the one before, from 0 to 255; a node's birth begins anew."""
    if address.kind == "NBIRTH" or node.seq is None or said.seq is None:
        return True
    return said.seq == (node.seq + 1) % 256


def _learn(node: _Node, address: _Address, said: Payload, deviations: list[str]) -> None:
    if address.device not in node.metrics and len(node.metrics) > MOST_DEVICES:
        deviations.append("too_many_devices")
        return
    node.metrics[address.device] = {m.alias: m for m in said.metrics if m.alias is not None and m.name}


def _readings(
    node: _Node, address: _Address, said: Payload, now: int, deviations: list[str]
) -> tuple[tuple[Reading, ...], dict[str, object]]:
    """Metrics that are numbers, and the others as fields."""
    known = node.metrics.get(address.device, {})
    found, fields = list[Reading](), dict[str, object]()
    for metric in said.metrics:
        born = known.get(metric.alias) if metric.alias is not None else None
        name = metric.name or (born.name if born else "")
        if not name:
            deviations.append("unknown_alias")
            continue
        kind = metric.kind or (born.kind if born else 0)
        try:
            if name.startswith(_NO_READINGS):
                raise ValueError(name)
            value = metric.number(kind)
        except ValueError:
            fields[name[:128]] = None if metric.null else metric.value
            continue
        unit = metric.unit or (born.unit if born else "")
        time = _time(metric, said, now, deviations)
        found.append(Reading(series=name, time=time, value=value, unit=units.symbol(unit) or unit))
    return tuple(found), fields


def _time(metric: Metric, said: Payload, now: int, deviations: list[str]) -> int:
    time = metric.time if metric.time is not None else said.time
    if time is None:
        deviations.append("missing_time")
        return now
    return min(time, clock.LATEST)


def _frame(
    address: _Address,
    said: Payload,
    readings: tuple[Reading, ...],
    fields: dict[str, object],
    deviations: list[str],
    raw: bytes,
) -> Frame:
    return Frame(
        protocol=NAME,
        device=address.code,
        function=address.kind,
        readings=readings,
        fields={"seq": said.seq, "metrics": fields},
        reply=None,
        raw=raw,
        deviations=tuple(dict.fromkeys(deviations)),
    )


def rebirth(node: str, now: int) -> tuple[str, bytes]:
    """Topic and payload that ask a node ("group/node") for its birth."""
    group, _slash, edge = node.partition("/")
    wish = Metric(name=REBIRTH, kind=payloads.BOOLEAN, value=1, time=now)
    return f"{SPACE}/{group}/NCMD/{edge}", payloads.write([wish], time=now, seq=None)
