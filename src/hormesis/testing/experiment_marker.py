"""The marker ``@pytest.mark.experiment("file.yaml")``: what it asks for, and what comes of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from string import Formatter

import pytest

from hormesis.compose.running import Finished
from hormesis.spec.did_you_mean import did_you_mean
from hormesis.testing.effectiveness.signature import is_own
from hormesis.testing.experiments import Experiments
from hormesis.testing.hypothesis_tests import is_plugins
from hormesis.testing.judged_failure import JudgedFailure
from hormesis.words.outcome import ExitCode
from hormesis.words.trouble import Trouble

NAME = "experiment"
USE = '@pytest.mark.experiment("file.yaml", variables={"name": "value or {fixture}"})'


@dataclass(frozen=True, slots=True)
class Marked:
    """What a marker asks for. With *judge* false the test looks at the verdict itself."""

    file: str
    variables: Mapping[str, object] = field(default_factory=dict)
    seed: int | None = None
    time_scale: float = 1.0
    judge: bool = True


def marked(item: pytest.Item) -> pytest.Mark | None:
    """Return the marker of a test, None when it has none."""
    return item.get_closest_marker(NAME)


def asked_by(mark: pytest.Mark) -> Marked:
    """Return what *mark* asks for.

    Raises:
        pytest.UsageError: it is not written as it should be.
    """
    try:
        return Marked(*mark.args, **mark.kwargs)
    except TypeError as error:
        told = str(error).removeprefix("Marked.__init__() ")
        raise pytest.UsageError(f"marker experiment: {told}; expected {USE}") from None


def run_marked(request: pytest.FixtureRequest, experiments: Experiments) -> Finished:
    """Run the experiment of a marked test and return it, judged or not.

    A variable's text may name fixtures in braces: ``"{db_connection_string}"``.
    """
    mark = marked(request.node)
    if mark is None:
        pytest.fail(f"the fixture `experiment` needs a marker: {USE}", pytrace=False)
    try:
        asked = asked_by(mark)
        variables = {
            name: _filled(value, request) if isinstance(value, str) else value
            for name, value in (asked.variables or {}).items()
        }
        wanted = experiments.request(
            asked.file, variables=variables, seed=asked.seed, time_scale=asked.time_scale
        )
        return experiments.play(wanted, judge=False)
    except pytest.UsageError as error:
        raise pytest.fail.Exception(str(error), pytrace=False) from None
    except Trouble as trouble:
        if trouble.code is ExitCode.LEFT_DIRTY:
            raise
        raise pytest.fail.Exception(str(trouble), pytrace=False) from None


def judge_marked(item: pytest.Item, finished: Finished, experiments: Experiments) -> None:
    """Fail *item* with what the checks found, unless it looks at the verdict itself."""
    mark = marked(item)
    if mark is None or not asked_by(mark).judge:
        return
    try:
        experiments.judge(finished)
    except JudgedFailure as failure:
        raise _told(failure) from None


def _told(failure: JudgedFailure) -> BaseException:
    """Return the same for a test of which no frame has anything to add."""
    told = pytest.fail.Exception(str(failure), pytrace=False)
    vars(told).update(judged=failure.judged, checks=failure.checks)
    return told


def _filled(text: str, request: pytest.FixtureRequest) -> str:
    """Return *text* with the value of each fixture that stands in braces.

    ``{{`` and ``}}`` are braces, and ``${…}`` is left to the experiment file.

    Raises:
        pytest.UsageError: there is no such fixture.
    """
    parts = []
    for literal, name, _, _ in Formatter().parse(text):
        parts.append(literal)
        if name is None:
            continue
        if literal.endswith("$"):
            parts.append("{" + name + "}")
            continue
        try:
            parts.append(str(request.getfixturevalue(name)))
        except pytest.FixtureLookupError:
            hint = did_you_mean(name, _fixtures_of(request.node), noun="fixtures")
            raise pytest.UsageError(
                f"marker experiment: there is no fixture {name!r} for {text!r}"
                f"{'; ' + hint if hint else ''}"
            ) from None
    return "".join(parts)


def _fixtures_of(item: pytest.Item) -> list[str]:
    """Return the fixtures that a test can use: the project's first, then this plugin's."""
    manager = item.session._fixturemanager
    # By whatever name this release of pytest keeps them.
    kept = [value for name, value in vars(manager).items() if name.endswith("fixturedefs")]
    usable = {
        name: found[-1]
        for name in {name for names in kept if isinstance(names, dict) for name in names}
        if not name.startswith("_") and (found := manager.getfixturedefs(name, item))
    }

    def place(name: str) -> tuple[bool, bool, str]:
        code = getattr(usable[name].func, "__code__", None)
        own = code is not None and is_own(Path(code.co_filename), item.config.rootpath)
        return not own, not is_plugins(usable[name]), name

    return sorted(usable, key=place)
