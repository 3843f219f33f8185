"""No dead file: each module is reached from somewhere; each kind has its page."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping

from tests.tidy.rules.floors import SHELVES
from tests.tidy.rules.imports import imports_of, targets_of
from tests.tidy.rules.source import Problem, Source

KIND_BASES = ("Fault", "Toxic", "Load", "ClientKind", "Probe", "Check", "Report")
FOUND_BY_STEM = (
    "src/hormesis/host/verbs/", "src/hormesis/host/holders/", "src/hormesis/host/programs/",
    "src/hormesis/host/means/",
)  # fmt: skip
DOORS = ("src/hormesis/api.py", "src/hormesis/cli/main.py")


def dead_problems(sources: Iterable[Source]) -> Iterator[Problem]:
    """Yield modules that nothing imports, starts or finds."""
    everything = list(sources)
    modules = {source.module: source for source in everything if source.module}
    used: set[str] = set()
    texts = [s.text for s in everything if s.path.endswith((".toml", ".yaml"))]
    for source in modules.values():
        texts.extend(_strings(source))
        for one in imports_of(source):
            used.update(t for t in targets_of(one, frozenset(modules)) if t != source.module)
    mentioned = "\n".join(texts)
    for name, source in sorted(modules.items()):
        if name in used or _is_found(source):
            continue
        if name in mentioned or f"{source.path.rpartition('/')[2]}:" in mentioned:
            continue
        yield source.problem(1, f"nothing imports {name}: use it or remove it")


def _is_found(source: Source) -> bool:
    return (
        source.is_package
        or source.path.endswith("/__main__.py")
        or source.path.startswith(FOUND_BY_STEM)
        or source.path in DOORS
        or is_shelf_item(source)
    )


def _strings(source: Source) -> Iterator[str]:
    for node in source.nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def is_shelf_item(source: Source) -> bool:
    """Return whether a file stands on a shelf and defines a kind."""
    parts = source.module.split(".")
    if len(parts) != 3 or parts[0] != "hormesis" or parts[1] not in SHELVES:
        return False
    return any(
        isinstance(node, ast.ClassDef)
        and not node.name.startswith("_")
        and any(_base_name(base).endswith(KIND_BASES) for base in node.bases)
        for node in source.tree.body
    )


def _base_name(node: ast.expr) -> str:
    if isinstance(node, ast.Subscript):
        node = node.value
    return getattr(node, "id", getattr(node, "attr", ""))


def page_problems(
    expected: Mapping[str, str], committed: Mapping[str, str]
) -> Iterator[Problem]:
    """Yield generated pages that are missing, out of date, or of a kind that is gone.

    Both map a path to its text; *expected* is what the generator would write now.
    """
    for path, text in sorted(expected.items()):
        if path not in committed:
            yield Problem(path, 1, "this page is missing; run `make docs`")
        elif committed[path] != text:
            yield Problem(path, 1, "this page is out of date; run `make docs`")
    for path in sorted(committed.keys() - expected.keys()):
        yield Problem(path, 1, "this page tells of nothing that is there; run `make docs`")
