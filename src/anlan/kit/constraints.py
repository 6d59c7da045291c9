"""What a broken database constraint says to a person."""

from typing import Any

from django.db import IntegrityError, models
from django.utils.translation import gettext as _

from anlan.kit.display import label_of


def sentence_of(error: IntegrityError, model: type[models.Model]) -> str:
    """The sentence declared beside the constraint; a general one that names the fields where there is none."""
    name = _constraint_name(error)
    for constraint in model._meta.constraints:
        if constraint.name == name:
            return str(constraint.get_violation_error_message())
    fields = [f.name for f in model._meta.concrete_fields if f.unique and str(f.column) in name]
    if fields:
        return _("%(field)s已被其他记录使用。") % {"field": label_of(model, fields[0])}
    return _("数据库拒绝了这次保存:与已有记录冲突,或仍被其他记录引用。")


def _constraint_name(error: IntegrityError) -> str:
    diagnosis: Any = getattr(error.__cause__, "diag", None)
    return str(getattr(diagnosis, "constraint_name", "") or "")
