"""The same kernel inside Spark Structured Streaming: for more series than one machine holds.

Series are spread over shards by the hash of their name. The kernel's state of a shard is one value of the query's state
store, so that it is in the checkpoint; a micro-batch judges all readings of a shard in one call. Needs the extra
`anlan[spark]`; pyspark is loaded only here, and only when asked.
"""

import os
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from anlan.rules.packing import from_bytes, to_bytes
from anlan.rules.readings import Batch, Readings
from anlan.rules.rulefile import RulesFile, read_rules
from anlan.rules.run import Judged
from anlan.rules.state import NEVER
from anlan.rules.transitions_file import SCHEMA, transitions_table

READINGS = "series string, time long, value double"
ALARMS = (
    "series string, time long, value double, transition string, level_before string, level_after string, window int"
)
COLUMNS = ("series", "time", "value", "transition", "level_before", "level_after", "window")
DAY, FUTURE = 86_400_000, 300_000
DELAY_DAYS = 36_500
"""A hundred years: see `_clocked`."""
FORGOTTEN = "forgotten"
"""A row of this transition has no series either: so many series were let go."""
LEDGER = "ledger."
"""Rows whose transition begins so have no series: `value` readings of a micro-batch ended in that state."""


@dataclass(frozen=True, kw_only=True)
class Source:
    """Where readings come from: files of a folder (parquet, csv or json), or a Kafka topic of JSON objects, with options
    of Spark's Kafka connector, such as `kafka.security.protocol` or `maxOffsetsPerTrigger`.
    """

    folder: str = ""
    form: str = "parquet"
    files_per_batch: int = 1000
    servers: str = ""
    topic: str = ""
    options: Mapping[str, str] = field(default_factory=dict)


def session(settings: Mapping[str, str]) -> Any:
    """A Spark session with these settings over those of spark-submit; workers run the Python that runs this."""
    from pyspark.sql import SparkSession

    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    builder = SparkSession.builder.appName("anlan-rules")
    for name, value in settings.items():
        builder = builder.config(name, value)
    return builder.getOrCreate()


def readings(spark: Any, source: Source) -> Any:
    """A streaming DataFrame of READINGS. A Kafka record that is no JSON object is a reading without a series."""
    if not source.servers:
        files = spark.readStream.schema(READINGS).option("maxFilesPerTrigger", source.files_per_batch)
        return files.option("header", "true").format(source.form).load(source.folder)
    from pyspark.sql.functions import col, from_json

    kafka = spark.readStream.format("kafka").option("kafka.bootstrap.servers", source.servers)
    found = kafka.options(**{"subscribe": source.topic, "startingOffsets": "earliest", **source.options}).load()
    return found.select(from_json(col("value").cast("string"), READINGS).alias("one")).select("one.*")


def alarms(stream: Any, rules: str, *, shards: int = 16, patience: int = 60_000, forget: int = 0) -> Any:
    """Transitions of a stream of READINGS by the rules of a rules file's text, as ALARMS, with the ledger's rows.

    Readings of a series are judged in order of time within a micro-batch; one that comes in a later micro-batch than a
    newer one of its series is late. Silence is raised once the newest reading of the whole stream is `patience` ms past
    its moment, also where the series never returns, or else by the reading that ends it. Equal input gives equal alarms,
    as long as no series is further behind the others than that. A fallen sum is told by the next reading. With `forget`,
    a series that is so many ms behind the newest reading is let go when its shard is next touched: should it return, it begins anew.
    """
    from pyspark.sql.functions import hash as hashed
    from pyspark.sql.functions import lit, pmod

    read_rules(rules)
    placed = _clocked(stream.withColumn("shard", pmod(hashed("series"), lit(shards))))
    return placed.groupBy("shard").applyInPandasWithState(
        _judge_shard(rules, patience, forget), ALARMS, "state binary", "append", "EventTimeTimeout"
    )


def _clocked(stream: Any) -> Any:
    """The same with a watermark that is the newest time of any reading.

    Spark drops what is behind the watermark, unseen and uncounted. So the event time is put off by as much as the
    watermark is late: nothing is ever that far behind. A reading from the future moves it by no more than a clock may be
    wrong, or else all series would seem silent.
    """
    from pyspark.sql.functions import (
        coalesce,
        col,
        current_timestamp,
        greatest,
        least,
        lit,
        timestamp_millis,
        unix_millis,
    )

    newest = unix_millis(current_timestamp()) + FUTURE
    time = least(greatest(coalesce(col("time"), lit(0)), lit(0)), newest)
    return stream.withColumn("at", timestamp_millis(time + DELAY_DAYS * DAY)).withWatermark("at", f"{DELAY_DAYS} days")


def alarms_write(found: Any, *, out: str, checkpoint: str, once: bool, seconds: int = 5) -> Any:
    """The running query, each alarm exactly once in Parquet files of `out`."""
    writer = found.writeStream.format("parquet").option("path", out).option("checkpointLocation", checkpoint)
    trigger = {"availableNow": True} if once else {"processingTime": f"{seconds} seconds"}
    return writer.outputMode("append").trigger(**trigger).start()


def _judge_shard(rules: str, patience: int, forget: int) -> Callable[[Any, Iterator[Any], Any], Iterator[Any]]:
    known: list[RulesFile] = []

    def judge_shard(key: Any, frames: Iterator[Any], state: Any) -> Iterator[Any]:
        if not known:
            known.append(read_rules(rules))
        shard = Shard(known[0], state.get[0] if state.exists else b"")
        newest = state.getCurrentWatermarkMs()
        table = shard.take([one for one in frames if len(one)], newest - patience)
        table = pa.concat_tables([table, shard.forget(newest - forget)]) if forget else table
        state.update((shard.pack(),))
        if (due := shard.due()) is not None:
            state.setTimeoutTimestamp(max(due + patience, newest + 1))
        yield table.to_pandas()

    return judge_shard


class Shard:
    """The kernel's state of some series, by name."""

    def __init__(self, rules: RulesFile, packed: bytes) -> None:
        """`packed` as `pack` made it, empty for none. ValueError where it does not fit the rules."""
        self.series = Readings(path=Path())
        self.judged = Judged.fresh(rules, self.series.names)
        if not packed:
            return
        names, *states = _cut(packed)
        if len(states) != len(rules.faces):
            raise ValueError(f"a state of {len(states)} directions under rules of {len(rules.faces)}")
        self.series.places(list(names.decode().split("\0")))
        self.judged.grow()
        self.judged.state = [from_bytes(state) for state in states]

    def pack(self) -> bytes:
        parts = ["\0".join(self.series.names).encode(), *(to_bytes(state) for state in self.judged.state)]
        return b"".join(len(part).to_bytes(8, "little") + part for part in parts)

    def forget(self, before: int) -> pa.Table:
        """Lets go of the series without a valid reading since that moment (ms); a row that says how many."""
        keep = np.flatnonzero(self.judged.state[0].last_time >= before)
        gone = len(self.series.names) - len(keep)
        if gone:
            names, states = [self.series.names[place] for place in keep], self.judged.state
            self.series = Readings(path=Path())
            self.series.places(list(names))
            self.judged = Judged.fresh(self.judged.rules, self.series.names)
            self.judged.grow()
            self.judged.state = [state.rows(keep) for state in states]
        return _counted({FORGOTTEN: gone} if gone else {})

    def due(self) -> int | None:
        """The first moment at which a silence may have to be raised; None where none may."""
        table, state = self.judged.table[0], self.judged.state[0]
        waits = (table["no_data_after"] > 0) & (state.no_data_level == 0) & (state.last_time != NEVER)
        return int((state.last_time + table["no_data_after"])[waits].min()) if waits.any() else None

    def take(self, frames: list[Any], clock: int) -> pa.Table:
        """The alarms of the readings of some frames and of the silences that became too long before `clock` (ms), and the
        ledger's rows.
        """
        found: list[pa.Table] = []
        self.judged.moved = lambda rows, told, names: found.append(transitions_table(rows, told, names))
        if frames:
            self.judged.take(self._batch(frames))
        self.judged.sweep(clock - 1, sums=False)
        moved = pa.concat_tables([*found, SCHEMA.empty_table()]).select(list(COLUMNS))
        states = {f"{LEDGER}{state.name.lower()}": n for state, n in self.judged.states.items() if n}
        return pa.concat_tables([moved, _counted(states)])

    def _batch(self, frames: list[Any]) -> Batch:
        tables = [pa.Table.from_pandas(frame[["series", "time", "value"]], preserve_index=False) for frame in frames]
        whole = pa.concat_tables(tables, promote_options="permissive").combine_chunks()
        return sorted_batch(self.series.batch(whole.to_batches(max_chunksize=len(whole))[0]))


def _counted(numbers: Mapping[str, int]) -> pa.Table:
    """Rows without a series."""
    schema = SCHEMA.empty_table().select(list(COLUMNS)).schema
    told = {"transition": list(numbers), "value": list(map(float, numbers.values()))}
    return pa.table({name: told.get(name, [None] * len(numbers)) for name in COLUMNS}, schema)


def sorted_batch(batch: Batch) -> Batch:
    """In order of time; readings of one moment stay as they came."""
    order = np.argsort(batch.time, kind="stable")
    return Batch(series=batch.series[order], time=batch.time[order], value=batch.value[order], timeless=batch.timeless)


def _cut(packed: bytes) -> list[bytes]:
    parts, place = [], 0
    while place < len(packed):
        size = int.from_bytes(packed[place : place + 8], "little")
        parts.append(packed[place + 8 : place + 8 + size])
        place += 8 + size
    return parts
