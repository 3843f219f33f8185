"""Names that must not be used, each with what to use instead."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator, Mapping

from tests.tidy.rules.imports import bound_names, dotted_name, imports_of
from tests.tidy.rules.source import Problem, Source

WALL_CLOCK = "inject words.clock.Clock and use wall() or now()"
NAMES: Mapping[str, str] = {
    "time.sleep": "wait with a deadline: Clock.sleep_until, select, or threading.Event().wait",
    "time.time": WALL_CLOCK,
    "time.time_ns": WALL_CLOCK,
    "datetime.datetime.now": WALL_CLOCK,
    "datetime.datetime.utcnow": WALL_CLOCK,
    "datetime.datetime.today": WALL_CLOCK,
    "datetime.date.today": WALL_CLOCK,
}
CLOCKS = ("src/hormesis/engine/clock.py",)
"""Where the wall clock is read, once."""
RANDOM_ALLOWED = {"Random", "SystemRandom"}

EFFECT_MODULES: Mapping[str, str] = {
    "subprocess": "effects on the host are verbs (host/verbs) or functions of floor 3",
    "signal": "signals are sent by the custodian and the host verbs (floor 3)",
    "socket": "sockets are opened by asyncio or by floor 3",
}
EFFECT_CALLS = {
    "os.system", "os.popen", "os.kill", "os.killpg", "os.fork", "os.posix_spawn", "os.execv",
    "os.execve", "os.execvp", "os.execvpe", "os.spawnv",
    "asyncio.create_subprocess_exec", "asyncio.create_subprocess_shell",
}  # fmt: skip
FLOOR_3 = (
    "src/hormesis/host/", "src/hormesis/custodian/", "src/hormesis/proxy/", "src/hormesis/wire/",
)  # fmt: skip


def name_ban_problems(source: Source) -> Iterator[Problem]:
    """Yield uses of sleeping, the wall clock and the global random generator."""
    if not source.is_python or source.path in CLOCKS:
        return
    bound = bound_names(source)
    for node in source.nodes:
        if not isinstance(node, ast.Attribute | ast.Name):
            continue
        name = dotted_name(node, bound)
        if name in NAMES:
            yield source.problem(node, f"{name}: {NAMES[name]}")
        elif name.startswith("random.") and name.split(".")[1] not in RANDOM_ALLOWED:
            yield source.problem(node, f"{name}: pass a random.Random (words.randomness.stream_of)")


def print_problems(source: Source) -> Iterator[Problem]:
    """Yield calls of ``print``."""
    if source.is_python:
        for node in source.nodes:
            if isinstance(node, ast.Name) and node.id == "print":
                yield source.problem(node, "print: use the console of cli/, or sys.stdout.write")


def effect_problems(source: Source) -> Iterator[Problem]:
    """Yield processes, signals and sockets in the toolkit outside floor 3."""
    in_toolkit = source.is_python and source.path.startswith("src/")
    if not in_toolkit or source.path.startswith(FLOOR_3):
        return
    for one in imports_of(source):
        if one.root in EFFECT_MODULES:
            yield source.problem(one.line, f"imports {one.root}: {EFFECT_MODULES[one.root]}")
    bound = bound_names(source)
    for node in source.nodes:
        if (
            isinstance(node, ast.Attribute | ast.Name)
            and (name := dotted_name(node, bound)) in EFFECT_CALLS
        ):
            yield source.problem(node, f"{name}: {EFFECT_MODULES['subprocess']}")


def swallow_problems(source: Source) -> Iterator[Problem]:
    """Yield handlers that catch everything and say nothing."""
    if not source.is_python:
        return
    for node in source.nodes:
        if isinstance(node, ast.ExceptHandler):
            if node.type is None:
                yield source.problem(node, "bare except: name the exception that is expected")
            elif _is_broad(node.type) and all(_is_nothing(one) for one in node.body):
                yield source.problem(node, "swallows every exception: name the expected one")
        elif (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name | ast.Attribute)
            and (node.func.id if isinstance(node.func, ast.Name) else node.func.attr) == "suppress"
            and any(_is_broad(argument) for argument in node.args)
        ):
            yield source.problem(node, "suppresses every exception: name the expected one")


def _is_broad(node: ast.expr) -> bool:
    if isinstance(node, ast.Tuple):
        return any(_is_broad(one) for one in node.elts)
    return isinstance(node, ast.Name) and node.id in ("Exception", "BaseException")


def _is_nothing(node: ast.stmt) -> bool:
    if isinstance(node, ast.Expr):
        return isinstance(node.value, ast.Constant)
    return isinstance(node, ast.Pass | ast.Continue)


_UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")


def comment_problems(source: Source) -> Iterator[Problem]:
    """Yield unfinished work and silenced checks that do not say which."""
    if not source.is_python:
        return
    for token in tokenize.generate_tokens(io.StringIO(source.text).readline):
        if token.type != tokenize.COMMENT:
            continue
        line = token.start[0]
        if match := _UNFINISHED.search(token.string):
            yield source.problem(line, f"{match[0]}: finish it, or write an issue")
        if re.search(r"type:\s*ignore(?!\[)", token.string):
            yield source.problem(line, "type: ignore without a code: write type: ignore[code]")
        if re.search(r"noqa(?!:)", token.string):
            yield source.problem(line, "noqa without a code: write noqa: CODE")
