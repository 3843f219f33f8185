"""Followed writer: what loads record goes into the history, and whoever follows sees it at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from hormesis.engine.live import Live
from hormesis.engine.loading.drain import LoadOutput, Value
from hormesis.record.history_writer import HistoryWriter
from hormesis.words.history import LoadRecord, Note
from hormesis.words.metric import MetricSlice


class Follower(Protocol):
    """Something that counts what loads record while they run."""

    def shard(self, number: int) -> LoadOutput:
        """Return what takes what the process of that number records."""
        ...

    def load(self, shard: int, record: LoadRecord) -> None:
        """Take a load's record as it stands."""
        ...


class FollowedWriter:
    """The history's writer as loads need it, with the live picture and followers beside it."""

    def __init__(
        self, writer: HistoryWriter, live: Live, followers: Sequence[Follower] = ()
    ) -> None:
        self._writer = writer
        self._live = live
        self._followers = followers

    def shard(self, index: int) -> LoadOutput:
        """Return where the process of that number records; 0 is the engine's own."""
        every = [one.shard(index) for one in self._followers]
        return _Followed([self._writer.shard(index), _Picture(self._live, index), *every])

    def load(self, record: LoadRecord) -> None:
        """Record a load as it stands now."""
        self._writer.load(record)
        for one in self._followers:
            one.load(0, record)

    def note(self, note: Note) -> None:
        """Record a note."""
        self._writer.note(note)


class _Followed:
    """Hands everything to several outputs; what the first refuses, nobody sees."""

    def __init__(self, outputs: Sequence[LoadOutput]) -> None:
        self._outputs = outputs

    def ops(self, chunk: bytes) -> None:
        for one in self._outputs:
            one.ops(chunk)

    def labels(self, rows: list[Any]) -> None:
        for one in self._outputs:
            one.labels(rows)

    def values(self, values: list[Value]) -> None:
        for one in self._outputs:
            one.values(values)

    def metrics(self, slices: list[MetricSlice]) -> None:
        for one in self._outputs:
            one.metrics(slices)

    def load(self, record: LoadRecord) -> None:
        for one in self._outputs:
            one.load(record)


class _Picture:
    """Keeps the live picture's figures up to date."""

    def __init__(self, live: Live, shard: int) -> None:
        self._live = live
        self._shard = shard

    def ops(self, chunk: bytes) -> None:
        self._live.figures.add(self._shard, (), chunk)

    def labels(self, rows: list[Any]) -> None:
        self._live.figures.add(self._shard, rows, b"")

    def values(self, values: list[Value]) -> None:
        """Values are no figures."""

    def metrics(self, slices: list[MetricSlice]) -> None:
        """Other metrics are shown when the run is over."""

    def load(self, record: LoadRecord) -> None:
        self._live.load(self._shard, record)
