"""What is to be asked, read from the rows, and what became of the asking, written back to them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import urlsplit

from django.db import close_old_connections, connection, transaction
from django.db.models import Prefetch

from anlan.monitoring.models import PollAccess, PolledPoint, PollPlan
from anlan.monitoring.moments import moment
from anlan.monitoring.video.sealing import unseal

LOCK = 0x616E6C70
PORTS = {"modbus": 502, "modbus-rtu": 502, "cjt188": 7188, "opc.tcp": 4840, "modbus-dtu": 1, "cjt188-dtu": 1}
PROTOCOLS = {
    "modbus": "modbus", "modbus-rtu": "modbus", "modbus-dtu": "modbus", "cjt188": "cjt188", "cjt188-dtu": "cjt188",
    "opc.tcp": "opcua",
}  # fmt: skip
"""The protocol of a device by the scheme of its address."""


class PollError(Exception):
    """Why a poll gave nothing. `kind` is a name of the ledger's: unreachable, no_answer, exception, format, plan."""

    def __init__(self, kind: str, detail: str = "") -> None:
        super().__init__(kind, detail)
        self.kind, self.detail = kind, detail


@dataclass(frozen=True, kw_only=True)
class Point:
    """One value to be read; `number` is a register's address, None for a node."""

    key: str
    unit: str
    table: str
    number: int | None
    type: str
    word_order: str
    node: str
    scale: float
    offset: float
    missing: float | None


@dataclass(frozen=True, kw_only=True)
class Login:
    """How an OPC UA server is logged in to, in the words of `PollAccess`; the password is in no printed form of it."""

    security: str = "none"
    login: str = "anonymous"
    user: str = ""
    password: str = field(default="", repr=False)
    fingerprint: str = ""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How one device is asked. Times in seconds."""

    device_id: int
    protocol: str
    code: str
    address: str
    unit: int
    subscribe: bool
    period: int
    timeout: int
    points: tuple[Point, ...]
    login: Login = Login()

    @property
    def scheme(self) -> str:
        return urlsplit(self.address).scheme

    @property
    def host(self) -> str:
        """The host, or the registration of a DTU, whose capitals count."""
        address = urlsplit(self.address)
        return address.netloc if self.dials_in else address.hostname or ""

    @property
    def dials_in(self) -> bool:
        return self.scheme.endswith("-dtu")

    @property
    def port(self) -> int:
        return urlsplit(self.address).port or PORTS[self.scheme]


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What became of one poll, at `time` (ms); `error` is empty where it gave what was asked for."""

    device_id: int
    time: int
    error: str


def plans_load() -> list[Plan] | None:
    """Every plan that is on. None where another process asks the devices already."""
    close_old_connections()
    with connection.cursor() as cursor:
        cursor.execute("select pg_try_advisory_lock(%s)", [LOCK])
        if cursor.fetchone() != (True,):
            return None
    points = Prefetch("device__polled_points", PolledPoint.objects.filter(active=True).order_by("pk"))
    rows = PollPlan.objects.filter(active=True).select_related("device__poll_access").prefetch_related(points)
    return [_plan(row) for row in rows]


def _plan(row: PollPlan) -> Plan:
    return Plan(
        device_id=row.device_id,
        protocol=row.device.protocol,
        code=row.device.code,
        address=row.address,
        unit=row.unit,
        subscribe=row.mode == PollPlan.Mode.SUBSCRIBE,
        period=max(1, row.period),
        timeout=max(1, row.timeout),
        points=tuple(_point(point) for point in row.device.polled_points.all()),
        login=_login(getattr(row.device, "poll_access", None)),
    )


def _login(row: PollAccess | None) -> Login:
    if row is None:
        return Login()
    return Login(
        security=row.security,
        login=row.login,
        user=row.user,
        password=unseal(row.sealed),
        fingerprint=row.fingerprint,
    )


def _point(row: PolledPoint) -> Point:
    return Point(
        key=row.key,
        unit=row.unit,
        table=row.table,
        number=row.address,
        type=row.type,
        word_order=row.word_order,
        node=row.node,
        scale=row.scale,
        offset=row.offset,
        missing=row.missing,
    )


def faults(plan: Plan) -> str:
    """Why a plan cannot be followed, in the words of the device page; empty where it can."""
    try:
        known = PROTOCOLS.get(plan.scheme) == plan.protocol and bool(plan.host) and plan.port > 0
    except ValueError:
        known = False
    if not known:
        return f"{plan.address} · {plan.protocol}"
    if plan.protocol != "cjt188" and not any(bool(p.node) == (plan.protocol == "opcua") for p in plan.points):
        return "no points"
    return ""


_NOTE = """
update monitoring_pollplan p set
    polls = p.polls + w.polls, errors = p.errors + w.errors,
    failures = case when w.ok is null then p.failures + w.errors else w.after end,
    last_poll_at = w.at, last_ok_at = coalesce(w.ok, p.last_ok_at), last_error = w.error
from unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::timestamptz[], %s::timestamptz[], %s::text[])
    w(id, polls, errors, after, at, ok, error)
where p.device_id = w.id
"""


def outcomes_note(outcomes: Iterable[Outcome]) -> None:
    """Adds what happened to each plan's row; the last error stays until a poll succeeds."""
    by_device: dict[int, list[Outcome]] = {}
    for outcome in outcomes:
        by_device.setdefault(outcome.device_id, []).append(outcome)
    if not by_device:
        return
    close_old_connections()
    rows = [_sums(device_id, found) for device_id, found in sorted(by_device.items())]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_NOTE, [list(column) for column in zip(*rows, strict=True)])


def _sums(device_id: int, found: Sequence[Outcome]) -> tuple[int, int, int, int, datetime, datetime | None, str]:
    """Polls, failures among them, failures since the last success, last poll, last success, last error."""
    good = [place for place, one in enumerate(found) if not one.error]
    after = len(found) - 1 - good[-1] if good else 0
    errors = len(found) - len(good)
    succeeded = moment(found[good[-1]].time) if good else None
    return device_id, len(found), errors, after, moment(found[-1].time), succeeded, found[-1].error[:200]
