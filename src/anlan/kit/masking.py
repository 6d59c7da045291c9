"""Sensitive values: who reads them in full, and what everybody else sees."""

from typing import Any

from django.db import models

from anlan.kit.entities import Entity

STAR = "*"


def mask(value: Any) -> str:
    """The first three and last four of a number (138****1234), the first of anything up to seven characters (张**)."""
    text = "" if value is None else str(value)
    if len(text) > 7:
        return text[:3] + STAR * (len(text) - 7) + text[-4:]
    return text[:1] + STAR * max(len(text) - 1, 0) if len(text) > 1 else STAR * len(text)


def may_reveal(user: Any, model: type[models.Model]) -> bool:
    """True where the person may read this model's sensitive fields in full; each such reading is told."""
    return bool(user.has_perm(f"{model._meta.app_label}.reveal_{model._meta.model_name}"))


def masked_fields(entity: Entity, user: Any) -> frozenset[str]:
    """The fields that this person sees only masked."""
    return frozenset() if may_reveal(user, entity.model) else frozenset(entity.sensitive)


def filled(row: models.Model, names: Any) -> list[str]:
    """Those of the fields that hold anything, so that an empty one is not told as a reading."""
    return [name for name in names if getattr(row, name, None) not in (None, "")]
