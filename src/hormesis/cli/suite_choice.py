"""Suite choice: what of a suite a command line asks for, and with which values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from rich.text import Text

from hormesis.cli.console import complain, out
from hormesis.cli.run_options import RunOptions
from hormesis.compose.request import RunRequest
from hormesis.compose.suite import Suite
from hormesis.compose.suite_options import OptionValues, check_overrides, option_values
from hormesis.compose.suite_prepare import reaching_nothing, requests_of
from hormesis.compose.suite_selection import Asked
from hormesis.spec.did_you_mean import did_you_mean
from hormesis.words.trouble import UsageTrouble


@dataclass(frozen=True)
class SuiteChoice:
    """The scenarios that were asked for, by name, and what goes for all of them.

    ``request`` is what every scenario's own request was made of. ``own_report``: the suite's own
    form of results is asked for too.
    """

    suite: Suite
    request: RunRequest
    requests: Mapping[str, RunRequest]
    values: OptionValues
    own_report: bool


def choose(suite: Suite, request: RunRequest, options: RunOptions) -> SuiteChoice | None:
    """Return what is asked for of *suite*; None after its options were shown instead.

    Raises:
        UsageTrouble: an option, a set or a scenario that there is not, or a bad value.
    """
    chosen_set = set_of(options)
    suite = suite.with_folders(options.scenario_dirs)
    given = suite_options(suite, options.extra)
    if given.pop("options", None):
        show_options(suite)
        return None
    results = suite.file.results
    own_report = bool(results and given.pop(results.option, None))
    choices = {
        one.option: str(given.pop(one.option))
        for one in suite.file.selections
        if one.option in given
    }
    scenarios = suite.select(Asked(choices, options.scenarios, chosen_set))
    values = option_values(suite.file, given, request.environment, chosen_set)
    check_overrides(suite.file, request.overrides, request.system)
    folder = _out(request, options, values)
    request = replace(request, out=folder, scenario_dirs=options.scenario_dirs)
    requests = requests_of(scenarios, request, values.variables)
    for name in sorted(values.given & {*reaching_nothing(requests, values.variables)}):
        option = next(key for key, one in suite.file.every_option.items() if one.var == name)
        complain([f"--{option} changes nothing: none of these scenarios has the variable {name}"])
    return SuiteChoice(suite, request, requests, values, own_report)


def _out(request: RunRequest, options: RunOptions, values: OptionValues) -> Path:
    """Return the folder of the run; what the command line says counts most."""
    if options.out_given and values.out_option:
        raise UsageTrouble(
            f"--out and --{values.out_option} are two names of one option", hint="give one of them"
        )
    return request.out if options.out_given else values.out or request.out


def set_of(options: RunOptions) -> str:
    """Return the set of a suite that ``--set NAME`` chooses; empty if none.

    Raises:
        UsageTrouble: it chooses two.
    """
    names = [one for one in options.variables if "=" not in one]
    if "" in names:
        raise UsageTrouble("--set: expected NAME=VALUE or the name of a set, found nothing")
    if len(names) > 1:
        raise UsageTrouble(
            f"--set {names[1]}: --set {names[0]} has chosen a set already",
            hint="a suite runs one set at a time",
        )
    return names[0] if names else ""


def suite_options(suite: Suite, extra: tuple[str, ...]) -> dict[str, str | bool]:
    """Return what *extra* (``--name value``, ``--name=value``, ``--switch``) sets.

    Raises:
        UsageTrouble: an option the suite does not have, or one without its value.
    """
    file = suite.file
    own = {name: one.switch for name, one in file.every_option.items()}
    asked = [file.results.option] if file.results and file.results.option else []
    switches = {"options", *asked, *(name for name, switch in own.items() if switch)}
    valued = {
        *(name for name, switch in own.items() if not switch),
        *(one.option for one in file.selections),
    }
    given: dict[str, str | bool] = {}
    words = list(extra)
    while words:
        word = words.pop(0)
        name, sign, value = word.removeprefix("--").partition("=")
        if not word.startswith("--") or name not in switches | valued:
            known = [f"--{one}" for one in sorted(switches | valued)]
            hint = did_you_mean(f"--{name}", known)
            raise UsageTrouble(
                f"suite {suite.name!r} has no option {word!r}",
                hint=hint or f"see `hormesis run {suite.name} --options`",
            )
        before = given.get(name)
        if name in switches:
            if sign:
                raise UsageTrouble(f"--{name} takes no value")
            given[name] = True
        elif sign or words:
            given[name] = value if sign else words.pop(0)
        else:
            raise UsageTrouble(f"--{name} needs a value")
        if before not in (None, given[name]):
            raise UsageTrouble(f"--{name} is given twice: {before} and {given[name]}")
    return given


def show_options(suite: Suite) -> None:
    """Print the suite's own options, its selections, sets and scenarios."""
    file = suite.file
    out.print(Text(f"{suite.name}: {file.title}\n{file.description}"))
    for one in file.selections:
        choices = ", ".join([*one.choices, "all"])
        out.print(Text(f"  --{one.option}  one of {choices}. {one.help}"))
    for name, option in file.every_option.items():
        env = f" (or {option.env})" if option.env else ""
        form = "VALUE" if option.type == "text" else option.type.upper()
        value = "" if option.switch else f" {'|'.join(option.choices) or form}"
        default = f" [{option.default}]" if option.default else ""
        out.print(Text(f"  --{name}{value}  {option.help}{env}{default}"))
    for name, chosen in file.sets.items():
        out.print(Text(f"  --set {name}  {chosen.help} ({', '.join(chosen.scenarios) or 'all'})"))
    if file.results and file.results.option:
        out.print(Text(f"  --{file.results.option}  {file.results.help}"))
    out.print(Text(f"  scenarios: {', '.join(suite.scenarios)}"))
