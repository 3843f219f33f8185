"""``hormesis check`` and ``hormesis report``: from a run directory alone."""

from __future__ import annotations

from pathlib import Path

from hormesis.cli.console import out
from hormesis.cli.verdict_view import as_data, headline, show_advice, show_reports, show_run
from hormesis.compose.judged_again import judged_again
from hormesis.words.judging import code_of
from hormesis.words.outcome import ExitCode


def check_command(path: Path, *, as_json: bool, quiet: bool = False) -> int:
    """Judge again and return the exit code of the verdict."""
    again = judged_again(path)
    judged = again.judged
    codes = [code_of(one.verdict) for one in judged]
    worst = ExitCode.worst(code_of(one.verdict) for one in again.counted)
    if as_json:
        data = [as_data(one, code, path) for one, code in zip(judged, codes, strict=True)]
        out.tell_json(data[0] if len(data) == 1 else data)
        return worst
    for one, code in zip(judged, codes, strict=True):
        if quiet and len(judged) > 1:
            out.print(headline(one, code))
        else:
            show_run(out, one, code, brief=quiet)
    if not quiet:
        show_advice(out, judged)
    return worst


def report_command(path: Path, kinds: tuple[str, ...]) -> int:
    """Judge again and write the reports."""
    show_reports(out, judged_again(path).write_reports(kinds or None))
    return ExitCode.PASS
