"""What the log says of a request that was refused."""

import logging

FORBIDDEN = 403


class Refused(logging.Filter):
    """A refusal is one line with its reason: it is no fault of ours, so it has no traceback."""

    def filter(self, record: logging.LogRecord) -> bool:
        if getattr(record, "status_code", None) == FORBIDDEN and record.exc_info:
            reason = str(record.exc_info[1] or "")
            record.msg, record.args = f"{record.getMessage()} {reason}".strip(), ()
            record.exc_info = record.exc_text = None
        return True
