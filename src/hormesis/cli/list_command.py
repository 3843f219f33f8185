"""``hormesis list`` and ``hormesis schema``: what there is."""

from __future__ import annotations

from rich.text import Text

from hormesis.cli.columns import columns
from hormesis.cli.console import out
from hormesis.compose.registry import SHELVES, catalogue
from hormesis.compose.suite import find_suite, suite_names
from hormesis.spec.did_you_mean import did_you_mean
from hormesis.spec.json_schema import schema_of
from hormesis.words.outcome import ExitCode
from hormesis.words.trouble import UsageTrouble


def list_command(shelf: str | None, *, as_json: bool) -> int:
    """Print every kind of one shelf, or of all."""
    known = [*SHELVES, "suites"]
    if shelf is not None and shelf not in known:
        raise UsageTrouble(
            f"there is no shelf {shelf!r}", hint=did_you_mean(shelf, known) or ", ".join(known)
        )
    found = {name: _kinds(name) for name in ([shelf] if shelf else known)}
    if as_json:
        out.tell_json(found)
        return ExitCode.PASS
    for name, kinds in found.items():
        out.print(Text(name, style="bold"))
        for line in columns([(f"  {kind}", told) for kind, told in kinds.items()]):
            out.print(line)
    return ExitCode.PASS


def schema_command() -> int:
    """Print the JSON Schema of experiment files."""
    out.tell_json(schema_of(catalogue()))
    return ExitCode.PASS


def _kinds(shelf: str) -> dict[str, str]:
    if shelf == "suites":
        found = {name: find_suite(name) for name in suite_names()}
        return {name: suite.file.title for name, suite in found.items() if suite}
    kinds = catalogue().shelf(shelf)
    return {name: (kind.__doc__ or "").strip().partition("\n")[0] for name, kind in kinds.items()}
