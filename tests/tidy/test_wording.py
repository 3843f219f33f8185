"""The wording rule finds machine paths, registry hosts and talk about the making."""

from __future__ import annotations

import pytest

from tests.tidy.rules.source import Source
from tests.tidy.rules.wording import wording_problems


@pytest.mark.parametrize(
    "line",
    [
        "data = '/work/main/x'",
        "cd /home/someone/hormesis",
        "--index-url something",
        "see pypi.org/project/x",
        "written by an AI",
        "the agent then did this",
        "left over from the last session",
    ],
)
def test_a_breach_is_found(line: str) -> None:
    assert len(list(wording_problems(Source("docs/a.md", line)))) == 1


@pytest.mark.parametrize(
    "line",
    [
        "headers = {'User-Agent': 'hormesis'}",
        "a database session ends with its connection",
        "its own session (setsid) at /tmp/x or /var/lib/hormesis",
        "from PyPI; a reagent; /root alone; ${run.dir}/work/x",
    ],
)
def test_plain_text_is_left_alone(line: str) -> None:
    assert [str(problem) for problem in wording_problems(Source("docs/a.md", line))] == []
