"""Every example says what it shows and what it ends with; every Python file is part of one."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.examples.example_file import FOLDER, Example, examples, read

KNOWN_CODES = range(5)
PARTS = ("system.yaml", "evidence.yaml", "chaos.yaml")
"""Files of examples/procrastinate that others include."""
EVERY = [
    *examples(),
    *(one for one in examples(FOLDER / "procrastinate") if one.path.name not in PARTS),
]


def test_examples_are_found() -> None:
    assert len(EVERY) >= 15


@pytest.mark.parametrize("example", EVERY, ids=lambda one: one.name)
def test_an_example_tells_its_idea_and_its_end(example: Example) -> None:
    assert example.idea, f"{example.name}: the head does not say 'The idea: …'"
    assert example.expect in KNOWN_CODES, f"{example.name}: the head says no 'expect: exit N'"


def test_an_example_without_an_expectation_is_noticed(tmp_path: Path) -> None:
    file = tmp_path / "new.yaml"
    file.write_text("# The idea: none\ntitle: x\n# expect: exit 0\n", encoding="utf-8")
    assert read(file).expect is None
    assert [one.path for one in examples(tmp_path)] == [file]


@pytest.mark.parametrize("part", PARTS)
def test_a_part_is_included_by_an_example(part: str) -> None:
    folder = FOLDER / "procrastinate"
    others = [one.read_text("utf-8") for one in folder.glob("*.yaml") if one.name != part]
    assert any(f"include: {part}" in text or f"file: {part}" in text for text in others)


def test_the_template_of_new_is_the_first_example() -> None:
    template = Path(FOLDER.parent / "src/hormesis/cli/new_experiment.yaml").read_text("utf-8")
    first = (FOLDER / "first-experiment.yaml").read_text("utf-8")
    assert first.partition("# ---\n")[2] == template


@pytest.mark.parametrize("file", sorted(FOLDER.rglob("*.py")), ids=lambda one: one.name)
def test_every_python_file_belongs_to_an_example(file: Path) -> None:
    texts = [
        other.read_text("utf-8")
        for other in FOLDER.rglob("*")
        if other.suffix in (".yaml", ".json", ".py") and other != file
    ]
    runnable = file.read_text("utf-8").startswith("# The idea")
    mentioned = any(file.name in text or f"import {file.stem}" in text for text in texts)
    module = any(f"from {file.stem} import" in text or f"{file.stem}.app" in text for text in texts)
    assert runnable or mentioned or module, f"{file.name} is used by no example"
