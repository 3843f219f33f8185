"""How long things may be."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from tests.tidy.rules.source import Problem, Source

LINE_MAX = 100
FUNCTION_LINES_MAX = 70
FILE_LINES_MAX = 500
MEASURED = (".py", ".js", ".css")


def size_problems(source: Source) -> Iterator[Problem]:
    """Yield lines, functions and files that are too long."""
    if not source.path.endswith(MEASURED):
        return
    if len(source.lines) > FILE_LINES_MAX:
        yield source.problem(
            1, f"{len(source.lines)} lines (at most {FILE_LINES_MAX}); split it by concept"
        )
    if source.is_python:
        for number, line in enumerate(source.lines, 1):
            if len(line) > LINE_MAX:
                yield source.problem(number, f"{len(line)} characters (at most {LINE_MAX})")
        for node in source.nodes:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (node.end_lineno or node.lineno) - node.lineno + 1
                if lines > FUNCTION_LINES_MAX:
                    yield source.problem(
                        node, f"{node.name} has {lines} lines (at most {FUNCTION_LINES_MAX})"
                    )


BANNED_STEMS = {"util", "utils", "helper", "helpers", "common", "misc", "stuff"}


def name_problems(source: Source) -> Iterator[Problem]:
    """Yield files and folders whose name says nothing about what is inside."""
    folders, _, file = source.path.rpartition("/")
    for name in [*folders.split("/"), file.partition(".")[0]]:
        if name.lower() in BANNED_STEMS:
            yield source.problem(1, f"{name!r} names no concept; name the file after what it holds")
