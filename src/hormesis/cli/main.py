"""``hormesis``: every command's name, options and help; the work is imported when asked for."""

from __future__ import annotations

import gc
import sys
from pathlib import Path
from typing import Annotated, cast

import typer

from hormesis import __version__
from hormesis.cli.load_line import load
from hormesis.cli.option_types import (
    AsJson,
    Out,
    Quiet,
    Scale,
    Set,
)
from hormesis.cli.run_line import OWN_OPTIONS, plan, run
from hormesis.cli.tasks_line import tasks
from hormesis.words.outcome import ExitCode
from hormesis.words.trouble import Trouble

app = typer.Typer(
    name="hormesis",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Break a system on purpose, under load, and prove that it held. "
    "Faults always go away, and green is true.",
    epilog="Exit codes: "
    + ", ".join(f"{code.value} {code.name.lower().replace('_', ' ')}" for code in ExitCode)
    + ".",
)

UsageError = cast(type[typer.BadParameter], typer.BadParameter.__mro__[1])
"""What typer raises for any misuse; it carries a click of its own, under no public name."""

File = Annotated[Path, typer.Argument(help="An experiment file, YAML or JSON.")]
RunDir = Annotated[Path, typer.Argument(help="A run directory, or the folder that holds it.")]


@app.callback(invoke_without_command=True)
def top(
    version: Annotated[bool, typer.Option("--version", help="Show the version and exit.")] = False,
) -> None:
    """Chaos, load and stress testing."""
    if version:
        typer.echo(f"hormesis {__version__}")
        raise typer.Exit


app.command(context_settings=OWN_OPTIONS)(run)
app.command(context_settings=OWN_OPTIONS)(plan)
app.command()(load)
app.add_typer(tasks)


@app.command()
def check(run_directory: RunDir, quiet: Quiet = False, as_json: AsJson = False) -> None:
    """Judge a run again, from its run directory alone."""
    from hormesis.cli.judge_command import check_command

    raise typer.Exit(check_command(run_directory, as_json=as_json, quiet=quiet))


@app.command()
def report(
    run_directory: RunDir,
    kind: Annotated[
        list[str] | None,
        typer.Option(
            "--kind", "-k", help="One of `hormesis list reports`; all if not given. Repeatable."
        ),
    ] = None,
) -> None:
    """Write a run's reports again, from its run directory alone."""
    from hormesis.cli.judge_command import report_command

    raise typer.Exit(report_command(run_directory, tuple(kind or ())))


@app.command()
def export(
    run_directory: RunDir,
    to: Annotated[Path, typer.Option("--to", help="The folder to write into.")] = Path("export"),
    form: Annotated[str, typer.Option(help="parquet (needs pyarrow) or csv.")] = "parquet",
) -> None:
    """Write a run's operations and metrics as tables, for notebooks and databases."""
    from hormesis.cli.export_command import export_command

    raise typer.Exit(export_command(run_directory, to=to, form=form))


@app.command()
def compare(
    first: Annotated[Path, typer.Argument(metavar="A", help="The run to compare with.")],
    second: Annotated[Path, typer.Argument(metavar="B", help="The run that is compared.")],
    tolerance: Annotated[
        str, typer.Option(metavar="SHARE", help="How much worse B may be than A.")
    ] = "5%",
    as_json: AsJson = False,
) -> None:
    """Tell whether run B is slower or less reliable than run A, and how sure that is."""
    from hormesis.cli.compare_command import compare_command

    raise typer.Exit(compare_command(first, second, tolerance=tolerance, as_json=as_json))


@app.command()
def revert(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what is left.")] = False,
    forget: Annotated[
        str,
        typer.Option(metavar="RUN", help="Give up what of this run can never be undone."),
    ] = "",
) -> None:
    """Undo whatever runs that died have left on this host."""
    from hormesis.cli.revert_command import revert_command

    raise typer.Exit(revert_command(dry_run=dry_run, forgotten=forget))


@app.command()
def halt(
    patience: Annotated[
        float, typer.Option(min=0, help="Seconds an engine may take to stop in good order.")
    ] = 10.0,
) -> None:
    """Stop every run on this host at once, and put everything back."""
    from hormesis.cli.halt_command import halt_command

    raise typer.Exit(halt_command(patience_s=patience))


@app.command()
def drill(
    file: File,
    variables: Set = None,
    kills: Annotated[
        int, typer.Option(min=0, help="So many more rounds, with kills at drawn moments.")
    ] = 0,
    seed: Annotated[int, typer.Option(help="Where the drawn moments come from.")] = 1,
    as_json: AsJson = False,
) -> None:
    """Run FILE, kill the engine, the custodian and both while a fault bites; see what is left."""
    from hormesis.cli.drill_command import drill_command

    raise typer.Exit(drill_command(file, variables or (), kills=kills, seed=seed, as_json=as_json))


@app.command()
def doctor(
    target: Annotated[
        Path | None,
        typer.Option(
            "--target",
            metavar="FILE",
            help="Tell instead which scenarios the system in this system file can be tested with, "
            "and what each of the others lacks.",
        ),
    ] = None,
    suite: Annotated[
        str, typer.Option(metavar="SUITE", help="With --target: only the scenarios of this suite.")
    ] = "",
    reach: Annotated[
        bool,
        typer.Option(
            "--reach", help="With --target: see whether its addresses answer, one connection each."
        ),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Tell what this machine can do, how, and what to install for the rest."""
    if target is not None:
        from hormesis.cli.target_view import target_command

        raise typer.Exit(target_command(target, suite, reach=reach, as_json=as_json))
    if suite or reach:
        raise typer.BadParameter("--suite and --reach are about a --target FILE")
    from hormesis.cli.doctor_command import doctor_command

    raise typer.Exit(doctor_command(as_json=as_json))


@app.command("init")
def init_target(
    suite: Annotated[str, typer.Argument(metavar="SUITE", help="A suite's name or folder.")],
    file: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Left out: SUITE-target.yaml.")
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Overwrite the file if it exists.")
    ] = False,
) -> None:
    """Write a commented target file, to run SUITE against a system of your own."""
    from hormesis.cli.init_command import init_command

    raise typer.Exit(init_command(suite, file, force=force))


@app.command("list")
def list_kinds(
    shelf: Annotated[
        str | None,
        typer.Argument(help="faults, loads, clients, probes, checks, reports, toxics or suites."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List every fault, load, client, probe, check, report and suite there is."""
    from hormesis.cli.list_command import list_command

    raise typer.Exit(list_command(shelf, as_json=as_json))


@app.command()
def new(
    file: Annotated[Path, typer.Argument(help="The file to write; it must not exist.")],
) -> None:
    """Write a commented experiment file to start from."""
    from hormesis.cli.new_command import new_command

    raise typer.Exit(new_command(file))


@app.command()
def schema() -> None:
    """Print the JSON Schema of experiment files, for editors."""
    from hormesis.cli.list_command import schema_command

    raise typer.Exit(schema_command())


@app.command()
def demo(
    time_scale: Scale = 0.1,
    out: Out = Path("hormesis-runs"),
    quiet: Quiet = False,
) -> None:
    """Run suite `jobs`, scaled, on the proving ground. CANARY=name plants a defect."""
    from hormesis.cli.demo_command import demo_command

    raise typer.Exit(demo_command(time_scale=time_scale, out=out, quiet=quiet))


@app.command()
def proxy(
    host: Annotated[
        str, typer.Option("--host", "-host", help="The address on which the API listens.")
    ] = "localhost",
    port: Annotated[
        int, typer.Option("--port", "-port", min=0, max=65535, help="Its port; 0 takes a free one.")
    ] = 8474,
    config: Annotated[
        Path | None,
        typer.Option("--config", "-config", help="A JSON file with proxies to start with."),
    ] = None,
    seed: Annotated[
        int | None, typer.Option("--seed", "-seed", help="Draw everything from this seed.")
    ] = None,
    proxy_metrics: Annotated[
        bool,
        typer.Option("--proxy-metrics", "-proxy-metrics", help="Serve /metrics for Prometheus."),
    ] = False,
) -> None:
    """Serve Toxiproxy's API, for its clients, until interrupted."""
    from hormesis.cli.proxy_command import ProxyOptions, proxy_command

    raise typer.Exit(proxy_command(ProxyOptions(host, port, config, seed, proxy_metrics)))


def main() -> None:
    """Run the command line; exit with a code of :class:`ExitCode`, never with a traceback."""
    code = exit_code_of(sys.argv[1:])
    # Nobody misses what is still there: to search it for cycles takes a sixth of a second.
    gc.freeze()
    sys.exit(code)


def exit_code_of(arguments: list[str]) -> int:
    """Run the command line *arguments* and return the exit code."""
    try:
        code = app(args=arguments, prog_name="hormesis", standalone_mode=False)
    except typer.Exit as leaving:
        return leaving.exit_code
    except UsageError as error:
        from hormesis.cli.console import complain

        asked = error.ctx.command_path if error.ctx else "hormesis"
        complain([error.format_message()], hint=f"see `{asked} --help`")
        return ExitCode.USAGE
    except (typer.Abort, KeyboardInterrupt):
        return ExitCode.INTERRUPTED
    except Trouble as trouble:
        from hormesis.cli.console import complain

        complain([str(problem) for problem in trouble.problems])
        return trouble.code
    except Exception as error:  # noqa: BLE001 - told to the user; a traceback helps nobody
        from hormesis.cli.last_resort import give_up

        return give_up(error)
    return int(code or 0)


if __name__ == "__main__":
    main()
