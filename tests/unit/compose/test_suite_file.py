"""``suite.yaml``: its problems are told like those of any file, with line and column."""

from __future__ import annotations

from pathlib import Path

import pytest

from hormesis.compose.suite import find_suite
from hormesis.words.trouble import InputTrouble


def suite_in(folder: Path, text: str) -> Path:
    (folder / "suite.yaml").write_text(text)
    (folder / "A-1.yaml").write_text("id: A-1\ntitle: one\n")
    (folder / "part.yaml").write_text("vars: {x: 1}\n")
    return folder


def test_scenarios_are_files_with_an_id_in_the_order_of_the_selection(tmp_path: Path) -> None:
    suite = find_suite(str(suite_in(tmp_path, "title: mine\n")))
    assert suite is not None
    assert list(suite.scenarios) == ["A-1"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("title: t\nbogus: 1\n", "suite.yaml:2:1: bogus: expected a known key"),
        ("just text\n", "suite.yaml:1:1: expected a mapping"),
        ("title: [\n", "suite.yaml:2:1"),
        ("options: {}\n", "expected the key title"),
        (
            "title: t\nselect: {option: kind, choices: {a: [A-2]}}\n",
            "suite.yaml:2:38: select.choices.a[0]: expected the name of a scenario file, "
            "found 'A-2'; did you mean A-1?",
        ),
        ("title: t\nselect: {option: kind, choices: 7}\n", "select.choices: expected a mapping"),
    ],
)
def test_problems_have_their_place(text: str, told: str, tmp_path: Path) -> None:
    with pytest.raises(InputTrouble) as caught:
        find_suite(str(suite_in(tmp_path, text)))
    assert told in str(caught.value)


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    (tmp_path / "suite.yaml").write_bytes(b"title: \xff\xfe\n")
    with pytest.raises(InputTrouble, match="UTF-8"):
        find_suite(str(tmp_path))


@pytest.mark.parametrize(
    "text",
    [
        "id: B-1\ntitle: [\n",
        "  id: B-1\ntitle: misindented\n",
        "title: T\ntracks: [\n",
        "id: B-1\nid: B-1\ntitle: twice\n",
        "",
    ],
)
def test_a_file_that_cannot_be_read_is_a_scenario_so_that_it_is_told(
    text: str, tmp_path: Path
) -> None:
    folder = suite_in(tmp_path, "title: mine\n")
    (folder / "B-1.yaml").write_text(text)
    suite = find_suite(str(folder))
    assert suite is not None
    assert list(suite.scenarios) == ["A-1", "B-1"]


def test_a_key_within_another_files_brackets_makes_no_scenario(tmp_path: Path) -> None:
    folder = suite_in(tmp_path, "title: mine\n")
    (folder / "list.yaml").write_text("vars: {several: [a,\nid: A\n]}\n")
    suite = find_suite(str(folder))
    assert suite is not None
    assert list(suite.scenarios) == ["A-1"]
