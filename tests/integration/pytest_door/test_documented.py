"""What the how-to shows runs, in a project with an empty conftest."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.integration.pytest_door.project import PLAIN

pytest_plugins = ["pytester"]
PAGES = Path(__file__).parents[3] / "docs/how-to"
BLOCK = re.compile(r"^```(python|yaml)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
TESTS_IN_ALL = 9


def test_every_block_of_the_how_to(pytester: pytest.Pytester) -> None:
    for language, text in BLOCK.findall((PAGES / "pytest.md").read_text(encoding="utf-8")):
        first = text.partition("\n")[0]
        name = "shop.yaml" if language == "yaml" else first.removeprefix("# ")
        (pytester.path / name).write_text(text, encoding="utf-8")
    (pytester.path / "conftest.py").touch()
    result = pytester.runpytest_subprocess(*PLAIN, "--strict-markers")
    result.assert_outcomes(passed=TESTS_IN_ALL)


@pytest.mark.prove
def test_the_tests_of_the_pages_about_postgres_and_races(pytester: pytest.Pytester) -> None:
    for page in ("postgres-tests", "race"):
        text = (PAGES / f"{page}.md").read_text(encoding="utf-8")
        for number, (language, code) in enumerate(BLOCK.findall(text)):
            if language == "python":
                name = f"test_{page.replace('-', '_')}_{number}.py"
                (pytester.path / name).write_text(code, encoding="utf-8")
    result = pytester.runpytest_subprocess(*PLAIN, "--strict-markers")
    # The race of its own page gives numbers out twice, and that is what the page shows.
    result.assert_outcomes(passed=3, failed=1)
    result.stdout.fnmatch_lines(["*no duplicate draw of n: *more than once*"])
