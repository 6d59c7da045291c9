"""Roles of the page table and what each may do. The back office, the pages and the API all ask here."""

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _


class Role(models.TextChoices):
    DUTY_OFFICER = "duty_officer", _("值班员")
    COMMANDER = "commander", _("指挥长")
    LEADER = "leader", _("领导")
    INSPECTOR = "inspector", _("检查员")
    TEAM_LEADER = "team_leader", _("救援队长")
    ENTERPRISE = "enterprise", _("企业")
    DEPARTMENT = "department", _("职能部门")
    STREET = "street", _("街道")
    COMMUNITY = "community", _("社区")
    ADMINISTRATOR = "administrator", _("系统管理员")


EVERY = frozenset({"view", "add", "change", "delete"})
WRITE = frozenset({"view", "add", "change"})
VIEW = frozenset({"view"})

GRANTS: dict[str, dict[str, frozenset[str]]] = {
    Role.DUTY_OFFICER: {
        "command": WRITE,
        "monitoring": WRITE,
        "registry": VIEW,
        "accounts": VIEW,
        "kit": VIEW,
    },
    Role.COMMANDER: {"command": WRITE, "monitoring": WRITE, "registry": VIEW, "accounts": VIEW, "kit": VIEW},
    Role.LEADER: {"command": VIEW, "monitoring": VIEW, "registry": VIEW, "accounts": VIEW, "kit": VIEW},
    Role.INSPECTOR: {"supervision": WRITE, "registry": WRITE, "monitoring": VIEW},
    Role.TEAM_LEADER: {"command": VIEW, "registry": VIEW},
    Role.ENTERPRISE: {"registry": VIEW},
    Role.DEPARTMENT: {"command": VIEW, "monitoring": VIEW, "registry": VIEW},
    Role.STREET: {"command": VIEW, "monitoring": VIEW, "registry": WRITE},
    Role.COMMUNITY: {"registry": VIEW, "monitoring": VIEW},
    Role.ADMINISTRATOR: dict.fromkeys(
        ("accounts", "kit", "registry", "monitoring", "command", "supervision", "affairs"), EVERY
    ),
}
"""Role → app label → verbs. Rows are narrowed further by area and organisation."""

REVEAL = frozenset({Role.ADMINISTRATOR, Role.DUTY_OFFICER, Role.COMMANDER})
"""Roles that may read a sensitive field in full; each reading is audited."""


def may_reveal(user: Any) -> bool:
    """True where the person may read sensitive fields in full."""
    return bool(user.is_superuser or user.role in REVEAL)
