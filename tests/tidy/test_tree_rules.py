"""The rules that need the whole tree find what is planted and nothing else."""

from __future__ import annotations

from tests.tidy.rules.floors import custodian_problems
from tests.tidy.rules.living import dead_problems, page_problems
from tests.tidy.rules.source import Source

SRC = "src/hormesis"


def tree(**texts: str) -> list[Source]:
    """Make sources; ``custodian__main`` stands for ``custodian/main.py``."""
    packages = {f"{SRC}/__init__.py": ""}
    for name in texts:
        folder = name.rpartition("__")[0].replace("__", "/")
        packages.setdefault(f"{SRC}/{folder}/__init__.py", "")
    files = {f"{SRC}/{name.replace('__', '/')}.py": text for name, text in texts.items()}
    return [Source(path, text) for path, text in {**packages, **files}.items()]


def messages(problems: object) -> str:
    return "\n".join(str(problem) for problem in problems)  # type: ignore[attr-defined]


def test_the_custodian_must_not_reach_beyond_the_standard_library() -> None:
    found = messages(
        custodian_problems(
            tree(
                custodian__main="from hormesis.words import verb",
                words__verb="from hormesis.words.kind import Kind",
                words__kind="import pydantic",
            )
        )
    )
    assert "pydantic by way of hormesis.custodian.main → hormesis.words.verb" in found


def test_the_verbs_count_as_the_custodians_own() -> None:
    assert "psutil" in messages(custodian_problems(tree(host__verbs__pause="import psutil")))


def test_the_custodian_must_not_be_asynchronous() -> None:
    assert "synchronous" in messages(custodian_problems(tree(custodian__main="import asyncio")))


def test_a_package_that_is_passed_through_counts() -> None:
    sources = tree(custodian__main="from hormesis.words.verb import V", words__verb="V = 1")
    sources = [s if s.path != f"{SRC}/words/__init__.py" else Source(s.path, "import rich")
               for s in sources]  # fmt: skip
    assert "rich" in messages(custodian_problems(sources))


def test_a_stdlib_custodian_is_left_alone() -> None:
    sources = tree(custodian__main="import os, select", words__kind="import pydantic")
    assert messages(custodian_problems(sources)) == ""


def test_a_module_that_nobody_uses_is_dead() -> None:
    found = messages(dead_problems(tree(engine__lonely="x = 1", engine__used="from . import used")))
    assert "hormesis.engine.lonely" in found
    assert "hormesis.engine.used" in found, "importing itself keeps no module alive"


def test_a_module_is_alive_when_imported_started_or_on_a_shelf() -> None:
    sources = tree(
        engine__run="from hormesis.engine import clock\nSTART = 'hormesis.custodian.main'",
        engine__clock="x = 1",
        custodian__main="def main(): ...",
        host__holders__burn="def main(): ...",
        checks__threshold="class Threshold(Check): ...",
        cli__main="from hormesis.engine.run import START",
    )
    assert messages(dead_problems(sources)) == ""


def test_pages_must_be_there_and_true() -> None:
    expected = {"docs/a.md": "new", "docs/b.md": "same", "docs/c.md": "c"}
    committed = {"docs/a.md": "old", "docs/b.md": "same", "docs/d.md": "d"}
    found = messages(page_problems(expected, committed))
    assert found.splitlines() == [
        "docs/a.md:1: this page is out of date; run `make docs`",
        "docs/c.md:1: this page is missing; run `make docs`",
        "docs/d.md:1: this page tells of nothing that is there; run `make docs`",
    ]
    assert messages(page_problems(expected, expected)) == ""
