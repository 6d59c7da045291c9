"""A Sparkplug B edge node as a maker of messages: births with aliases, data that use them, and its last will."""

from collections.abc import Mapping

from anlan.protocols import sparkplug_payload as payloads
from anlan.protocols.sparkplug import SPACE
from anlan.protocols.sparkplug_payload import Metric

Message = tuple[str, bytes]


class EdgeNode:
    """Gives (topic, payload). `session` is its bdSeq; a device's aliases are those of its birth."""

    def __init__(self, group: str, name: str, session: int = 0) -> None:
        self._group, self._name, self._session = group, name, session
        self._seq = 0
        self._aliases: dict[tuple[str, str], int] = {}

    def will(self) -> Message:
        """What the broker says when the node is gone; given to it with the connection."""
        return self._topic("NDEATH"), payloads.write([self._bd(0)], time=0, seq=None)

    def birth(self, time: int, values: Mapping[str, float], units: Mapping[str, str] | None = None) -> Message:
        self._seq = 0
        metrics = [self._bd(time), *self._named("", time, values, units or {})]
        return self._topic("NBIRTH"), payloads.write(metrics, time=time, seq=0)

    def device_birth(
        self, device: str, time: int, values: Mapping[str, float], units: Mapping[str, str] | None = None
    ) -> Message:
        return self._topic("DBIRTH", device), self._counted(time, self._named(device, time, values, units or {}))

    def data(self, device: str, time: int, values: Mapping[str, float]) -> Message:
        """By alias alone; `device` "" is the node itself."""
        metrics = [
            Metric(alias=self._aliases[device, name], time=time, kind=payloads.DOUBLE, value=value)
            for name, value in values.items()
        ]
        return self._topic("DDATA" if device else "NDATA", device), self._counted(time, metrics)

    def device_death(self, device: str, time: int) -> Message:
        return self._topic("DDEATH", device), self._counted(time, [])

    def lose_one(self) -> None:
        """A message that never arrives."""
        self._seq = (self._seq + 1) % 256

    def _counted(self, time: int, metrics: list[Metric]) -> bytes:
        self.lose_one()
        return payloads.write(metrics, time=time, seq=self._seq)

    def _topic(self, kind: str, device: str = "") -> str:
        return "/".join([SPACE, self._group, kind, self._name, *([device] if device else [])])

    def _bd(self, time: int) -> Metric:
        return Metric(name="bdSeq", kind=payloads.INT64, value=self._session, time=time)

    def _named(self, device: str, time: int, values: Mapping[str, float], units: Mapping[str, str]) -> list[Metric]:
        found = []
        for name, value in values.items():
            alias = self._aliases.setdefault((device, name), len(self._aliases) + 1)
            found.append(
                Metric(name=name, alias=alias, time=time, kind=payloads.DOUBLE, value=value, unit=units.get(name, ""))
            )
        return found
