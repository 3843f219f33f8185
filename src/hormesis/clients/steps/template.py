"""Templates: ``{{name}}`` inside texts, and inside any JSON value.

A text that is one reference and nothing else keeps the value's type, so that ``"{{attempt}}"``
stays a number in a JSON body. Everything that can be wrong is found when a template is made.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from random import Random
from typing import Any
from uuid import UUID

_REFERENCE = re.compile(r"\{\{\s*([A-Za-z_][\w.-]*)\s*\}\}")
_RANDOM = re.compile(r"random\.([1-9]\d*)")

BUILT_IN = ("user.number", "user.load", "iteration", "repetition", "uuid", "random.N")
"""The names that every template may use; ``random.N`` is a whole number from 0 to N - 1."""


@dataclass(slots=True)
class Values:
    """What templates read: one virtual user's names and variables."""

    number: int
    load: str
    rng: Random
    iteration: int = 0
    repetition: int = 1
    variables: dict[str, Any] = field(default_factory=dict)


_Reader = Callable[[Values], Any]
_FIXED: dict[str, _Reader] = {
    "user.number": lambda values: values.number,
    "user.load": lambda values: values.load,
    "iteration": lambda values: values.iteration,
    "repetition": lambda values: values.repetition,
    "uuid": lambda values: str(UUID(int=values.rng.getrandbits(128), version=4)),
}


class Template:
    """A JSON value whose texts may hold references, compiled once, rendered often."""

    def __init__(self, source: Any) -> None:
        """Compile *source*.

        Raises:
            ValueError: braces that are no reference.
        """
        self.source = source
        self.names = frozenset(_names_in(source))
        """The variables it reads; built-in names are not among them."""
        self.render: Callable[[Values], Any] = _compiled(source)
        """Return the value with every reference replaced; an unset variable becomes None."""

    def text(self, values: Values) -> str:
        """Return the rendered value as text; None becomes the empty text."""
        return text_of(self.render(values))


def filled(source: str, quote: Callable[[str], str]) -> Callable[[Values], str]:
    """Compile *source* to a text whose references go through *quote*, literal parts do not.

    A text that is one reference and nothing else is not quoted: it is the whole already.
    """
    pieces = _pieces(source)
    if len(pieces) == 1 and not isinstance(pieces[0], str):
        whole = pieces[0]
        return lambda values: text_of(whole(values))
    return _joined(pieces, quote)


def text_of(value: Any) -> str:
    """Return *value* as it stands in a text: JSON spelling, texts without quotes, None empty."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    return json.dumps(value)


def unknown_names(names: Iterable[str], known: Iterable[str]) -> list[str]:
    """Return one sentence for each of *names* that is neither *known* nor built in."""
    choices = sorted({*known, *BUILT_IN})
    told = []
    for name in sorted(set(names).difference(known)):
        close = difflib.get_close_matches(name, choices, 1)
        hint = f"did you mean {close[0]}?" if close else "known are " + ", ".join(choices)
        told.append(f"no variable {name!r}; {hint}")
    return told


def _reader_of(name: str) -> _Reader:
    if name in _FIXED:
        return _FIXED[name]
    if match := _RANDOM.fullmatch(name):
        bound = int(match[1])
        return lambda values: values.rng.randrange(bound)
    return lambda values: values.variables.get(name)


def _names_in(source: Any) -> Iterable[str]:
    if isinstance(source, str):
        for name in _REFERENCE.findall(source):
            if name not in _FIXED and not _RANDOM.fullmatch(name):
                yield name
    elif isinstance(source, dict):
        for key, value in source.items():
            yield from _names_in(key)
            yield from _names_in(value)
    elif isinstance(source, list | tuple):
        for value in source:
            yield from _names_in(value)


def _pieces(source: str) -> list[str | _Reader]:
    pieces: list[str | _Reader] = []
    end = 0
    for match in _REFERENCE.finditer(source):
        pieces += [_literal(source[end : match.start()]), _reader_of(match[1])]
        end = match.end()
    pieces.append(_literal(source[end:]))
    return [piece for piece in pieces if piece != ""]


def _literal(text: str) -> str:
    # Two closing braces alone are the end of nested JSON; two opening ones are never innocent.
    if "{{" in text:
        raise ValueError(f"expected a reference such as {{{{user.number}}}}, found {text!r}")
    return text


def _joined(pieces: list[str | _Reader], quote: Callable[[str], str]) -> Callable[[Values], str]:
    if all(isinstance(piece, str) for piece in pieces):
        literal = "".join(str(piece) for piece in pieces)
        return lambda values: literal

    def join(values: Values) -> str:
        return "".join(
            [
                piece if isinstance(piece, str) else quote(text_of(piece(values)))
                for piece in pieces
            ]
        )

    return join


def _compiled(source: Any) -> Callable[[Values], Any]:
    if isinstance(source, str):
        pieces = _pieces(source)
        if len(pieces) == 1 and not isinstance(pieces[0], str):
            return pieces[0]
        return _joined(pieces, lambda text: text)
    if isinstance(source, dict):
        items = [(_compiled(key), _compiled(value)) for key, value in source.items()]
        return lambda values: {key(values): value(values) for key, value in items}
    if isinstance(source, list | tuple):
        parts = [_compiled(value) for value in source]
        return lambda values: [part(values) for part in parts]
    return lambda values: source
