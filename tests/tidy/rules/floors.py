"""Who may import whom: downwards only, siblings never."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping

from tests.tidy.rules.imports import imports_of, targets_of
from tests.tidy.rules.source import Problem, Source

SHELVES = ("faults", "toxics", "loads", "clients", "probes", "checks", "reports", "targets")
FLOORS: Mapping[str, int] = {
    "words": 0,
    "spec": 1, "plan": 1, "strategies": 1,
    "record": 2,
    "host": 3, "custodian": 3, "proxy": 3, "wire": 3,
    "engine": 4, **dict.fromkeys(SHELVES, 4),
    "compose": 5,
    "cli": 6, "api": 6, "load": 6, "testing": 6, "_hormesis_pytest": 6,
}  # fmt: skip
SUITES_MAY = ("words", "record")
"""A suite's own client or report stands on floor 4, beside the shelves, and is pure."""
LEVEL_PAIRS = {("custodian", "host"), ("wire", "host"), ("_hormesis_pytest", "testing")}
"""Imports on one floor that are allowed: custodian and wire stand on what the host offers, and
the pytest entry opens into what tests use."""


def floor_problems(source: Source) -> Iterator[Problem]:
    """Yield every import that goes up, or sideways between siblings."""
    here = _part(source.module)
    if not here:
        return
    for one in imports_of(source):
        if one.root not in ("hormesis", "_hormesis_pytest"):
            continue
        parts = {_part(one.module)} if one.module != "hormesis" else set(one.names)
        for there in sorted(parts & {*FLOORS, "suites"}):
            if reason := _refusal(here, there):
                yield source.problem(one.line, reason)


def _part(module: str) -> str:
    root, _, rest = module.partition(".")
    if root == "_hormesis_pytest":
        return root
    return rest.partition(".")[0] if root == "hormesis" else ""


def _refusal(here: str, there: str) -> str:
    if here == there or (here, there) in LEVEL_PAIRS:
        return ""
    if here == "suites":
        return "" if there in SUITES_MAY else f"a suite may import words and record, not {there}"
    if there == "suites":
        return "suites are data: found by compose as files, never imported"
    if here not in FLOORS:
        return f"{here!r} stands on no floor; give it one in tests/tidy/rules/floors.py"
    if FLOORS[there] < FLOORS[here]:
        return ""
    way = "sideways" if FLOORS[there] == FLOORS[here] else "upwards"
    return f"{here} (floor {FLOORS[here]}) imports {way}: {there} (floor {FLOORS[there]})"


def mutual_ban_problems(source: Source) -> Iterator[Problem]:
    """Yield imports between the toolkit and the proving ground, in either direction."""
    banned = {
        "src/": ("proving_ground", "the toolkit meets the proving ground through its system.yaml"),
        "apps/": ("hormesis", "the proving ground must not know the toolkit"),
    }
    for prefix, (root, why) in banned.items():
        if source.is_python and source.path.startswith(prefix):
            for one in imports_of(source):
                if one.root == root:
                    yield source.problem(one.line, f"imports {one.module}: {why}")


def custodian_problems(sources: Iterable[Source]) -> Iterator[Problem]:
    """Yield what the custodian would load that is neither the standard library nor synchronous.

    Everything is followed: the verbs it finds by file stem, and each imported package's
    ``__init__``.
    """
    modules = {source.module: source for source in sources if source.module}
    chains = {
        name: name
        for name in modules
        if name.startswith(("hormesis.custodian", "hormesis.host.verbs"))
    }
    waiting = sorted(chains)
    while waiting:
        name = waiting.pop()
        source = modules[name]
        for one in imports_of(source):
            if one.root == "hormesis":
                for target in targets_of(one, frozenset(modules)):
                    for loaded in _with_packages(target):
                        if loaded in modules and loaded not in chains:
                            chains[loaded] = f"{chains[name]} → {loaded}"
                            waiting.append(loaded)
            elif one.root not in sys.stdlib_module_names:
                yield source.problem(
                    one.line, f"the custodian is stdlib-only; {one.module} by way of {chains[name]}"
                )
            elif one.root == "asyncio":
                yield source.problem(
                    one.line, f"the custodian is synchronous; asyncio by way of {chains[name]}"
                )


def _with_packages(module: str) -> Iterator[str]:
    parts = module.split(".")
    for size in range(1, len(parts) + 1):
        yield ".".join(parts[:size])
