"""Every example says what it shows and what it ends with; every Python file is part of one."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from hormesis.compose import preparing
from hormesis.compose.request import RunRequest
from tests.examples.example_file import FOLDER, Example, examples, read

KNOWN_CODES = range(5)
MEANS_OF_VOLUMES = {"tmpfs": "mount", "loop": "loop-device", "fuse": "fuse"}
PARTS = {
    "procrastinate": ("system.yaml", "evidence.yaml", "chaos.yaml"),
    "celery": ("system.yaml", "evidence.yaml", "chaos.yaml", "late.yaml", "once.yaml"),
    "etcd": ("system.yaml", "disks.yaml", "network.yaml", "evidence.yaml"),
}
"""Files of folders of examples that others include."""
EVERY = [
    *examples(),
    *(
        one
        for folder, parts in PARTS.items()
        for one in examples(FOLDER / folder)
        if one.path.name not in parts
    ),
]


def test_examples_are_found() -> None:
    assert len(EVERY) >= 15


@pytest.mark.parametrize("example", EVERY, ids=lambda one: one.name)
def test_an_example_tells_its_idea_and_its_end(example: Example) -> None:
    assert example.idea, f"{example.name}: the head does not say 'The idea: …'"
    assert example.expect in KNOWN_CODES, f"{example.name}: the head says no 'expect: exit N'"


@pytest.mark.parametrize(
    "example", [one for one in EVERY if one.path.suffix == ".yaml"], ids=lambda one: one.name
)
def test_an_example_names_the_means_that_it_takes(
    example: Example, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Which mechanism comes first does not depend on what this machine has.
    monkeypatch.setattr(preparing, "survey", lambda names: {})
    experiment = preparing.prepare(RunRequest(file=example.path, out=tmp_path))
    taken = {MEANS_OF_VOLUMES[one.sort] for one in experiment.experiment.volumes}
    for action in experiment.timeline.actions:
        taken.update(*(way.means for way in action.fault.ways() if way.name == action.fault.by))
    assert set(example.needs) == taken


def test_an_example_without_an_expectation_is_noticed(tmp_path: Path) -> None:
    file = tmp_path / "new.yaml"
    file.write_text("# The idea: none\ntitle: x\n# expect: exit 0\n", encoding="utf-8")
    assert read(file).expect is None
    assert [one.path for one in examples(tmp_path)] == [file]


@pytest.mark.parametrize(
    ("folder", "part"), [(folder, part) for folder, parts in PARTS.items() for part in parts]
)
def test_a_part_is_included_by_an_example(folder: str, part: str) -> None:
    others = (FOLDER / folder).glob("*.yaml")
    wanted = re.compile(rf"^(include|system): .*\b{re.escape(part)}", re.MULTILINE)
    assert any(wanted.search(one.read_text("utf-8")) for one in others if one.name != part)


def test_the_template_of_new_is_the_first_example() -> None:
    template = Path(FOLDER.parent / "src/hormesis/cli/new_experiment.yaml").read_text("utf-8")
    first = (FOLDER / "first-experiment.yaml").read_text("utf-8")
    assert first.partition("# ---\n")[2] == template


def loose_files() -> list[Path]:
    """Return the Python files but those of packages and projects, which have tests of their own."""
    apart = [
        file.parent for name in ("pyproject.toml", "pytest.ini") for file in FOLDER.rglob(name)
    ]
    found = FOLDER.rglob("*.py")
    return sorted(one for one in found if not any(one.is_relative_to(its) for its in apart))


@pytest.mark.parametrize("file", loose_files(), ids=lambda one: one.name)
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
