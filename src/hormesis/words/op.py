"""Op: one operation of one virtual user, with due, sent and ended times.

``ok`` did happen, ``fail`` definitely did not, ``info`` means nobody knows. response = ended −
due, service = ended − sent, lag = sent − due; all in seconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from hormesis.words.kind import Scalar


class Ended(str, Enum):
    """How an operation ended."""

    OK = "ok"
    FAIL = "fail"
    INFO = "info"


@dataclass(frozen=True, slots=True)
class Label:
    """What operations have in common: the row of their table that is stored once.

    ``tags`` are k6's where k6 has them: ``method``, ``status``, ``group`` (``::outer::inner``),
    ``scenario`` and the user's own.
    """

    load: str
    name: str
    outcome: Ended
    error: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Drop:
    """An arrival that no virtual user ever began; ``due`` is in seconds of the run."""

    load: str
    due: float


@dataclass(frozen=True, slots=True)
class Op:
    """One recorded operation; times are seconds since the start of the run.

    ``number`` is unique in a run and is what findings cite. ``error`` is a short stable word such
    as ``timeout``, ``refused`` or ``http-503``. ``value`` holds what the operation was about and
    what it returned: ``{"job": "job-1", "attempt": 1}``.
    """

    number: int
    load: str
    name: str
    user: int
    due: float
    sent: float
    ended: float
    outcome: Ended
    error: str = ""
    value: Mapping[str, Scalar] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    """See :class:`Label`."""

    @property
    def response_s(self) -> float:
        """Return seconds from when the operation was due to its end: what a user would feel."""
        return self.ended - self.due

    @property
    def service_s(self) -> float:
        """Return seconds from the send to the end."""
        return self.ended - self.sent

    @property
    def lag_s(self) -> float:
        """Return seconds the load generator was late."""
        return self.sent - self.due
