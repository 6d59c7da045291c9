"""A refusal is one line of the log; a fault keeps its traceback."""

import logging
import sys

from anlan.site.logs import Refused


def record(status: int) -> logging.LogRecord:
    try:
        raise PermissionError("您的角色不能查看此页。")
    except PermissionError:
        made = logging.LogRecord("django.request", 30, "x", 1, "Forbidden: %s", ("/admin/",), sys.exc_info())
    made.status_code = status
    return made


def test_a_refusal_is_one_line_with_its_reason() -> None:
    refused = record(403)
    assert Refused().filter(refused)
    assert logging.Formatter("%(message)s").format(refused) == "Forbidden: /admin/ 您的角色不能查看此页。"


def test_a_fault_keeps_its_traceback() -> None:
    fault = record(500)
    assert Refused().filter(fault)
    assert "Traceback" in logging.Formatter("%(message)s").format(fault)
