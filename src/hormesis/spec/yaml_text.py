"""YAML text → a document: one strict subset of YAML, in which every surprise is a problem.

Anchors and aliases are understood; duplicate keys, tags, merge keys, several documents, and
nesting or aliases that grow without bounds are problems with a place.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NoReturn

import yaml

from hormesis.spec.document import Document, Spot, Steps, path_text
from hormesis.spec.scalars import plain_scalar, text_trouble
from hormesis.words.trouble import InputTrouble, Place, Problem

DEPTH_MAX = 40
VALUES_MAX = 20_000

_STRING_TAGS = (None, "!", "tag:yaml.org,2002:str")


@dataclass(frozen=True, slots=True)
class _Scalar:
    mark: Any
    raw: str
    plain: bool


@dataclass(frozen=True, slots=True)
class _List:
    mark: Any
    items: list[Any]


@dataclass(frozen=True, slots=True)
class _Mapping:
    mark: Any
    pairs: list[tuple[Any, Any]]


_Node = _Scalar | _List | _Mapping


def read_yaml(text: str, file: str, folder: str) -> Document:
    """Return the document that the YAML *text* holds.

    Raises:
        InputTrouble: the text is not YAML, or uses what the subset leaves out.
    """
    composer = _Composer(file)
    try:
        tree = composer.compose(yaml.parse(text, Loader=yaml.SafeLoader))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        composer.refuse(mark, *_syntax(error, text))
    except yaml.reader.ReaderError as error:
        before = text[: int(error.position)]
        line, column = before.count("\n") + 1, len(before.rpartition("\n")[2]) + 1
        message = f"expected printable text, found the character {text[len(before)]!r}"
        raise InputTrouble(Problem(message, Place(file, line, column))) from None
    return _Flattening(composer).document(tree, file, folder)


def _syntax(error: yaml.MarkedYAMLError, text: str) -> tuple[str, str]:
    problem = error.problem or "not understood"
    mark = error.problem_mark
    at = text[mark.index : mark.index + 1] if mark else ""
    if "\\t" in problem or at == "\t":
        return "expected spaces, found a tab", "YAML is indented with spaces"
    if problem.startswith("expected <block end>"):
        begin = error.context_mark.line + 1 if error.context_mark else 1
        return f"expected the indentation of line {begin}, found another", ""
    if problem == "mapping values are not allowed here":
        hint = "put a text that holds ': ' in quotes, or mend the indentation"
        return "expected the end of the value, found a second ':'", hint
    if at and at in "@`%&*!|>" and "found character" in problem:
        return f"expected a value, found {at!r}, which means something in YAML", "put it in quotes"
    message = f"expected YAML: {problem}"
    if error.context and error.context_mark and mark:
        begin = error.context_mark.line + 1
        since = "" if begin == mark.line + 1 else f" that begins on line {begin}"
        message += f", {error.context.replace('flow ', '')}{since}"
    return message, ""


class _Composer:
    """Builds the tree of nodes from the parser's events, with bounded depth."""

    def __init__(self, file: str) -> None:
        self.file = file
        self._anchors: dict[str, _Node] = {}

    def refuse(self, mark: Any, message: str, hint: str = "", path: str = "") -> NoReturn:
        place = Place(self.file, mark.line + 1, mark.column + 1) if mark else Place(self.file)
        raise InputTrouble(Problem(message, place, path, hint)) from None

    def compose(self, events: Iterator[Any]) -> _Node | None:
        """Return the only document's tree, or None when there is no content at all."""
        tree: _Node | None = None
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent):
                if tree is not None:
                    self.refuse(event.start_mark, "expected one document, found a second one")
                tree = self._node(next(events), events, 0)
        return tree

    def _node(self, event: Any, events: Iterator[Any], depth: int) -> _Node:
        if isinstance(event, yaml.AliasEvent):
            anchored = self._anchors.get(str(event.anchor))
            if anchored is None:
                message = f"expected the name of an anchor above, found *{event.anchor}"
                self.refuse(event.start_mark, message)
            return anchored
        if depth > DEPTH_MAX:
            message = f"expected at most {DEPTH_MAX} levels of nesting, found more"
            self.refuse(event.start_mark, message)
        node: _Node
        if isinstance(event, yaml.ScalarEvent):
            self._check_tag(event, event.tag in _STRING_TAGS)
            plain = event.style is None and event.tag is None
            node = _Scalar(event.start_mark, event.value, plain)
        elif isinstance(event, yaml.SequenceStartEvent):
            self._check_tag(event, event.tag is None)
            node = _List(event.start_mark, list(self._items(events, depth)))
        else:
            self._check_tag(event, event.tag is None)
            parts = list(self._items(events, depth))
            node = _Mapping(event.start_mark, list(zip(parts[::2], parts[1::2], strict=True)))
        if event.anchor is not None:
            self._anchors[event.anchor] = node
        return node

    def _items(self, events: Iterator[Any], depth: int) -> Iterator[_Node]:
        while True:
            event = next(events)
            if isinstance(event, yaml.CollectionEndEvent):
                return
            yield self._node(event, events, depth + 1)

    def _check_tag(self, event: Any, understood: bool) -> None:
        if not understood:
            message = f"expected a plain value, found the tag {event.tag!r}"
            self.refuse(event.start_mark, message, "write the value without a tag")


@dataclass
class _Flattening:
    """Turns a tree into plain data and spots; aliases are written out, within bounds."""

    composer: _Composer
    values: dict[Steps, Spot] = field(default_factory=dict)
    keys: dict[Steps, Spot] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def document(self, tree: _Node | None, file: str, folder: str) -> Document:
        data = self._data(tree, ()) if tree is not None else None
        if self.problems:
            raise InputTrouble(self.problems)
        return Document(file, folder, data, self.values, self.keys)

    def _data(self, node: _Node, steps: Steps) -> Any:
        if len(self.values) >= VALUES_MAX or len(steps) > DEPTH_MAX * 2:
            message = f"expected at most {VALUES_MAX:,} values, found more"
            self.composer.refuse(node.mark, message, "aliases count each time they are used")
        raw = node.raw if isinstance(node, _Scalar) else ""
        self.values[steps] = Spot(node.mark.line + 1, node.mark.column + 1, raw)
        if isinstance(node, _Scalar):
            return self._scalar(node, steps)
        if isinstance(node, _List):
            return [self._data(item, (*steps, n)) for n, item in enumerate(node.items)]
        data: dict[str, Any] = {}
        for key, value in node.pairs:
            name = self._key(key, steps, data)
            if name is not None:
                self.keys[(*steps, name)] = Spot(key.mark.line + 1, key.mark.column + 1, name)
                data[name] = self._data(value, (*steps, name))
        return data

    def _key(self, key: _Node, steps: Steps, data: dict[str, Any]) -> str | None:
        if not isinstance(key, _Scalar):
            self._add(key, steps, "expected a text as key, found a list or a mapping")
            return None
        if key.plain and key.raw == "<<":
            self._add(key, steps, "expected a key, found <<", "merge keys are not understood")
            return None
        if key.raw in data:
            first = self.keys[(*steps, key.raw)]
            message = f"expected each key once, found {key.raw!r} again"
            self._add(key, (*steps, key.raw), message, f"the first is on line {first.line}")
            return None
        return key.raw

    def _scalar(self, node: _Scalar, steps: Steps) -> Any:
        if not node.plain:
            if trouble := text_trouble(node.raw):
                self._add(node, steps, trouble)
            return node.raw
        try:
            return plain_scalar(node.raw)
        except ValueError as error:
            self._add(node, steps, f"expected {error}, found {node.raw[:20]}")
            return 0

    def _add(self, node: _Node, steps: Steps, message: str, hint: str = "") -> None:
        place = Place(self.composer.file, node.mark.line + 1, node.mark.column + 1)
        self.problems.append(Problem(message, place, path_text(steps), hint))
