"""The room of the inbox is bytes as well as readings."""

import numpy as np

from anlan.monitoring.arrivals import Arrival
from anlan.monitoring.columnar.mqtt_loop import COLUMNS, scan
from anlan.monitoring.gateway.inbox import Inbox, nothing
from anlan.monitoring.gateway.mqtt_readings import Readings
from anlan.monitoring.gateway.mqtt_session import Delivery
from anlan.protocols import Frame, Picture

from .test_mqtt_client import NOWHERE, publish


def test_room_is_taken_up_by_all_bytes_that_are_held_for_messages_and_failed_frames() -> None:
    """Topics as long as a broker allows, frames that nobody can read, pictures: none fills the memory unseen."""
    inbox = Inbox(10_000)
    link = Readings(NOWHERE, inbox, name="t").session
    long = b"anlan/" + b"d" * 48_000 + b"/readings"
    data = np.frombuffer(publish(long, b"{}", packet=1) + publish(b"x" * 24_000, b"y" * 25_600, packet=2), np.uint8)
    rows = np.zeros((2, COLUMNS), np.int64)
    assert scan(data, True, 262_144, rows)[0] == 2
    assert link.take(Delivery(data=data, rows=rows, acknowledge=nothing)) is None
    assert inbox.load == 48_000 // 24 + 100
    taken = Frame(
        protocol="sl651", device="1", function="36", readings=(), fields={}, reply=None, raw=b"",
        picture=Picture(time=0, media="image/jpeg", data=b"p" * 2560),
    )  # fmt: skip
    assert Arrival(source="sl651", event=taken).weight == 10
