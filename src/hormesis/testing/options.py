"""The options of a pytest session, from the command line, the ini file and the environment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

ISOLATIONS = ("schema", "database", "none")
TRANSACTION_ISOLATIONS = ("read-committed", "repeatable-read", "serializable")


@dataclass(frozen=True, slots=True)
class Options:
    """What was asked for; paths are absolute.

    ``database`` is a URL, empty for an embedded server; ``postgres`` a version, a folder or empty.
    ``report`` is None when no effectiveness report is wanted, empty for its usual place.
    """

    database: str
    postgres: str
    pool_size: int
    workers: int
    isolation: str
    transaction_isolation: str
    seed: int
    run_dir: Path
    allow_unknown: bool
    recover: bool
    report: str | None
    last: int
    template: str
    rootdir: Path
    keep: int = 20
    """How many sessions' runs are kept."""


def read_options(config: pytest.Config, seed: int, environment: Mapping[str, str]) -> Options:
    """Return the options; the command line goes before the ini file, that before the environment.

    Raises:
        pytest.UsageError: values that an option does not take; all of them are told.
    """
    problems: list[str] = []
    given = _Given(config, problems)
    options = Options(
        database=given.text("database") or environment.get("HORMESIS_DATABASE", ""),
        postgres=given.text("postgres"),
        pool_size=given.count("pool-size", 5),
        workers=given.count("workers", 10),
        isolation=given.choice("isolation", ISOLATIONS, "schema"),
        transaction_isolation=given.choice("transaction-isolation", TRANSACTION_ISOLATIONS, ""),
        seed=seed,
        run_dir=given.folder("run-dir", "hormesis-runs/pytest"),
        allow_unknown=bool(config.getoption("--chaos-allow-unknown")),
        recover=bool(config.getoption("--chaos-recover")),
        report=given.page(),
        last=given.count("last", 10),
        template=str(config.getini("chaos_template") or "").strip(),
        rootdir=config.rootpath,
        keep=given.count("keep", 20),
    )
    if options.template and options.isolation == "none" and options.database:
        problems.append(
            f"chaos_template = {options.template}: with isolation none the tests use your database "
            "as it is, so nothing is put into it; leave one of the two out"
        )
    if seed < 0:
        problems.append(f"--chaos-seed {seed}: expected a whole number of at least 0")
    if problems:
        raise pytest.UsageError("\n".join(problems))
    return options


class _Given:
    """Reads options by name, and collects what is wrong with them."""

    def __init__(self, config: pytest.Config, problems: list[str]) -> None:
        self._config = config
        self._problems = problems

    def text(self, name: str) -> str:
        return self._found(name)[1]

    def count(self, name: str, default: int) -> int:
        where, text = self._found(name)
        if not text:
            return default
        if text.isdecimal() and int(text) > 0:
            return int(text)
        self._problems.append(f"{where} {text}: expected a whole number above 0")
        return default

    def choice(self, name: str, choices: tuple[str, ...], default: str) -> str:
        where, text = self._found(name)
        if text and text not in choices:
            self._problems.append(f"{where} {text}: expected one of {', '.join(choices)}")
        return text or default

    def folder(self, name: str, default: str) -> Path:
        """Return a folder: of the command line below where it was given, else below the root."""
        where, text = self._found(name)
        asked = where.startswith("--")
        return (self._config.invocation_params.dir if asked else self._config.rootpath) / (
            text or default
        )

    def page(self) -> str | None:
        """Return the report's file, empty for its usual place, None when none is wanted."""
        asked = self._config.getoption("--chaos-report-file")
        if asked is None:
            return "" if self._config.getoption("--chaos-report") else None
        page = self._config.invocation_params.dir / str(asked)
        if page.suffix.lower() != ".html":
            told = "expected a file that ends in .html (--chaos-report alone takes no file)"
        elif not page.parent.is_dir():
            told = f"there is no folder {page.parent}"
        else:
            return str(page)
        self._problems.append(f"--chaos-report-file {asked}: {told}")
        return ""

    def _found(self, name: str) -> tuple[str, str]:
        given = self._config.getoption(f"--chaos-{name}")
        if given is not None:
            return f"--chaos-{name}", str(given).strip()
        ini = f"chaos_{name.replace('-', '_')}"
        return f"{ini} =", str(self._config.getini(ini) or "").strip()
