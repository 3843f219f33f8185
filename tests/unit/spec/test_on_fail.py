"""``on_fail``: clients like those of ``finish``, each of which may say when."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.spec.reading import GOOD, read_text, troubles

STEP = '{http: "${link.web.url}", steps: [{name: abort, get: /abort}], when: "${pause}"}'


def text(pause: str, element: str = STEP) -> str:
    return GOOD.replace("vars: {", f'vars: {{pause: "{pause}", ') + f"on_fail:\n  - {element}\n"


@pytest.mark.parametrize(
    ("pause", "count"), [("yes", 1), ("1", 1), ("true", 1), ("", 0), ("no", 0), ("0", 0)]
)
def test_it_is_done_when_its_variable_says_so(pause: str, count: int, tmp_path: Path) -> None:
    assert len(read_text(tmp_path, text(pause)).on_fail) == count


def test_without_when_it_is_always_done(tmp_path: Path) -> None:
    element = STEP.replace(', when: "${pause}"', "")
    assert len(read_text(tmp_path, text("no", element)).on_fail) == 1


def test_its_problems_have_their_place(tmp_path: Path) -> None:
    (told,) = troubles(tmp_path, text("yes", STEP.replace("when", "whenn")))
    assert "on_fail[0].whenn: expected a known key, found whenn" in told
    (told,) = troubles(tmp_path, text("yes", "3"))
    assert "on_fail[0]: expected path.py:Class or a mapping with one of" in told
