"""Labels: what operations have in common, stored once and named by a number in each record."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

from hormesis.record.op_record import DROPPED as DROPPED_CODE
from hormesis.record.op_record import OTHER, OUTCOMES, LabelRow
from hormesis.words.op import Ended

DROPPED: Literal["dropped"] = "dropped"
"""The outcome of an arrival that nobody ever began."""
OUTCOME_CODES: Mapping[str, int] = MappingProxyType(
    {**{one.value: code for code, one in enumerate(OUTCOMES)}, DROPPED: DROPPED_CODE}
)
NAMES_MAX = 10_000
"""Different names of one load; a path with a serial number in it would make one per request."""

NO_TAGS: Mapping[str, str] = MappingProxyType({})


class Labels:
    """The labels that one shard has used, each known by its index."""

    __slots__ = ("_codes", "_names", "_rows", "_taken")

    def __init__(self) -> None:
        self._codes: dict[object, int] = {}
        self._names: dict[str, set[str]] = {}
        self._rows: list[LabelRow] = []
        self._taken = 0

    def label(
        self,
        load: str,
        name: str,
        outcome: Ended | Literal["dropped"],
        error: str = "",
        tags: Mapping[str, str] = NO_TAGS,
    ) -> int:
        """Return the label's index; the first use makes it.

        A load has at most ``NAMES_MAX`` names; what comes later is called ``OTHER``.
        """
        key = (load, name, outcome, error, frozenset(tags.items()) if tags else None)
        code = self._codes.get(key)
        return self._made(load, name, outcome, error, tags, key) if code is None else code

    def take_labels(self) -> list[LabelRow]:
        """Return the rows made since the last call, in the order of their indexes."""
        rows = self._rows[self._taken :]
        self._taken = len(self._rows)
        return rows

    def _made(
        self,
        load: str,
        name: str,
        outcome: Ended | Literal["dropped"],
        error: str,
        tags: Mapping[str, str],
        key: object,
    ) -> int:
        names = self._names.setdefault(load, set())
        if name not in names and name != OTHER:
            if len(names) >= NAMES_MAX:
                # The unbounded keys are not kept either, or they would be the leak.
                return self.label(load, OTHER, outcome, error, tags)
            names.add(name)
        code = self._codes[key] = len(self._rows)
        word = outcome.value if isinstance(outcome, Ended) else outcome
        self._rows.append((load, name, OUTCOME_CODES[word], error, dict(tags)))
        return code
