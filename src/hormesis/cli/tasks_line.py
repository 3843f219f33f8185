"""The command line of ``hormesis tasks``: its commands, their options and help."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hormesis.cli.option_types import AsJson, Out

tasks = typer.Typer(
    name="tasks",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    help="Help with a system of tasks: users, floods, statistics straight from its database.",
)

BaseUrl = Annotated[
    str, typer.Option(metavar="URL", help="Of the API (or BASE_URL, or PORT on this machine).")
]
DatabaseUrl = Annotated[
    str, typer.Option(metavar="DSN", help="Of its PostgreSQL database (or DATABASE_URL).")
]
System = Annotated[
    Path | None,
    typer.Option(
        "--system", metavar="FILE", help="A target file, for a system with other addresses or SQL."
    ),
]
Tag = Annotated[str, typer.Option(metavar="TAG", help="Only tasks with this tag.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask before it is done.")]


@tasks.command()
def user(
    prefix: Annotated[str, typer.Option(help="What the user's name begins with.")] = "chaos",
    base_url: BaseUrl = "",
    system: System = None,
    as_json: AsJson = False,
) -> None:
    """Make a user and print its token: TOKEN=$(hormesis tasks user)."""
    from hormesis.cli.tasks_command import Where, user_command

    raise typer.Exit(user_command(Where(base_url, "", system), prefix=prefix, as_json=as_json))


@tasks.command()
def flood(
    count: Annotated[int, typer.Option(min=1, help="How many tasks.")] = 20,
    delay: Annotated[float, typer.Option(min=0, help="Seconds of work in one.")] = 0.5,
    deadline: Annotated[
        str, typer.Option(metavar="TIME", help="By when all have to be done: 60, 60s, 5m.")
    ] = "60s",
    kind: Annotated[str, typer.Option("--type", help="The type of the tasks.")] = "delay",
    tag: Annotated[
        str, typer.Option(metavar="TAG", help="A tag for them, beside one of the flood's own.")
    ] = "flood",
    auth: Annotated[
        str, typer.Option(metavar="TOKEN", help="The token (or AUTH); left out: a new user's.")
    ] = "",
    patience: Annotated[
        str, typer.Option(metavar="TIME", help="Give up when nothing was done for so long.")
    ] = "30s",
    base_url: BaseUrl = "",
    database_url: DatabaseUrl = "",
    system: System = None,
    out: Out = Path("hormesis-runs"),
    as_json: AsJson = False,
) -> None:
    """Create tasks and watch the database until all are done; a run like any other."""
    from hormesis.cli.tasks_command import Flood, Where, flood_command

    wanted = Flood(count, delay, deadline, kind, tag, auth, patience)
    where = Where(base_url, database_url, system)
    raise typer.Exit(flood_command(where, wanted, out=out, as_json=as_json))


@tasks.command()
def stats(
    tag: Tag = "",
    database_url: DatabaseUrl = "",
    system: System = None,
    as_json: AsJson = False,
) -> None:
    """Count tasks by status, straight from the database."""
    from hormesis.cli.tasks_command import Where, rows_command

    where = Where("", database_url, system)
    raise typer.Exit(rows_command(where, "stats_sql", tag=tag, as_json=as_json))


@tasks.command("list")
def list_tasks(
    tag: Tag = "",
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="How many at most.")] = 20,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Everything that is known of each.")
    ] = False,
    database_url: DatabaseUrl = "",
    system: System = None,
    as_json: AsJson = False,
) -> None:
    """List the latest tasks, straight from the database."""
    from hormesis.cli.tasks_command import Where, rows_command

    where = Where("", database_url, system)
    statement = "list_verbose_sql" if verbose else "list_sql"
    raise typer.Exit(rows_command(where, statement, tag=tag, limit=limit, as_json=as_json))


@tasks.command()
def clear(
    tag: Tag = "",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say how many there are.")
    ] = False,
    database_url: DatabaseUrl = "",
    system: System = None,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Delete completed tasks, straight in the database; asks first.

    It guesses no address, and without a terminal to ask at it needs --yes or --dry-run.
    """
    from hormesis.cli.tasks_command import Where, clear_command

    where = Where("", database_url, system)
    raise typer.Exit(clear_command(where, tag=tag, dry_run=dry_run, yes=yes, as_json=as_json))


@tasks.command("restart-service")
def restart_service(
    start: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[-- COMMAND…]",
            help="How it is started again; left out: its supervisor does it.",
        ),
    ] = None,
    pid: Annotated[int | None, typer.Option(min=2, help="The service's process.")] = None,
    port: Annotated[
        int | None, typer.Option(min=1, max=65535, help="The port it listens on.")
    ] = None,
    container: Annotated[
        str, typer.Option(metavar="NAME", help="Its container, or a pattern for several.")
    ] = "",
    delay: Annotated[str, typer.Option(metavar="TIME", help="How long it stays down.")] = "30s",
    within: Annotated[
        str, typer.Option(metavar="TIME", help="How long it may take to be back.")
    ] = "60s",
    health: Annotated[
        str, typer.Option(metavar="URL", help="What has to answer 2xx before and after.")
    ] = "",
    out: Out = Path("hormesis-runs"),
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Stop a service, and see that it is back after a while; a run like any other.

    Without a COMMAND it is killed, and whoever supervises it has to start it again. Nobody is asked
    who that is: when nothing does, the run waits for --within, fails, and the service stays down.
    """
    from hormesis.cli.tasks_command import restart_command
    from hormesis.compose.restart_experiment import Restarted

    what = Restarted(pid, port, container, tuple(start or ()), delay, within, health)
    raise typer.Exit(restart_command(what, out=out, yes=yes, as_json=as_json))
