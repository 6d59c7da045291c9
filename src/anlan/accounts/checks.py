"""Field checks that say in Chinese what is wrong with a national code."""

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from anlan.vocab.codes import citizen_fault, credit_fault

WHY = {
    "length": _("须为 18 位"),
    "character": _("含有不允许的字符"),
    "date": _("出生日期不存在"),
    "check": _("校验位不符"),
}


def check_area_code(code: str) -> None:
    """Refuses what would break the path that is made of the codes."""
    if not (code.isascii() and code.isalnum()):
        raise ValidationError(_("区划代码只能由数字和字母组成。"), code="character")


def check_credit_code(code: str) -> None:
    """Refuses a wrong unified social credit code (GB 32100)."""
    if fault := credit_fault(code):
        raise ValidationError(_("统一社会信用代码有误:%(why)s"), params={"why": WHY[fault]}, code=fault)


def check_identity_number(number: str) -> None:
    """Refuses a wrong citizen number (GB 11643)."""
    if fault := citizen_fault(number):
        raise ValidationError(_("身份证号有误:%(why)s"), params={"why": WHY[fault]}, code=fault)
