"""Roles of the page table and what each may do. The back office, the pages and the API all ask here."""

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


VIEW = frozenset({"view"})
WRITE = VIEW | {"add", "change"}
EVERY = WRITE | {"delete"}
REVEAL = frozenset({"reveal"})
"""To read sensitive fields in full; each reading is audited."""

WATCH = frozenset({"watch"})
"""To open a camera's live picture; each opening is audited."""
DECIDE = frozenset({"decide"})
"""To say whether a sighting is true."""
VIDEO = {"monitoring.camera": VIEW | REVEAL | WATCH, "monitoring.sighting": VIEW | REVEAL | DECIDE}

CLOSED = frozenset({"accounts.user", "accounts.auditentry"})
"""Models that the grant of a whole app does not open; only a grant that names the model does."""

PARTS = ("accounts", "kit", "registry", "monitoring", "supervision", "command", "affairs")

GRANTS: dict[str, dict[str, frozenset[str]]] = {
    Role.DUTY_OFFICER: {
        "accounts": VIEW | REVEAL,
        "kit": VIEW,
        "registry": VIEW | REVEAL,
        "monitoring": VIEW | REVEAL,
        "monitoring.devicecommand": VIEW | {"add"},
        **VIDEO,
        "supervision": VIEW | REVEAL,
        "command": WRITE | REVEAL,
    },
    Role.COMMANDER: {
        "accounts": VIEW | REVEAL,
        "kit": VIEW,
        "registry": VIEW | REVEAL,
        "monitoring": VIEW | REVEAL,
        "monitoring.devicecommand": VIEW | {"add"},
        **VIDEO,
        "supervision": VIEW | REVEAL,
        "command": WRITE | REVEAL,
    },
    Role.LEADER: {**dict.fromkeys(PARTS, VIEW), "monitoring.camera": VIEW | WATCH},
    Role.INSPECTOR: {
        "accounts": VIEW,
        "kit": VIEW,
        "registry": VIEW,
        **dict.fromkeys(("registry.enterprise", "registry.place", "registry.facility", "registry.person"), WRITE),
        "monitoring": VIEW,
        "monitoring.camera": VIEW | WATCH,
        "supervision": WRITE,
        "supervision.hazard": WRITE | REVEAL,
    },
    Role.TEAM_LEADER: {"accounts.area": VIEW, "registry": VIEW, "command": VIEW},
    Role.ENTERPRISE: {
        "accounts.area": VIEW,
        "accounts.organisation": VIEW,
        "registry": VIEW,
        "supervision": VIEW,
    },
    Role.DEPARTMENT: {
        **dict.fromkeys(("accounts", "kit", "registry", "monitoring", "supervision", "command"), VIEW),
        "supervision.hazard": VIEW | REVEAL,
    },
    Role.STREET: {
        **dict.fromkeys(("accounts", "kit", "monitoring", "supervision", "command"), VIEW),
        "registry": WRITE,
        "supervision.hazard": VIEW | REVEAL,
    },
    Role.COMMUNITY: {**dict.fromkeys(("accounts", "registry", "monitoring", "supervision"), VIEW)},
    Role.ADMINISTRATOR: {
        **dict.fromkeys(PARTS, EVERY | REVEAL),
        "accounts.user": WRITE | REVEAL,
        "accounts.auditentry": VIEW,
        "monitoring.camera": EVERY | REVEAL | WATCH,
        "monitoring.sighting": VIEW | REVEAL | DECIDE,
    },
}
"""Role → app label or `app.model` → verbs; the model's own entry wins. Rows are narrowed further by area."""


def verbs(role: str, app: str, model: str) -> frozenset[str]:
    """What a role may do with the rows of a model."""
    granted, name = GRANTS.get(role, {}), f"{app}.{model}"
    return granted.get(name, frozenset() if name in CLOSED else granted.get(app, frozenset()))


def opens(role: str, app: str) -> bool:
    """True where the role may do anything at all in an app."""
    return any(name.partition(".")[0] == app for name in GRANTS.get(role, {}))
