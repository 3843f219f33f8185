"""What the documents show works: links lead somewhere, experiments are read, code runs."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from random import Random
from types import ModuleType

import pytest

from hormesis.compose.preparing import prepare
from hormesis.compose.request import RunRequest
from hormesis.words.check import Check
from hormesis.words.fault import Fault
from hormesis.words.history import History
from hormesis.words.outcome import Outcome
from hormesis.words.target import Target
from tests.tidy.rules.source import ROOT

LINK = re.compile(r"\]\((?!https?:|#|mailto:)([^)#\s]+)")
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
DOCUMENTS = [*sorted((ROOT / "docs").rglob("*.md")), *sorted(ROOT.glob("*.md"))]


def blocks(language: str) -> list[tuple[str, str]]:
    """Return the fenced blocks of one language: where each stands, and its text."""
    return [
        (f"{document.relative_to(ROOT)}#{number}", text)
        for document in DOCUMENTS
        for number, (name, text) in enumerate(BLOCK.findall(document.read_text("utf-8")), 1)
        if name == language
    ]


EXPERIMENTS = [(where, text) for where, text in blocks("yaml") if text.startswith("title:")]


def test_experiments_are_found() -> None:
    assert {where.partition("#")[0] for where, _ in EXPERIMENTS} >= {
        "docs/how-to/attach.md",
        "docs/how-to/postgresql.md",
    }


@pytest.mark.parametrize(("where", "text"), EXPERIMENTS, ids=[where for where, _ in EXPERIMENTS])
def test_each_experiment_is_read_without_problems(where: str, text: str, tmp_path: Path) -> None:
    file = tmp_path / "experiment.yaml"
    file.write_text(text, encoding="utf-8")
    assert prepare(RunRequest(file=file, out=tmp_path / "runs")).timeline.duration_s > 0


@pytest.mark.parametrize(("where", "text"), blocks("python"), ids=lambda one: one[:40])
def test_the_python_shown_is_python(where: str, text: str) -> None:
    compile(text, where, "exec")


def test_the_check_shown_judges() -> None:
    shown = next(text for where, text in blocks("python") if where.startswith("docs/how-to/extend"))
    module = ModuleType("at_most")
    exec(compile(shown, "at_most.py", "exec"), vars(module))
    check: Check = module.AtMost(of="order", times=1)
    assert check.judge(History(manifest={})).outcome is Outcome.UNKNOWN


def test_the_fault_shown_claims_nothing_without_evidence() -> None:
    _, shown = [text for where, text in blocks("python") if where.startswith("docs/how-to/extend")]
    module = ModuleType("file_lock")
    # The class looks its annotations up in the module that it says it is of.
    sys.modules["file_lock"] = module
    try:
        exec(compile(shown, "file_lock.py", "exec"), vars(module))
    finally:
        del sys.modules["file_lock"]
    fault: Fault = module.FileLock(file="book.txt", by="flock")
    (call,) = fault.verbs(Target(name="book", path="/b"), Random(1))
    assert (call.verb, call.args["config"]) == ("holder", {"path": "/b/book.txt"})
    assert not fault.hurts({}, {}) and not fault.healed({}, {}) and not fault.measured({}, {})
    assert fault.hurts({}, {"waiting": 2}) and fault.measured({}, {"waiting": 2})


def test_no_link_between_documents_is_broken() -> None:
    broken = [
        f"{document.relative_to(ROOT)}: {link}"
        for document in DOCUMENTS
        for link in LINK.findall(document.read_text(encoding="utf-8"))
        if not (document.parent / link).exists()
    ]
    if broken:
        pytest.fail("\n".join(broken), pytrace=False)
