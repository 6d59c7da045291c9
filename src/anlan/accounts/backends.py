"""The authentication backend: grants come from the person's role."""

from typing import Any

from django.contrib.auth.backends import ModelBackend

from anlan.accounts.roles import GRANTS


class RoleBackend(ModelBackend):
    """Grants by the role of the person, in place of hand-kept groups."""

    def has_perm(self, user_obj: Any, perm: str, obj: Any = None) -> bool:
        if not user_obj.is_active:
            return False
        app, _dot, codename = perm.partition(".")
        verb = codename.partition("_")[0]
        return verb in GRANTS.get(getattr(user_obj, "role", ""), {}).get(app, ())

    def has_module_perms(self, user_obj: Any, app_label: str) -> bool:
        return user_obj.is_active and app_label in GRANTS.get(getattr(user_obj, "role", ""), {})
