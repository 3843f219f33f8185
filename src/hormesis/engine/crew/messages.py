"""Messages between the engine and its workers: pickled values, one per frame.

The engine says Imports, Configure, Begin and Stop; closing the line ends a worker at once. A worker
says Ready, then what it measured at each drain and a Health twice a second, and in the end Ended.
One that cannot go on says Broke.
"""

from __future__ import annotations

import pickle
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from hormesis.host.frames import Frames, framed
from hormesis.words.experiment import LoadTrack
from hormesis.words.history import LoadRecord
from hormesis.words.metric import MetricSlice

HEALTH_S = 0.5
"""How often a worker that plays tells that it is alive."""


@dataclass(frozen=True, slots=True)
class Share:
    """The loads that a worker plays together: it is part *part* of *parts* of each."""

    tracks: tuple[LoadTrack, ...]
    part: int
    parts: int


@dataclass(frozen=True, slots=True)
class Imports:
    """Where the engine imports from; it comes first, what follows may need it."""

    path: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Configure:
    """What a worker is to do. ``zero_ns`` is the run's start on the worker's CLOCK_MONOTONIC.

    Its operations are numbered ``first``, ``first + step`` …; ``wall`` is the wall clock at the
    run's start, in seconds since the epoch.
    """

    shares: tuple[Share, ...]
    seed: int
    zero_ns: int
    wall: float
    first: int
    step: int
    version: str


@dataclass(frozen=True, slots=True)
class Begin:
    """The tracks begin at *began*, in seconds of the run."""

    began: float


@dataclass(frozen=True, slots=True)
class Stop:
    """No iteration begins any more; with *gently* the running ones have their graceful stop."""

    gently: bool = False


@dataclass(frozen=True, slots=True)
class Ready:
    """The worker waits for Begin."""


@dataclass(frozen=True, slots=True)
class Ops:
    """Operation records as the meter gives them."""

    chunk: bytes


@dataclass(frozen=True, slots=True)
class Labels:
    """Rows of the worker's table of labels, in order."""

    rows: list[Any]


@dataclass(frozen=True, slots=True)
class Values:
    """What single operations were about, by their number."""

    values: list[tuple[int, Mapping[str, Any]]]


@dataclass(frozen=True, slots=True)
class Metrics:
    """Slices of metrics that are complete."""

    slices: list[MetricSlice]


@dataclass(frozen=True, slots=True)
class Record:
    """One load as this worker's part of it stands."""

    record: LoadRecord


@dataclass(frozen=True, slots=True)
class Health:
    """The worker is alive. ``unmade`` tells why a client could not even be made."""

    users: int
    unmade: str = ""


@dataclass(frozen=True, slots=True)
class Ended:
    """The worker has played its share and has sent everything."""

    unmade: str = ""


@dataclass(frozen=True, slots=True)
class Broke:
    """The worker cannot go on; *text* is the exception in one line."""

    text: str


Message = (
    Imports | Configure | Begin | Stop | Ready | Ops | Labels | Values | Metrics | Record | Health
    | Ended | Broke
)  # fmt: skip


def packed(message: Message) -> bytes:
    """Return a message as a frame.

    Raises:
        pickle.PicklingError, TypeError, AttributeError: something in it cannot travel.
    """
    return framed(pickle.dumps(message, protocol=pickle.HIGHEST_PROTOCOL))


class Messages:
    """Puts messages together again from bytes that arrive in any pieces."""

    def __init__(self) -> None:
        self._frames = Frames()

    def feed(self, data: bytes) -> Iterator[Message]:
        """Yield the messages that *data* completes.

        Raises:
            ValueError: the bytes are no messages.
        """
        for payload in self._frames.feed(data):
            try:
                message = pickle.loads(payload)
            except Exception as error:
                raise ValueError(f"unreadable message: {error}") from error
            if not isinstance(message, Message):
                raise ValueError(f"{type(message).__name__} is no message")
            yield message
