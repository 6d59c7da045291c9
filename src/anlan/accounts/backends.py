"""The authentication backend: grants come from the person's role."""

from typing import Any

from django.contrib.auth.backends import ModelBackend

from anlan.accounts.roles import opens, verbs


class RoleBackend(ModelBackend):
    """Grants by the role of the person, in place of hand-kept groups."""

    def has_perm(self, user_obj: Any, perm: str, obj: Any = None) -> bool:
        """`perm` is `app.verb_model`, such as `registry.reveal_enterprise`."""
        app, _dot, codename = perm.partition(".")
        verb, _line, model = codename.partition("_")
        return bool(user_obj.is_active and verb in verbs(_role(user_obj), app, model))

    def has_module_perms(self, user_obj: Any, app_label: str) -> bool:
        return bool(user_obj.is_active and opens(_role(user_obj), app_label))


def _role(user: Any) -> str:
    return str(getattr(user, "role", ""))
