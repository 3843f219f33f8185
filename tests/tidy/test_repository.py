"""The repository obeys its own rules."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import pytest

from tests.tidy.rules.bans import (
    comment_problems,
    effect_problems,
    name_ban_problems,
    print_problems,
    swallow_problems,
)
from tests.tidy.rules.floors import custodian_problems, floor_problems, mutual_ban_problems
from tests.tidy.rules.living import dead_problems
from tests.tidy.rules.purity import late_import_problems, polling_problems, purity_problems
from tests.tidy.rules.sizes import name_problems, size_problems
from tests.tidy.rules.source import Problem, Source, repository
from tests.tidy.rules.wording import wording_problems

# In one worker: the sources are read and parsed once.
pytestmark = pytest.mark.xdist_group("tidy")

SOURCES = list(repository())
FILE_RULES = (
    floor_problems, mutual_ban_problems, size_problems, name_problems, name_ban_problems,
    print_problems, effect_problems, swallow_problems, comment_problems, purity_problems,
    polling_problems, late_import_problems, wording_problems,
)  # fmt: skip
TREE_RULES = (custodian_problems, dead_problems)


def fail_with(problems: Iterable[Problem]) -> None:
    told = [str(problem) for problem in sorted(set(problems))]
    if told:
        pytest.fail("\n".join(told), pytrace=False)


def test_the_repository_is_seen() -> None:
    paths = {source.path for source in SOURCES}
    assert {"Makefile", "src/hormesis/words/kind.py", "tests/tidy/test_repository.py"} <= paths


@pytest.mark.parametrize("rule", FILE_RULES, ids=lambda rule: rule.__name__)
def test_each_file_obeys(rule: Callable[[Source], Iterator[Problem]]) -> None:
    fail_with(problem for source in SOURCES for problem in rule(source))


@pytest.mark.parametrize("rule", TREE_RULES, ids=lambda rule: rule.__name__)
def test_the_whole_obeys(rule: Callable[[Iterable[Source]], Iterator[Problem]]) -> None:
    fail_with(rule(SOURCES))
