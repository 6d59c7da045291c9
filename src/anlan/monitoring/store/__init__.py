"""The readings: a log of batches, chunks of one series and day, and Parquet files of months that are over.

Every reading is in exactly one of the three. `append` is durable with the caller's transaction; `tend` folds the log
into chunks; `age` moves old months into files. What is read comes from one snapshot of all three.
"""

from anlan.monitoring.store.ageing import Aged, age
from anlan.monitoring.store.blocks import StoreError
from anlan.monitoring.store.checking import Damage, check, damages
from anlan.monitoring.store.downsample import downsample
from anlan.monitoring.store.log import LogRow, append, log_after, log_head
from anlan.monitoring.store.moments import DAY
from anlan.monitoring.store.order import VALID, Bucket
from anlan.monitoring.store.reading import (
    Arrays,
    arrays,
    count,
    envelopes,
    known,
    latest,
    readings,
    scan,
    series_stored,
)
from anlan.monitoring.store.standing import Form, forms
from anlan.monitoring.store.tending import Tended, due, tend

__all__ = [
    "DAY",
    "VALID",
    "Aged",
    "Arrays",
    "Bucket",
    "Damage",
    "Form",
    "LogRow",
    "StoreError",
    "Tended",
    "age",
    "append",
    "arrays",
    "check",
    "count",
    "damages",
    "downsample",
    "due",
    "envelopes",
    "forms",
    "known",
    "latest",
    "log_after",
    "log_head",
    "readings",
    "scan",
    "series_stored",
    "tend",
]
