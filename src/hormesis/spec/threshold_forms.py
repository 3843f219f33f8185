"""Threshold forms: the mapping ``thresholds``, as k6 writes it, read as threshold checks.

A key is a metric, with tags in braces if any; below it stand expressions, or mappings with the key
``threshold`` and what else a threshold check takes::

    thresholds:
      http_req_duration{name:claim}: ["p(95)<500", {threshold: "p(99.9)<1500", abortOnFail: true}]
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from hormesis.spec.check_forms import ReadCheck
from hormesis.spec.document import Steps
from hormesis.spec.frames import CheckFrame
from hormesis.spec.kind_forms import Forms
from hormesis.spec.node import Node
from hormesis.spec.translate import decode, keys_of

_KIND = "threshold"
_LOWER = re.compile(r"\s*[-+.\d][^<>=!{}]*?(?:<=|>=|<|>)(?=\s*[a-z])")
"""A limit that stands before the aggregation: ``200ms < p(95) < 2s``."""
_DELAY = ("delayAbortEval", "delay_abort_eval")


def read_thresholds(node: Node, raw: Node, forms: Forms) -> list[tuple[ReadCheck, Node]]:
    """Return the checks that the mapping *node* describes; problems are added.

    Each comes with the part of *raw*, the same before its variables were resolved.
    """
    if not isinstance(node.value, dict):
        forms.problems.expected(node, "a mapping of metrics, each with its expressions")
        return []
    return [
        (read, _part(raw, one.steps[len(node.steps) :]))
        for metric, listed in node.items()
        for one in _expressions(listed, forms)
        if (read := _read(metric, one, forms)) is not None
    ]


def _part(raw: Node, steps: Steps) -> Node:
    for step in steps:
        raw = raw.under(step)
    return raw


def _expressions(node: Node, forms: Forms) -> Iterator[Node]:
    if isinstance(node.value, list):
        if not node.value:
            forms.problems.expected(node, "at least one expression")
        yield from node.elements()
    else:
        yield node


def _read(metric: str, node: Node, forms: Forms) -> ReadCheck | None:
    kind = forms.catalogue.checks[_KIND]
    if isinstance(node.value, str):
        fields = {kind.shorthand: _one_line(metric, node)}
        check = decode(kind, fields, node, forms.problems, context=forms.context)
        return None if check is None else ReadCheck(check, node)
    if not isinstance(node.value, dict):
        forms.problems.expected(node, "an expression such as p(95)<500, or a mapping")
        return None
    if not isinstance(node.value.get(_KIND), str):
        message = "expected the key threshold, with an expression such as p(95)<500"
        forms.problems.add(node.under(_KIND) if node.has(_KIND) else node, message)
        return None
    frame = forms.frame_of(CheckFrame, node)
    beside = keys_of(CheckFrame)
    fields = {key: _delay(key, one) for key, one in node.items() if key not in (_KIND, *beside)}
    fields[kind.shorthand] = _one_line(metric, node.under(_KIND))
    known = (_KIND, *beside)
    check = decode(
        kind, fields, node, forms.problems, context=forms.context, also_known=known
    )
    if check is None or frame is None:
        return None
    return ReadCheck(check, node, frame.unless.strip())


def _one_line(metric: str, node: Node) -> Node:
    """Return the expression of *node* with its metric, as a threshold check takes it."""
    lower = _LOWER.match(node.value)
    first = lower[0] if lower else ""
    text = f"{first} {metric.strip()} {node.value[len(first) :].strip()}"
    return Node(node.document, text.strip(), node.steps)


def _delay(key: str, node: Node) -> Node:
    """Return *node*, with a bare number as milliseconds where k6 takes one for that."""
    value: Any = node.value
    if key in _DELAY and isinstance(value, int | float) and not isinstance(value, bool):
        return Node(node.document, f"{value:g}ms", node.steps)
    return node
