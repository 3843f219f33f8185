"""What a load is of: a URL, a script, or an experiment file; told apart, and refused if neither."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from hormesis.compose.load_experiment import LoadExperiment
from hormesis.compose.load_script import script_experiment
from hormesis.compose.load_url import url_experiment
from hormesis.compose.load_wanted import LoadWanted
from hormesis.compose.option_problems import OptionProblems
from hormesis.spec.did_you_mean import did_you_mean
from hormesis.words.trouble import InputTrouble, UsageTrouble

FILES = (".yaml", ".yml", ".json")
OF_FILES = ("--set", "--time-scale", "--processes")
"""The options that a file leaves to the command line; all others stand in it."""


@dataclass(frozen=True)
class Source:
    """A load to be played: an experiment of its own, or a file that is one.

    ``has_variables``: ``--set`` is about variables of the document.
    """

    file: Path
    experiment: LoadExperiment | None = None
    has_variables: bool = False

    @property
    def told(self) -> tuple[str, ...]:
        """Return lines about what was decided for the user."""
        return self.experiment.told if self.experiment else ()


def source_of(wanted: LoadWanted) -> Source:
    """Return what ``WHAT`` names.

    Raises:
        UsageTrouble: it is nothing that can be loaded, or options do not fit it.
        InputTrouble: it is a script that cannot be used.
    """
    what = wanted.what
    if "://" in what:
        return Source(Path(what), url_experiment(wanted))
    path = bundled_loads().get(what, Path(what))
    if path.suffix == ".py":
        return Source(path, script_experiment(wanted))
    if path.suffix in FILES or path.is_file():
        if not path.is_file():
            raise InputTrouble(f"{what}: expected an experiment file, found nothing there")
        _refuse_options(wanted)
        return Source(path, has_variables=True)
    if path.is_dir():
        raise UsageTrouble(
            f"{what} is a folder; expected a URL, a script or a file",
            hint="`hormesis run` plays suites",
        )
    hint = f"did you mean http://{what}?" if _looks_like_host(what) else ""
    hint = hint or did_you_mean(what, bundled_loads(), noun="loads that come with Hormesis")
    raise UsageTrouble(f"expected a URL, a script or an experiment file, found {what!r}", hint=hint)


def bundled_loads() -> dict[str, Path]:
    """Return the loads that come with suites, by name."""
    home = Path(str(files("hormesis").joinpath("suites")))
    return {path.stem: path for path in sorted(home.glob("*/loads/*.yaml"))}


def _refuse_options(wanted: LoadWanted) -> None:
    problems = OptionProblems()
    for option in wanted.given():
        if option not in OF_FILES:
            problems.add(option, "expected only for a URL or a script; a file says it itself")
    problems.raise_if_any()


def _looks_like_host(what: str) -> bool:
    host = what.partition("/")[0]
    return "." in host or ":" in host or host == "localhost"
