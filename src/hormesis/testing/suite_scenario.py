"""A suite's scenario from a test: the request that `hormesis run SUITE --scenario ID` makes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from hormesis.compose.request import RunRequest
from hormesis.compose.suite import find_suite, suite_names
from hormesis.compose.suite_options import check_overrides, option_values
from hormesis.compose.suite_prepare import requests_of
from hormesis.compose.suite_selection import Asked
from hormesis.spec.did_you_mean import did_you_mean
from hormesis.testing.experiments import texts
from hormesis.words.trouble import UsageTrouble


def scenario_request(
    name: str, scenario: str, request: RunRequest, options: Mapping[str, object]
) -> RunRequest:
    """Return the request for one scenario; *request* says everything but the file.

    Raises:
        UsageTrouble: there is no such suite, scenario or option, or a value is not of its type.
        InputTrouble: the system file gives a variable what is not of its type.
    """
    suite = find_suite(name) or find_suite(str(request.file))
    if suite is None:
        known = list(suite_names())
        hint = did_you_mean(name, known) or f"suites: {', '.join(known)}"
        raise UsageTrouble(f"{name!r} is no suite", hint=hint)
    given = {one.replace("_", "-"): text for one, text in texts(options).items()}
    for one in given.keys() - suite.file.every_option.keys():
        raise UsageTrouble(
            f"suite {suite.name!r} has no option {one!r}",
            hint=did_you_mean(one, list(suite.file.every_option)),
        )
    chosen = suite.select(Asked(named=(scenario,)))
    check_overrides(suite.file, request.overrides, request.system)
    values = option_values(suite.file, given, request.environment)
    wanted = replace(request, file=Path(name), suite=name)
    return requests_of(chosen, wanted, values.variables)[scenario]
