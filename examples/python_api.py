# The idea: the same three calls from Python; search for the load that a system no longer carries.
# run:    python examples/python_api.py
# see:    one line for each run, with reasons where it did not pass; exits as the last one did.
# expect: exit 0
"""Run an experiment from Python, several times, with other variables each time."""

from __future__ import annotations

import sys
from pathlib import Path

from hormesis import api

FILE = Path(__file__).with_name("variables.yaml")


def main() -> int:
    """Run with more and more users until a check fails, or there are enough."""
    code = 0
    for users in (2, 20):
        variables = {"users": str(users), "length": "2s"}
        moments = api.plan(FILE, variables=variables)  # the dry run: nothing happens on the host
        finished = api.run(FILE, variables=variables)
        verdict = finished.judged.verdict
        figures = verdict.verdicts[0].figures
        sys.stdout.write(
            f"{users:3} users, {moments.duration_s:g} s: {verdict.outcome.value}, "
            f"{figures}, {finished.directory.name}\n"
        )
        code = int(finished.code)
        if code:
            sys.stdout.write("".join(f"  {one.check}: {one.summary}\n" for one in verdict.verdicts))
            break
    return code


if __name__ == "__main__":
    sys.exit(main())
