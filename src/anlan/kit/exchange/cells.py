"""One cell between a sheet and a model: a parser that says in words what is wrong."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import date, datetime, time
from typing import Any

from django.conf import settings
from django.contrib.gis.db.models import GeometryField
from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from anlan.kit.points import outline_parsed

YES, NO = {"是", "true", "1", "yes", "y", "√", "对", "有"}, {"否", "false", "0", "no", "n", "×", "错", "无"}
_DATE = re.compile(r"^(\d{4})[-/.年]?(\d{1,2})[-/.月]?(\d{1,2})日?$")
_TIME = re.compile(r"^(.+?)[ T]+(\d{1,2})[::](\d{1,2})(?:[::](\d{1,2}))?$")
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def text_of(value: Any) -> str:
    """A cell as text: whole numbers without ".0", no spaces around, the apostrophe of an escaped formula gone."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    text = "" if value is None else str(value).strip()
    return text[1:] if len(text) > 1 and text[0] == "'" and text[1] in FORMULA else text


def parse(field: models.Field[Any, Any], value: Any) -> Any:
    """The model's value of a cell that is not empty; raises `ValueError` with a sentence for people."""
    if field.flatchoices:
        return _choice(field, text_of(value))
    for kind, read in _READERS:
        if isinstance(field, kind):
            return read(value)
    return text_of(value)


def _choice(field: models.Field[Any, Any], text: str) -> Any:
    for language, _name in settings.LANGUAGES:
        with override(language):
            for code, label in field.flatchoices:
                if text in {str(code), str(label)}:
                    return code
    labels = "、".join(str(label) for _code, label in field.flatchoices)
    raise ValueError(_("不在可选值之中,可填:%(labels)s") % {"labels": labels})


def _boolean(value: Any) -> bool:
    text = text_of(value).lower()
    if text in YES | NO:
        return text in YES
    raise ValueError(_("须填“是”或“否”"))


def _integer(value: Any) -> int:
    try:
        return int(text_of(value).replace(",", ""))
    except ValueError:
        raise ValueError(_("不是整数")) from None


def _number(value: Any) -> float:
    try:
        number = float(text_of(value).replace(",", ""))
    except ValueError:
        raise ValueError(_("不是数字")) from None
    if number != number or number in (float("inf"), float("-inf")):
        raise ValueError(_("不是有限的数字"))
    return number


def number_of(value: Any) -> float:
    """A finite number; raises `ValueError` in words."""
    return _number(value)


def _day(value: Any) -> date:
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    match = _DATE.match(text_of(value))
    try:
        if match:
            return date(*(int(part) for part in match.groups()))
    except ValueError:
        pass
    raise ValueError(_("不是有效日期,应如 2024-05-01"))


def _moment(value: Any) -> datetime:
    if isinstance(value, datetime):
        return value if timezone.is_aware(value) else timezone.make_aware(value)
    match = _TIME.match(text_of(value))
    if match is None:
        day = _day(value)
        return timezone.make_aware(datetime.combine(day, time()))
    day, (hour, minute, second) = _day(match.group(1)), (int(part or 0) for part in match.groups()[1:])
    try:
        return timezone.make_aware(datetime.combine(day, time(hour, minute, second)))
    except ValueError:
        raise ValueError(_("不是有效的日期时间,应如 2024-05-01 08:30")) from None


def _json(value: Any) -> Any:
    try:
        return json.loads(text_of(value))
    except ValueError:
        raise ValueError(_("不是有效的 JSON")) from None


def _outline(value: Any) -> Any:
    try:
        return outline_parsed(text_of(value))
    except ValidationError as error:
        raise ValueError(error.messages[0]) from None


_READERS: list[tuple[type[models.Field[Any, Any]], Callable[[Any], Any]]] = [
    (models.BooleanField, _boolean),
    (models.IntegerField, _integer),
    (models.FloatField, _number),
    (models.DecimalField, _number),
    (models.DateTimeField, _moment),
    (models.DateField, _day),
    (models.JSONField, _json),
    (GeometryField, _outline),
]
