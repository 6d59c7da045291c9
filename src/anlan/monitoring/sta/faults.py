"""Why a request is not served."""


class StaError(Exception):
    """A request that is not served: its HTTP status, and why in words; `allow` are the methods that are, with 405."""

    def __init__(self, status: int, message: str, allow: str = "") -> None:
        super().__init__(status, message)
        self.status, self.message, self.allow = status, message, allow
