"""Every malformed file in ``tests/bad_files`` is told what is wrong with it, and where.

A file's expectations are in comments at its head (``# expect: LINE:COLUMN: MESSAGE``), or one a
line in ``NAME.expect`` where the file cannot hold comments. A place in another file begins with
that file's name. No other problem may be reported, and nothing else may be raised.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from hormesis.checks.threshold import Threshold
from hormesis.words.catalogue import Catalogue
from hormesis.words.outcome import ExitCode
from hormesis.words.trouble import InputTrouble, Problem
from tests.unit.spec.reading import read_file
from tests.unit.spec.small_kinds import small_catalogue

FOLDER = Path(__file__).parents[2] / "bad_files"
FILES = sorted(
    path for path in FOLDER.iterdir() if path.is_file() and path.suffix in (".yaml", ".json")
)
SYSTEMS = {"proving-ground": FOLDER / "parts" / "proving-ground.yaml"}
HEAD = "# expect: "


def expectations(path: Path) -> list[str]:
    sidecar = path.with_name(path.name + ".expect")
    if sidecar.exists():
        return sidecar.read_text().splitlines()
    lines = path.read_text().splitlines()
    return [line.removeprefix(HEAD) for line in lines if line.startswith(HEAD)]


def told(problem: Problem, path: Path) -> str:
    place = problem.place
    assert place is not None
    where = f"{place.line}:{place.column}"
    if Path(place.file) != path:
        where = f"{Path(place.file).relative_to(FOLDER)}:{where}"
    text = str(Problem(problem.message, None, problem.path, problem.hint))
    return f"{where}: {text}".replace(f"{FOLDER}/", "")


def catalogue_for(path: Path) -> Catalogue:
    """Return the small catalogue; what claims may say only the real threshold check knows."""
    small = small_catalogue()
    if not path.name.startswith("threshold-"):
        return small
    return replace(small, checks={**small.checks, "threshold": Threshold})


def test_there_are_many() -> None:
    assert len(FILES) >= 150


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_bad_file(path: Path) -> None:
    with pytest.raises(InputTrouble) as caught:
        read_file(path, systems=SYSTEMS, catalogue=catalogue_for(path))
    assert [told(one, path) for one in caught.value.problems] == expectations(path)
    assert caught.value.code is ExitCode.BAD_INPUT


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_message_says_what_was_expected(path: Path) -> None:
    for line in expectations(path):
        assert "expected " in line, line
        assert "Input should" not in line
        assert "validation error" not in line


def test_missing_and_unreadable(tmp_path: Path) -> None:
    for path, words in (
        (tmp_path / "nowhere.yaml", "expected a file, found nothing there"),
        (tmp_path, "expected a file, found a directory"),
        (tmp_path / ("x" * 300), "File name too long"),
        (tmp_path / "a\0b", "expected a readable file"),
    ):
        with pytest.raises(InputTrouble, match=words):
            read_file(path)


def test_too_large(tmp_path: Path) -> None:
    path = tmp_path / "large.yaml"
    path.write_bytes(b"#" * 1_000_001)
    with pytest.raises(InputTrouble, match="at most 1,000,000 bytes"):
        read_file(path)


def test_an_override_must_be_declared(tmp_path: Path) -> None:
    path = tmp_path / "it.yaml"
    path.write_text("title: T\nvars: {length: 3s}\n")
    with pytest.raises(InputTrouble, match=r"--set lenght: .*did you mean length\?"):
        read_file(path, overrides={"lenght": "4s"})


def test_many_digits(tmp_path: Path) -> None:
    for name, text in (
        ("a.json", '{"title": "T", "seed": ' + "1" * 5000 + "}"),
        ("a.yaml", "title: T\nseed: " + "1" * 5000),
    ):
        path = tmp_path / name
        path.write_text(text)
        with pytest.raises(InputTrouble, match="a number that is not too large"):
            read_file(path)
