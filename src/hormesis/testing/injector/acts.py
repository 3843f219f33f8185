"""Acts: what an injector did, in order, so that it can be told, counted and done again."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from hormesis.testing.noting import Note
from hormesis.words.units import text_of_seconds


@dataclass(frozen=True, slots=True)
class Act:
    """One thing that was done: the injector's method, its arguments, when and for how long.

    ``at_s`` counts from the injector's start; ``for_s`` is None where it was over at once.
    """

    at_s: float
    name: str
    fields: Mapping[str, Any] = field(default_factory=dict)
    for_s: float | None = None

    def __str__(self) -> str:
        fields = ", ".join(f"{name}={value!r}" for name, value in self.fields.items())
        lasted = "" if self.for_s is None else f" for {text_of_seconds(round(self.for_s, 3))}"
        return f"{self.at_s:8.3f} s  {self.name}({fields}){lasted}"


@dataclass(frozen=True, slots=True)
class Bitten:
    """Something that was seen to hurt.

    ``word`` is the fault's kind, or says what was pretended; ``proof`` is what was seen, ``at_s``
    counts from the injector's start.
    """

    at_s: float
    word: str
    proof: str


class Script(tuple[Act, ...]):
    """Acts in their order; ``str()`` tells them line by line, :meth:`text` is for replaying."""

    __slots__ = ()

    def __str__(self) -> str:
        return "\n".join(str(one) for one in self)

    def text(self) -> str:
        """Return it as one line of JSON, which :meth:`read` understands."""
        return json.dumps([[one.at_s, one.name, dict(one.fields), one.for_s] for one in self])

    @classmethod
    def read(cls, text: str | Iterable[Act]) -> Script:
        """Return the script that *text* is.

        Raises:
            ValueError: it is none.
        """
        if not isinstance(text, str):
            return cls(text)
        try:
            return cls(
                Act(float(at), str(name), dict(fields), for_s)
                for at, name, fields, for_s in json.loads(text)
            )
        except (TypeError, ValueError) as error:
            raise ValueError("expected a script as Script.text() writes it") from error


class Record:
    """Keeps acts and bites; safe from any thread."""

    def __init__(self, note: Note) -> None:
        self._note = note
        self._guard = threading.Lock()
        self._began = time.monotonic()
        self._acts: dict[int, Act] = {}
        self._bites: list[Bitten] = []

    def now(self) -> float:
        """Return seconds since the start."""
        return time.monotonic() - self._began

    def began(self, name: str, fields: Mapping[str, Any] | None = None) -> int:
        """Keep an act; return its number, by which :meth:`ended` tells how long it took."""
        with self._guard:
            number = len(self._acts)
            self._acts[number] = Act(round(self.now(), 3), name, dict(fields or {}))
            return number

    def ended(self, number: int) -> None:
        """Note that the act is over."""
        with self._guard:
            act = self._acts[number]
            for_s = round(self.now() - act.at_s, 3)
            self._acts[number] = Act(act.at_s, act.name, act.fields, for_s)

    def bit(self, word: str, proof: str) -> Bitten:
        """Keep a bite and pass it on."""
        bitten = Bitten(round(self.now(), 3), word, proof)
        with self._guard:
            self._bites.append(bitten)
        self._note(word, proof)
        return bitten

    def script(self) -> Script:
        """Return every act so far."""
        with self._guard:
            return Script(self._acts.values())

    def bites(self) -> tuple[Bitten, ...]:
        """Return every bite so far."""
        with self._guard:
            return tuple(self._bites)
