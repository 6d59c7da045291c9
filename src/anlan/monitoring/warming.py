"""Compiles what is compiled, so that the first readings do not wait for it; what has been compiled lies beside the code."""

import numpy as np

from anlan.monitoring.columnar import json_columns
from anlan.monitoring.gateway import mqtt_link
from anlan.monitoring.store.blocks import pack, plain, unpack
from anlan.monitoring.store.order import envelope
from anlan.rules import warm


def warm_up() -> None:
    """Twenty seconds or more the first time, then a part of one."""
    warm()
    json_columns.warm()
    mqtt_link.warm()
    columns = plain([1, 1], [0, 60_000], [1.0, 2.0], [0, 0])
    again = unpack(pack(columns, np.array([0, 2], np.int64)), [2], ["warm"])
    envelope(again.time, again.value, start=0, end=120_000, buckets=2)
