"""Run request: what a command line asks for, of one experiment file or of a suite's scenarios."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from hormesis.cli.run_options import RunOptions
from hormesis.cli.variables import variables_from
from hormesis.compose.request import RunRequest
from hormesis.compose.suite import suite_names
from hormesis.spec.did_you_mean import did_you_mean
from hormesis.words.trouble import UsageTrouble


def request_of(what: str, options: RunOptions) -> RunRequest:
    """Return the request for *what*; ``--set NAME`` chooses a set and is no variable.

    Raises:
        UsageTrouble: a variable that is none.
    """
    return RunRequest(
        file=Path(what),
        out=options.out,
        overrides=variables_from([one for one in options.variables if "=" in one]),
        environment=dict(os.environ),
        seed=options.seed,
        time_scale=options.time_scale,
        system=options.system,
        force=options.force,
    )


def file_request(what: str, options: RunOptions, command: str) -> RunRequest:
    """Return the request for *what*, which is no suite, given to *command*.

    Raises:
        UsageTrouble: it is no file either, or there is an option that only suites have.
    """
    if not Path(what).exists():
        known = list(suite_names())
        hint = did_you_mean(what, known) or f"suites: {', '.join(known)}"
        raise UsageTrouble(f"{what!r} is neither a file nor a suite", hint=hint)
    if options.scenarios or options.scenario_dirs:
        option = "--scenario" if options.scenarios else "--scenario-dir"
        raise UsageTrouble(f"{option} is for suites; {what} is one experiment file")
    if options.extra:
        raise UsageTrouble(
            f"no such option: {options.extra[0]}", hint=f"see `hormesis {command} --help`"
        )
    # Every --set is a variable here, also one that has no value and so none of a suite's sets.
    return replace(request_of(what, options), overrides=variables_from(options.variables))
