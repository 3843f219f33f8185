"""Files that a load's command line asks for by name: k6's summary, and Locust's tables."""

from __future__ import annotations

from pathlib import Path

from hormesis.compose.option_problems import OptionProblems
from hormesis.compose.registry import catalogue
from hormesis.compose.running import Finished
from hormesis.record.atomic_write import write_atomically
from hormesis.words.report import Report
from hormesis.words.trouble import CapabilityTrouble, UsageTrouble

SUMMARY = "summary-json"
TABLES = "locust-csv"


def check_copies(*, summary: Path | None, csv: str) -> None:
    """Refuse files that could not be written, before the load and not after it.

    Raises:
        UsageTrouble: a folder is not there.
        CapabilityTrouble: a report is not installed.
    """
    problems = OptionProblems()
    for option, path in (("--summary-json", summary), ("--csv", Path(csv) if csv else None)):
        if path is None:
            continue
        if path.is_dir():
            problems.add(option, f"expected a file's name, found the folder {path}")
        elif not path.absolute().parent.is_dir():
            problems.add(option, f"expected a folder that is there, found none at {path.parent}")
        _report(SUMMARY if option == "--summary-json" else TABLES)
    problems.raise_if_any()


def write_copies(finished: Finished, *, summary: Path | None, csv: str) -> list[Path]:
    """Write what was asked for; return the paths.

    Raises:
        UsageTrouble: a file cannot be written.
    """
    title = str(finished.judged.history.manifest.get("title", ""))
    contents: dict[Path, bytes] = {}
    if summary is not None:
        contents[summary] = _report(SUMMARY).render(title, [finished.judged])
    if csv:
        for name, content in _report(TABLES).files(title, [finished.judged]).items():
            contents[_prefixed(csv, name)] = content
    for path, content in contents.items():
        try:
            write_atomically(path, content)
        except OSError as error:
            raise UsageTrouble(f"{path} cannot be written: {error.strerror or error}") from error
    return list(contents)


def _prefixed(prefix: str, name: str) -> Path:
    """Return ``PREFIX_stats.csv`` for whatever the report calls its ``…_stats.csv``."""
    for ending in ("stats_history", "stats", "failures", "exceptions"):
        if Path(name).stem.endswith(ending):
            return Path(f"{prefix}_{ending}.csv")
    return Path(f"{prefix}_{name}")


def _report(kind: str) -> Report:
    known = catalogue().reports
    if kind not in known:
        raise CapabilityTrouble(f"the report {kind!r} is not installed here")
    made: Report = known[kind]()
    return made
