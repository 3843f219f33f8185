"""What the how-to shows runs, in a project with an empty conftest."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.integration.pytest_door.project import PLAIN

pytest_plugins = ["pytester"]
PAGE = Path(__file__).parents[3] / "docs/how-to/pytest.md"
BLOCK = re.compile(r"^```(python|yaml)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
TESTS_IN_ALL = 8


def test_every_block_of_the_how_to(pytester: pytest.Pytester) -> None:
    for language, text in BLOCK.findall(PAGE.read_text(encoding="utf-8")):
        first = text.partition("\n")[0]
        name = "shop.yaml" if language == "yaml" else first.removeprefix("# ")
        (pytester.path / name).write_text(text, encoding="utf-8")
    (pytester.path / "conftest.py").touch()
    result = pytester.runpytest_subprocess(*PLAIN, "--strict-markers")
    result.assert_outcomes(passed=TESTS_IN_ALL)
