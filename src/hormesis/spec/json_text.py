"""JSON text → a document. The standard parser judges the text; a second walk finds the places."""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NoReturn

from hormesis.spec.document import Document, Spot, Steps, path_text
from hormesis.spec.scalars import plain_scalar, text_trouble
from hormesis.spec.yaml_text import DEPTH_MAX, VALUES_MAX
from hormesis.words.trouble import InputTrouble, Place, Problem

_EXPECTED = {
    "Expecting value": "a value",
    "Expecting property name enclosed in double quotes": "a key in double quotes",
    "Expecting ',' delimiter": "','",
    "Expecting ':' delimiter": "':'",
}
_TOKEN = re.compile(r'[{}\[\],:]|"(?:[^"\\]|\\.)*"|[^\s{}\[\],:"]+')


def read_json(text: str, file: str, folder: str) -> Document:
    """Return the document that the JSON *text* holds.

    Raises:
        InputTrouble: the text is not JSON, has duplicate keys, or is nested too deeply.
    """
    walk = _Walk(text, file)
    walk.check_depth()
    try:
        json.loads(text, parse_int=str, parse_float=str, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        walk.refuse(error.pos, _told(error, text))
    except ValueError as error:
        name = str(error)
        walk.refuse(text.find(name), f"expected JSON: {name} is no JSON value")
    data = walk.value(walk.tokens(), ())
    if walk.problems:
        raise InputTrouble(walk.problems)
    return Document(file, folder, data, walk.values, walk.keys)


def _told(error: json.JSONDecodeError, text: str) -> str:
    if error.msg not in _EXPECTED:
        return f"expected JSON: {error.msg[:1].lower()}{error.msg[1:]}"
    found = repr(text[error.pos]) if error.pos < len(text.rstrip()) else "the end of the file"
    return f"expected {_EXPECTED[error.msg]}, found {found}"


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)


@dataclass
class _Walk:
    """Walks over text that is known to be JSON, keeping the place of everything."""

    text: str
    file: str
    values: dict[Steps, Spot] = field(default_factory=dict)
    keys: dict[Steps, Spot] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._lines = [0, *(found.end() for found in re.finditer("\n", self.text))]

    def spot(self, index: int, raw: str = "") -> Spot:
        line = bisect_right(self._lines, index) or 1
        return Spot(line, index - self._lines[line - 1] + 1, raw)

    def refuse(self, index: int, message: str) -> NoReturn:
        spot = self.spot(index)
        raise InputTrouble(Problem(message, Place(self.file, spot.line, spot.column))) from None

    def tokens(self) -> Iterator[re.Match[str]]:
        return _TOKEN.finditer(self.text)

    def check_depth(self) -> None:
        depth = count = 0
        for token in self.tokens():
            depth += {"{": 1, "[": 1, "}": -1, "]": -1}.get(token[0], 0)
            count += token[0] not in "{}[],:"
            if depth > DEPTH_MAX:
                message = f"expected at most {DEPTH_MAX} levels of nesting, found more"
                self.refuse(token.start(), message)
            if count > VALUES_MAX * 2:
                self.refuse(token.start(), f"expected at most {VALUES_MAX:,} values, found more")

    def value(self, tokens: Iterator[re.Match[str]], steps: Steps) -> Any:
        return self._value(next(tokens), tokens, steps)

    def _value(self, token: re.Match[str], tokens: Iterator[re.Match[str]], steps: Steps) -> Any:
        word = token[0]
        self.values[steps] = self.spot(token.start())
        if word == "{":
            return self._mapping(tokens, steps)
        if word == "[":
            return self._list(tokens, steps)
        if word[0] == '"':
            data: Any = json.loads(word)
            raw = data
            if trouble := text_trouble(data):
                self._add(token.start(), steps, trouble)
        else:
            raw = word
            try:
                data = plain_scalar(word)
            except ValueError as error:
                self._add(token.start(), steps, f"expected {error}, found {word[:20]}")
                data = 0
        self.values[steps] = self.spot(token.start(), raw)
        return data

    def _list(self, tokens: Iterator[re.Match[str]], steps: Steps) -> list[Any]:
        items: list[Any] = []
        for token in tokens:
            if token[0] == "]":
                break
            if token[0] != ",":
                items.append(self._value(token, tokens, (*steps, len(items))))
        return items

    def _mapping(self, tokens: Iterator[re.Match[str]], steps: Steps) -> dict[str, Any]:
        data: dict[str, Any] = {}
        for token in tokens:
            if token[0] == "}":
                break
            if token[0] == ",":
                continue
            name = json.loads(token[0])
            way = (*steps, name)
            if name in data:
                message = f"expected each key once, found {name!r} again"
                hint = f"the first is on line {self.keys[way].line}"
                self._add(token.start(), way, message, hint)
            self.keys[way] = self.spot(token.start(), name)
            next(tokens)
            data[name] = self.value(tokens, way)
        return data

    def _add(self, index: int, steps: Steps, message: str, hint: str = "") -> None:
        spot = self.spot(index)
        place = Place(self.file, spot.line, spot.column)
        self.problems.append(Problem(message, place, path_text(steps), hint))
