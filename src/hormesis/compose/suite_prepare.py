"""Preparing a suite: every scenario is checked before the first one begins."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from hormesis.compose.preparing import Prepared, prepare
from hormesis.compose.registry import systems
from hormesis.compose.request import RunRequest
from hormesis.compose.suite_folder import Scenario
from hormesis.compose.suite_needs import used_variables
from hormesis.compose.target_lacks import TargetLacks
from hormesis.spec.declared import declared_variables
from hormesis.spec.given_text import GivenText
from hormesis.spec.node import Problems
from hormesis.words.trouble import InputTrouble, Problem, SkipTrouble, UsageTrouble


def requests_of(
    scenarios: Mapping[str, Scenario], request: RunRequest, offered: Mapping[str, str]
) -> dict[str, RunRequest]:
    """Return each scenario's request.

    The *offered* variables, from options and sets of the suite, go to those scenarios that have
    them; the overrides of *request*, from ``--set``, go to all. When another system replaces the
    one that a scenario names, what would only attach that one is not offered.

    Raises:
        UsageTrouble: values that would be taken are not what they should be; all are told.
    """
    requests = {}
    unfit: dict[str, Problem] = {}
    for name, one in scenarios.items():
        known = declared_variables(
            one.file, systems=systems(), system=request.system, written=one.written
        )
        if request.system is not None:
            known &= used_variables(one)
        taken = {variable: text for variable, text in offered.items() if variable in known}
        unfit |= {
            text.said: Problem(f"{text.said}: expected {text.expected}")
            for variable, text in taken.items()
            if isinstance(text, GivenText) and text.expected and variable not in request.overrides
        }
        requests[name] = replace(
            request,
            file=one.file,
            written=one.written,
            scenario=name,
            overrides={**taken, **request.overrides},
        )
    if unfit:
        raise UsageTrouble(unfit.values())
    return requests


def prepare_all(requests: Mapping[str, RunRequest]) -> dict[str, Prepared | SkipTrouble]:
    """Prepare every scenario; one that cannot be run on this system is why it would be skipped.

    Raises:
        InputTrouble: files have problems; all problems of all scenarios are listed.
    """
    problems = Problems()
    told: set[str | None] = set()
    lacks = TargetLacks()
    prepared: dict[str, Prepared | SkipTrouble] = {}
    for name, one in requests.items():
        try:
            prepared[name] = prepare(one)
        except SkipTrouble as trouble:
            prepared[name] = trouble
        except InputTrouble as trouble:
            for problem in lacks.take(name, one, trouble.problems):
                where = _of_a_given_value(problem, one)
                if where is None or where not in told:
                    problems.put(problem)
                    told |= {where}
    for problem in lacks.problems(len(requests)):
        problems.put(problem)
    problems.raise_if_any()
    return prepared


def _of_a_given_value(problem: Problem, request: RunRequest) -> str | None:
    """Return which value that the user gave the *problem* is about; None if it is of none.

    What is wrong with it depends on where a scenario takes it, and is told once.
    """
    if problem.place is None:
        return problem.path or None
    in_system = request.system is not None and problem.place.file == str(request.system)
    return str(problem.place) if in_system and problem.path.startswith("overrides.") else None


def check_all(requests: Mapping[str, RunRequest]) -> list[Prepared]:
    """Check every scenario before anything starts; return those that could begin.

    They have no ports reserved: each is prepared again when its turn has come.

    Raises:
        InputTrouble: files have problems; all problems of all scenarios are listed.
    """
    able = [one for one in prepare_all(requests).values() if not isinstance(one, SkipTrouble)]
    for one in able:
        one.ports.give_back()
    return able


def reaching_nothing(requests: Mapping[str, RunRequest], offered: Mapping[str, str]) -> list[str]:
    """Return the variables, of the *offered*, that none of the scenarios has."""
    taken = {name for one in requests.values() for name in one.overrides}
    return [name for name in offered if name not in taken]
