"""The demo's hazards: one for each confirmed sighting, and some of people's, taken through their steps by the services."""

import io
import json
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import count
from pathlib import Path
from random import Random
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from PIL import Image, ImageDraw

from anlan.accounts.models import User
from anlan.accounts.roles import Role
from anlan.kit.demo import DemoWorld
from anlan.monitoring.models import Becomes, Sighting
from anlan.monitoring.video_flow import SightingState
from anlan.registry.models import Enterprise
from anlan.supervision import services
from anlan.supervision.categories_load import categories_load
from anlan.supervision.kinds import FoundBy
from anlan.supervision.models import Hazard, HazardCategory

FILE = Path(__file__).parent / "data" / "demo_hazards.json"
SIZE = (800, 600)


@dataclass(frozen=True, kw_only=True)
class Cast:
    """Who acts. The inspector, the sub-district and the firms stand in one sub-district; `maker` is of the first firm."""

    inspector: User
    street: User
    officer: User
    leader: User
    department: User
    maker: User | None
    firms: list[Enterprise]


def demo(world: DemoWorld) -> None:
    """Moments of what is open are counted from the day on which the demo is made, so that not everything is late."""
    categories_load()
    cast, told = _cast(), json.loads(FILE.read_text(encoding="utf-8"))
    if cast is None:
        return
    stage = _Stage(cast=cast, told=told, today=timezone.localdate(), rng=world.rng("supervision"))
    for number, story in enumerate(told["stories"]):
        stage.tell(story, cast.firms[number % len(cast.firms)], number)
    for sighting in Sighting.objects.filter(state=SightingState.CONFIRMED, becomes=Becomes.HAZARD).order_by("pk"):
        stage.see(sighting)
    world.hush("supervision.")
    world.progress(_("隐患 %(count)d 条") % {"count": Hazard.objects.count()})


def _cast() -> Cast | None:
    """None for a district that lacks somebody."""
    of = {role: User.objects.filter(role=role).select_related("area").order_by("pk") for role in Role}
    inspector = of[Role.INSPECTOR].first()
    if inspector is None or inspector.area is None:
        return None
    path = inspector.area.path
    firms = Enterprise.objects.filter(area__path__startswith=path).exclude(location=None).order_by("pk")
    maker = of[Role.ENTERPRISE].filter(area__path__startswith=path).first()
    own = list(firms.filter(organisation=maker.organisation)) if maker else []
    others = [of[role].first() for role in (Role.DUTY_OFFICER, Role.LEADER, Role.DEPARTMENT)]
    street = of[Role.STREET].filter(area=inspector.area).first()
    if street is None or not firms or None in others:
        return None
    officer, leader, department = others
    people: dict[str, Any] = {"officer": officer, "leader": leader, "department": department, "street": street}
    return Cast(
        inspector=inspector, maker=maker, firms=[*own, *firms.exclude(pk__in=[f.pk for f in own])[:9]], **people
    )


class _Stage:
    """Plays stories; each picture is drawn once."""

    def __init__(self, *, cast: Cast, told: dict[str, Any], today: date, rng: Random) -> None:
        self.cast, self.told, self.today, self.rng = cast, told, today, rng
        self.numbers = count()

    def at(self, days: int, hour: int = 9) -> datetime:
        """A moment some days before the demo is made."""
        day = self.today - timedelta(days=days)
        return timezone.make_aware(datetime.combine(day, time(hour, self.rng.randrange(60), self.rng.randrange(60))))

    def tell(self, story: dict[str, str], firm: Enterprise, number: int) -> None:
        days = {"overdue": 20, "closed": 40, "listed": 12, "returned": 18}.get(story["fate"], 4)
        row = services.hazard_report(
            description=story["what"],
            level=story["level"],
            source=FoundBy.INSPECTION if number % 3 else FoundBy.PATROL,
            category=HazardCategory.objects.get(code=story["category"]),
            enterprise=firm,
            photos=[self.picture()],
            by=self.cast.inspector,
            at=self.at(days),
        )
        getattr(self, f"_{story['fate']}")(row, story, days)

    def see(self, sighting: Sighting) -> None:
        """A sighting's hazard is ordered by the desk; in the inspector's own sub-district some are closed."""
        row = services.hazard_from_sighting(sighting_id=sighting.pk)
        if row is None:
            return
        at, words = row.found_at + timedelta(minutes=self.rng.randrange(5, 90)), self.told["sighting"]
        day = max(self.today, timezone.localtime(at).date()) + timedelta(days=self.rng.randrange(2, 15))
        who: Any = {} if row.enterprise or row.organisation else {"contact_name": str(row.area)}
        row = services.hazard_order(
            hazard=row, requirement=words["requirement"], due_on=day, by=self.cast.officer, at=at, **who
        )
        if row.area.path.startswith(self.cast.street.area.path) and self.rng.random() < 0.7:  # type: ignore[union-attr]
            at += timedelta(hours=self.rng.randrange(2, 40))
            row = self._done(row, words["done"], at, by=self.cast.street)
            services.hazard_pass(hazard=row, by=self.cast.inspector, at=at + timedelta(hours=3))

    def _ordered(self, row: Hazard, story: dict[str, str], days: int, until: int) -> Hazard:
        """`until`: days from the day on which the demo is made."""
        due, at = self.today + timedelta(days=until), self.at(days, 11)
        words: Any = {"requirement": story["requirement"], "due_on": due}
        return services.hazard_order(hazard=row, by=self.cast.inspector, at=at, **words)

    def _done(self, row: Hazard, note: str, at: datetime, by: User | None = None) -> Hazard:
        maker = self.cast.maker
        own = maker and row.organisation_id == maker.organisation_id
        who = by or (maker if own and maker else self.cast.street)
        return services.hazard_rectify(hazard=row, note=note, photos=[self.picture(good=True)], by=who, at=at)

    def _found(self, row: Hazard, story: dict[str, str], days: int) -> None:
        """Waits to be ordered."""

    def _closed(self, row: Hazard, story: dict[str, str], days: int) -> None:
        row = self._ordered(row, story, days, until=-days + 15)
        row = self._done(row, story["done"], self.at(days - 6))
        services.hazard_pass(hazard=row, note="", by=self.cast.inspector, at=self.at(days - 8, 15))

    def _rectified(self, row: Hazard, story: dict[str, str], days: int) -> None:
        self._done(self._ordered(row, story, days, until=11), story["done"], self.at(1))

    def _on_site(self, row: Hazard, story: dict[str, str], days: int) -> None:
        self._done(row, story["done"], self.at(days, 10), by=self.cast.inspector)

    def _overdue(self, row: Hazard, story: dict[str, str], days: int) -> None:
        self._ordered(row, story, days, until=-3)

    def _major(self, row: Hazard, story: dict[str, str], days: int) -> None:
        self._ordered(row, story, days, until=26)

    def _asked(self, row: Hazard, story: dict[str, str], days: int) -> None:
        row = self._ordered(row, story, days, until=4)
        until = self.today + timedelta(days=11)
        services.hazard_ask_more(
            hazard=row, until=until, reason=self.told["extension"], by=self.cast.street, at=self.at(1)
        )

    def _listed(self, row: Hazard, story: dict[str, str], days: int) -> None:
        row = self._ordered(row, story, days, until=18)
        row = services.hazard_list(
            hazard=row, reason=self.told["listed"], by=self.cast.leader, at=self.at(days - 1, 16)
        )
        row = self._done(row, story["done"], self.at(3))
        services.hazard_pass(hazard=row, by=self.cast.inspector, at=self.at(1, 15))

    def _returned(self, row: Hazard, story: dict[str, str], days: int) -> None:
        row = self._done(self._ordered(row, story, days, until=2), story["done"], self.at(6))
        reason, photos = self.told["returned"], [self.picture()]
        services.hazard_send_back(hazard=row, reason=reason, photos=photos, by=self.cast.inspector, at=self.at(4, 16))

    def _withdrawn(self, row: Hazard, story: dict[str, str], days: int) -> None:
        services.hazard_withdraw(hazard=row, reason=self.told["withdrawn"], by=self.cast.inspector, at=self.at(2))

    def picture(self, *, good: bool = False) -> bytes:
        """A plainly drawn scene, unlike every other, so that nobody takes it for a photograph."""
        image = Image.new("RGB", SIZE, (204, 210, 214))
        pen, rng = ImageDraw.Draw(image), Random(next(self.numbers))
        pen.rectangle((0, 430, 800, 600), fill=(150, 154, 156))
        pen.rectangle((300, 120, 500, 430), fill=(96, 132, 110), outline=(60, 70, 64), width=8)
        for _box in range(0 if good else 9):
            x, y, side = rng.randrange(220, 520), rng.randrange(300, 420), rng.randrange(60, 120)
            fill = (rng.randrange(150, 190), rng.randrange(110, 140), 80)
            pen.rectangle((x, y, x + side, y + side), fill=fill, outline=(96, 70, 44), width=4)
        pen.rectangle((20, 20, 20 + rng.randrange(40, 200), 44), fill=(rng.randrange(256), rng.randrange(256), 120))
        out = io.BytesIO()
        image.save(out, "JPEG", quality=82)
        return out.getvalue()
