"""Document: a file's plain data together with where every key and value of it stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from hormesis.words.trouble import Place

Steps = tuple[str | int, ...]
"""The way from the top of a document to a value: keys of mappings and indexes of lists."""


@dataclass(frozen=True, slots=True)
class Spot:
    """A line and column, counted from 1, and of a scalar the text exactly as written."""

    line: int
    column: int
    raw: str = ""


@dataclass(frozen=True)
class Origin:
    """Where a value was given: the words of a command line, else a place in a file."""

    words: str = ""
    document: Document | None = None
    steps: Steps = ()

    @property
    def key(self) -> tuple[str, str, Steps]:
        """Return what tells it from others."""
        return self.words, self.document.file if self.document else "", self.steps

    def place(self, rest: Steps = ()) -> Place | None:
        """Return where *rest*, the way inside the value, stands; None when it is in no file."""
        return self.document.place((*self.steps, *rest)) if self.document else None

    def path(self, rest: Steps = ()) -> str:
        """Return what to call *rest*, the way inside the value."""
        return path_text((*self.steps, *rest)) if self.document else self.words


@dataclass(frozen=True)
class Given:
    """What a value was made of that the user gave, and the *template* that says how."""

    origins: tuple[Origin, ...]
    template: str = ""
    """Empty when the value is what was given and nothing else."""


@dataclass(frozen=True)
class Document:
    """One file. Its data is never changed; substitution makes a new document.

    ``values`` and ``keys`` hold the spot of the value, and of the key, at each way. ``references``
    holds the resolved text of values that were one whole ``${…}``; ``broken`` the ways of values
    whose variables could not be resolved, about which everything has been said. ``given`` tells of
    which values of the user others were made.
    """

    file: str
    folder: str
    data: Any
    values: Mapping[Steps, Spot] = field(default_factory=dict)
    keys: Mapping[Steps, Spot] = field(default_factory=dict)
    references: Mapping[Steps, str] = field(default_factory=dict)
    broken: frozenset[Steps] = frozenset()
    given: Mapping[Steps, Given] = field(default_factory=dict)

    def place(self, steps: Steps) -> Place:
        """Return where the value at *steps*, or the nearest one around it, stands."""
        return self._place(self.values, steps)

    def key_place(self, steps: Steps) -> Place:
        """Return where the key at *steps* stands; of an element of a list, the element."""
        return self._place(self.keys if steps in self.keys else self.values, steps)

    def given_at(self, steps: Steps) -> tuple[Given | None, Steps]:
        """Return what the value at *steps*, or one that it is in, was made of; and the way in."""
        for length in range(len(steps), 0, -1):
            if steps[:length] in self.given:
                return self.given[steps[:length]], steps[length:]
        return None, ()

    def _place(self, spots: Mapping[Steps, Spot], steps: Steps) -> Place:
        while steps and steps not in spots:
            steps = steps[:-1]
        spot = spots.get(steps)
        return Place(self.file, spot.line, spot.column) if spot else Place(self.file)


def renamed(document: Document, at: Steps, names: Mapping[str, str]) -> Document:
    """Return *document* with other *names* for keys of the mapping *at* that place.

    Everything has the place where it stood, under its new name.
    """
    depth = len(at)

    def spots(of: Mapping[Steps, Spot]) -> dict[Steps, Spot]:
        return {_renamed(way, depth, names) if way[:depth] == at else way: of[way] for way in of}

    return replace(
        document,
        data=_with_names(document.data, at, names),
        values=spots(document.values),
        keys=spots(document.keys),
    )


def _renamed(way: Steps, depth: int, names: Mapping[str, str]) -> Steps:
    if len(way) == depth:
        return way
    return (*way[:depth], names.get(str(way[depth]), way[depth]), *way[depth + 1 :])


def _with_names(data: Any, at: Steps, names: Mapping[str, str]) -> dict[str, Any]:
    if not at:
        return {names.get(key, key): value for key, value in data.items()}
    return {**data, at[0]: _with_names(data[at[0]], at[1:], names)}


def path_text(steps: Steps) -> str:
    """Write *steps* the way people do: ``tracks[0].rate``."""
    text = ""
    for step in steps:
        if isinstance(step, int):
            text += f"[{step}]"
        else:
            text += f".{step}" if text else step
    return text
