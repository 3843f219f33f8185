"""An open model whose arrivals were recorded."""

from __future__ import annotations

from array import array
from pathlib import Path
from typing import Self

from pydantic import Field, PrivateAttr, ValidationInfo, model_validator

from hormesis.loads.parts.arrival_users import ArrivalLoad
from hormesis.loads.parts.recording import offsets_of
from hormesis.words.load import Shape


class Replay(ArrivalLoad):
    """Start iterations at recorded moments, for example at those of an access log.

    The first arrival is due at the start of the load, every other one as long after it as it came
    then. A busy second stays a busy second, which no rate of constant arrivals shows.
    """

    file: str = Field(min_length=1)
    """The recording, from the experiment's folder: one time per line, or a CSV, JSON or JSON lines
    file; times are seconds or ISO 8601.
    """
    column: str = ""
    """The column (CSV) or key (JSON) that holds the time; left out: the first column, or the
    elements themselves.
    """
    speed: float = Field(default=1.0, gt=0, allow_inf_nan=False)
    """How much faster than then arrivals come; ``--time-scale`` shortens the recording as well."""

    _offsets: array[float] = PrivateAttr(default_factory=lambda: array("d"))

    @model_validator(mode="after")
    def _read(self, info: ValidationInfo) -> Self:
        given = info.context if isinstance(info.context, dict) else {}
        folder = Path(given.get("folder") or Path.cwd())
        scale = float(given.get("time_scale", 1.0)) / self.speed
        read = offsets_of(folder / self.file, self.column)
        self._offsets = array("d", (one * scale for one in read))
        return self

    def shape(self) -> Shape:
        """Return an open shape with the recorded arrivals."""
        duration_s = self._offsets[-1]
        return self.opened(self._due_at, duration_s, self._rate_max())

    def _rate_max(self) -> float:
        """Return how many arrivals per second the busiest second has."""
        offsets, first, most = self._offsets, 0, 1
        for place, offset in enumerate(offsets):
            while offsets[first] < offset - 1.0:
                first += 1
            most = max(most, place - first + 1)
        return float(most)

    def _due_at(self, arrival: int) -> float | None:
        return self._offsets[arrival] if arrival < len(self._offsets) else None
