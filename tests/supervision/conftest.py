"""A small district with its people, two firms, and a hazard at each stage of its loop."""

import io
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from PIL import Image

from anlan.accounts.models import Area, Organisation, User
from anlan.accounts.roles import Role
from anlan.registry.models import Enterprise
from anlan.supervision import services
from anlan.supervision.models import Hazard, HazardCategory
from town import BACKEND, SPOT, Town, person, town_rows

_colours = count()


@dataclass(kw_only=True)
class District(Town):
    """The rows that the tests act on. `maker` works at the firm, `other_maker` at another; `far` inspects elsewhere."""

    leader: User
    inspector: User
    inspector2: User
    far: User
    community: User
    maker: User
    maker2: User
    other_maker: User
    team: User
    admin: User
    firm: Enterprise
    other_firm: Enterprise
    category: HazardCategory


def jpeg(**more: Any) -> bytes:
    """A picture unlike every other of this run."""
    number, out = next(_colours), io.BytesIO()
    colour = (number % 251, number // 251 % 251, 90)
    Image.new("RGB", (64, 48), colour).save(out, "PNG", **more)
    return out.getvalue()


def firm(name: str, code: str, area: Area, body: Organisation) -> Enterprise:
    return Enterprise.objects.create(
        name=name,
        credit_code=code,
        area=area,
        organisation=body,
        address="东街18号",
        location=SPOT,
        contact_name="李安全",
        contact_phone="13800000001",
    )


@pytest.fixture(autouse=True)
def _own_media(settings: Any, tmp_path: Path) -> None:
    """Files of a test are kept in its own folder."""
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def town(db: None) -> District:
    rows = town_rows()
    district, street, other = rows["district"], rows["street"], rows["other_street"]
    body = Organisation.objects.create(name="东街电子厂", kind=Organisation.Kind.ENTERPRISE, area=street)
    body2 = Organisation.objects.create(name="西街塑胶厂", kind=Organisation.Kind.ENTERPRISE, area=other)
    return District(
        **rows,
        leader=person("leader", "钱局长", Role.LEADER, district),
        inspector=person("inspector", "孙检查", Role.INSPECTOR, street),
        inspector2=person("inspector2", "吴检查", Role.INSPECTOR, street),
        far=person("far", "何检查", Role.INSPECTOR, other),
        community=person("community", "社区网格员", Role.COMMUNITY, street),
        maker=person("maker", "李安全", Role.ENTERPRISE, street, body),
        maker2=person("maker2", "赵车间", Role.ENTERPRISE, street, body),
        other_maker=person("other_maker", "王安全", Role.ENTERPRISE, other, body2),
        team=person("team", "冯队长", Role.TEAM_LEADER, district),
        admin=person("admin", "管理员", Role.ADMINISTRATOR, district),
        firm=firm("东街电子厂", "91440300MA5G00001X", street, body),
        other_firm=firm("西街塑胶厂", "91440300708461136T", other, body2),
        category=HazardCategory.objects.get(code="evacuation"),
    )


@pytest.fixture
def found(town: District) -> Hazard:
    return services.hazard_report(
        description="三楼西侧安全出口被货物堵塞",
        source="inspection",
        category=town.category,
        enterprise=town.firm,
        photos=[jpeg()],
        by=town.inspector,
    )


def ordered(hazard: Hazard, town: District, **more: Any) -> Hazard:
    return services.hazard_order(hazard=hazard, requirement="清除堵塞物，保持常开", by=town.inspector, **more)


def rectified(hazard: Hazard, town: District, **more: Any) -> Hazard:
    usual = {"note": "已清除，出口畅通", "photos": [jpeg()], "by": town.maker}
    return services.hazard_rectify(hazard=hazard, **{**usual, **more})


@pytest.fixture
def browse() -> Callable[[User], Client]:
    def sign(user: User) -> Client:
        client = Client()
        client.force_login(user, backend=BACKEND)
        return client

    return sign
