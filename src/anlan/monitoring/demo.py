"""The demo's devices, each beside something of the district: bridges, reservoirs, gas stations, firms."""

import hashlib
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Any

from django.db.models import QuerySet

from anlan.kit.demo import DemoWorld
from anlan.monitoring.demo_duty import duty_demo
from anlan.monitoring.demo_hours import hours_demo
from anlan.monitoring.life.accesses import LENIENT
from anlan.monitoring.life.credentials import has_code
from anlan.monitoring.models import Device, DeviceAccess, Series, ThresholdRule
from anlan.monitoring.replaying.roster import Group, groups, recorded
from anlan.monitoring.rules_load import rule_values
from anlan.monitoring.video.demo import video_demo
from anlan.registry.models import Enterprise, Facility, Place

Host = Enterprise | Facility | Place


class Hosts:
    """Rows to stand beside, by kind ("facility:bridge"), in a random order that begins again at its end."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self._rows: dict[str, list[Host]] = {}
        self._next: dict[str, int] = {}

    def take(self, kind: str) -> Host:
        """ValueError where the district has none of that kind."""
        if kind not in self._rows:
            rows: list[Host] = list(_rows(kind).exclude(location=None).order_by("id"))
            if not rows:
                raise ValueError(f"the demo has no {kind}")
            self._rng.shuffle(rows)
            self._rows[kind] = rows
        place = self._next.get(kind, 0)
        self._next[kind] = place + 1
        return self._rows[kind][place % len(self._rows[kind])]


def _rows(kind: str) -> QuerySet[Any]:
    model, _colon, name = kind.partition(":")
    if model == "enterprise":
        return Enterprise.objects.filter(**{name: True})
    return (Place if model == "place" else Facility).objects.filter(kind=name)


@dataclass(frozen=True, kw_only=True)
class Post:
    """A device still to be made."""

    group: Group
    code: str
    kind_of_host: str
    host: Host

    def device(self) -> Device:
        host = self.host
        return Device(
            name=f"{host.name}{self.group.title}",
            code=self.code,
            protocol=self.group.protocol,
            kind=self.group.kind,
            area_id=host.area_id,
            organisation_id=host.organisation_id,
            address=host.address,
            location=host.location,
            token_hash=hashlib.sha256(secrets.token_urlsafe(32).encode()).hexdigest(),
            enterprise=host if isinstance(host, Enterprise) else getattr(host, "enterprise", None),
            facility=host if isinstance(host, Facility) else None,
        )


def demo(world: DemoWorld) -> None:
    posts = list(demo_posts(world))
    devices = world.insert([post.device() for post in posts])
    pairs = list(zip(devices, posts, strict=True))
    world.insert([DeviceAccess(device=device, mode=LENIENT) for device in devices if has_code(device.protocol)])
    world.insert([series for device, post in pairs for series in _series(device, post.group)])
    world.insert([rule for device, post in pairs for rule in _own_rules(device, post)])
    video_demo(world)
    duty_demo(world)
    hours_demo(world, Hosts(world.rng("monitoring/hours")))


def demo_posts(world: DemoWorld) -> Iterator[Post]:
    """The devices of a district of this size, with the hosts that it has."""
    hosts = Hosts(world.rng("monitoring/devices"))
    for group in [*groups().values(), *recorded()]:
        for place in range(world.count(group.full, least=group.least)):
            kind = group.host(place)
            yield Post(group=group, code=group.code(place), kind_of_host=kind, host=hosts.take(kind))


def _series(device: Device, group: Group) -> Iterator[Series]:
    for key, (name, unit) in group.series.items():
        yield Series(device=device, key=key, name=name, unit=unit)


def _own_rules(device: Device, post: Post) -> Iterator[ThresholdRule]:
    if entry := post.group.rules.get(post.kind_of_host):
        yield ThresholdRule(device=device, **rule_values(entry))
