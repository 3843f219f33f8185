"""``hormesis init``: a commented target file for a suite, to describe one's own system in."""

from __future__ import annotations

from pathlib import Path

from rich.text import Text

from hormesis.cli.console import out
from hormesis.compose.registry import systems
from hormesis.compose.suite import Suite, find_suite, suite_names
from hormesis.compose.suite_folder import Scenario
from hormesis.compose.suite_needs import needs_of
from hormesis.compose.target_file import target_text
from hormesis.spec.did_you_mean import did_you_mean
from hormesis.words.outcome import ExitCode
from hormesis.words.trouble import UsageTrouble


def init_command(name: str, file: Path | None, *, force: bool) -> int:
    """Write the target file for the suite called *name*; without *file*, ``NAME-target.yaml``.

    Raises:
        UsageTrouble: there is no such suite, the file exists already, or it cannot be written.
    """
    suite = find_suite(name)
    if suite is None:
        hint = did_you_mean(name, suite_names(), noun="suites")
        raise UsageTrouble(f"{name}: expected the name or folder of a suite", hint=hint)
    path = file or Path(f"{suite.name}-target.yaml")
    needs = needs_of(suite.scenarios, systems(), _helpers_of(suite))
    text = target_text(name, suite.file, needs)
    try:
        with path.open("w" if force else "x", encoding="utf-8") as stream:
            stream.write(text)
    except FileExistsError:
        raise UsageTrouble(
            f"{path} exists already", hint="give --force to overwrite it, or --out for another"
        ) from None
    except OSError as error:
        raise UsageTrouble(f"cannot write {path}: {error.strerror or error}") from None
    out.print(
        Text(
            f"{path} written; edit it, then: hormesis doctor --target {path} --suite {name}, "
            f"hormesis run {name} --system {path}"
        )
    )
    return ExitCode.PASS


def _helpers_of(suite: Suite) -> dict[str, Scenario]:
    """Return the files that commands beside `hormesis run` play on the suite's system."""
    files = sorted(suite.folder.glob("commands/*.yaml"))
    names = {f"`hormesis {suite.name} {path.stem}`": path for path in files}
    return {
        name: one for name, path in names.items() if (one := Scenario(path.stem, path)).title
    }
