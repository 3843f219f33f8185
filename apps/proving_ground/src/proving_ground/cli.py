"""``python -m proving_ground CMD``: read the arguments, run the program."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NoReturn

from proving_ground.admin.command import COMMANDS as ADMIN
from proving_ground.broker.command import COMMANDS as BROKER
from proving_ground.canaries import every_canary, parse_canaries
from proving_ground.command_options import (
    Command,
    add_option,
    count_of,
    from_environment,
    port_of,
    required,
)
from proving_ground.durations import duration_s
from proving_ground.hive.command import COMMANDS as HIVE
from proving_ground.leader.command import COMMANDS as LEADER
from proving_ground.listening_host import LOOPBACK
from proving_ground.queen.command import COMMANDS as QUEEN
from proving_ground.usage import EXIT_MISSING, EXIT_USAGE, MissingPart, UsageError, did_you_mean
from proving_ground.worker.command import COMMANDS as WORKER


class _Parser(argparse.ArgumentParser):
    """Reports a bad command line as one line, like every other bad input."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(message)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one program and return its exit status."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    try:
        if given and not given[0].startswith("-") and given[0] not in _PROGRAMS:
            raise UsageError(f"unknown command {given[0]!r};{did_you_mean(given[0], _PROGRAMS)}")
        options = command_line_parser().parse_args(given)
        run: Callable[[argparse.Namespace], int] = options.run
        return run(options)
    except UsageError as error:
        return _fail(given, str(error), EXIT_USAGE)
    except MissingPart as error:
        return _fail(given, str(error), EXIT_MISSING)


def _fail(given: Sequence[str], text: str, status: int) -> int:
    name = f" {given[0]}" if given and given[0] in _PROGRAMS else ""
    sys.stderr.write(f"proving_ground{name}: {' '.join(text.split())}\n")
    return status


def command_line_parser() -> argparse.ArgumentParser:
    """Return the parser of every program's command line; its errors are ``UsageError``."""
    parser = _Parser(prog="python -m proving_ground", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="CMD", dest="command")
    for name, (text, add_arguments, run) in _PROGRAMS.items():
        command = commands.add_parser(name, help=text, description=text)
        add_arguments(command)
        command.set_defaults(run=run)
    return parser


def _postgres_arguments(parser: argparse.ArgumentParser) -> None:
    _add_store_options(parser)
    parser.add_argument(
        "--bin",
        default=from_environment("PG_BIN"),
        help="directory of PostgreSQL's binaries (PROVING_GROUND_PG_BIN)",
    )


def _postgres(options: argparse.Namespace) -> int:
    from proving_ground.postgres_program import run_postgres

    run_postgres(*_store(options), binaries=options.bin, host=options.host)


def _add_store_options(parser: argparse.ArgumentParser) -> None:
    add_option(parser, "data", None, "directory of the files")
    add_option(parser, "port", None, "port to listen on")
    add_option(parser, "host", LOOPBACK, "address to listen on; another lets its networks in")


def _store(options: argparse.Namespace) -> tuple[Path, int]:
    return Path(required(options.data, "data")), port_of(required(options.port, "port"))


def _redis_arguments(parser: argparse.ArgumentParser) -> None:
    _add_store_options(parser)


def _redis(options: argparse.Namespace) -> int:
    from proving_ground.redis_program import run_redis

    run_redis(*_store(options), host=options.host)


def _server_arguments(parser: argparse.ArgumentParser) -> None:
    add_option(parser, "port", None, "port to listen on")
    add_option(parser, "host", "127.0.0.1", "address to listen on")
    add_option(parser, "database-url", None, "PostgreSQL address, postgresql://… or key=value")
    add_option(parser, "admin-token", None, "token that administrators send")
    add_option(parser, "cleanup-every", "1s", "time between two cleanups")
    add_option(parser, "bot-timeout", "5s", "silence after which a bot counts as dead")
    add_option(parser, "database-timeout", "2s", "longest time a request spends on the database")
    add_option(parser, "canary", "", "planted defects to switch on, comma-separated")


def _server(options: argparse.Namespace) -> int:
    from proving_ground.server_program import run_server
    from proving_ground.settings import ServerSettings

    return run_server(
        ServerSettings(
            port=port_of(required(options.port, "port")),
            host=options.host,
            database_url=required(options.database_url, "database-url"),
            admin_token=required(options.admin_token, "admin-token"),
            cleanup_every_s=duration_s(options.cleanup_every),
            bot_timeout_s=duration_s(options.bot_timeout),
            database_timeout_s=duration_s(options.database_timeout),
            canaries=parse_canaries(options.canary),
        )
    )


def _bot_arguments(parser: argparse.ArgumentParser) -> None:
    add_option(parser, "server", None, "address of the main server, http://…")
    add_option(parser, "name", None, "name to register under")
    add_option(parser, "kinds", "default", "job kinds, comma-separated")
    add_option(parser, "heartbeat", "1s", "time between two heartbeats")


def _bot(options: argparse.Namespace) -> int:
    from proving_ground.bot_program import run_bot

    kinds = tuple(kind.strip() for kind in options.kinds.split(",") if kind.strip())
    if not kinds:
        raise UsageError("--kinds: at least one kind is needed")
    return run_bot(
        required(options.server, "server"),
        required(options.name, "name"),
        kinds,
        duration_s(options.heartbeat),
    )


def _answers_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("address", help="http://…, postgresql://… or redis://…")
    parser.add_argument("--within", default="3s", help="longest time to wait")


def _answers(options: argparse.Namespace) -> int:
    from proving_ground.answers_program import run_answers

    return run_answers(options.address, duration_s(options.within))


def _no_arguments(_parser: argparse.ArgumentParser) -> None:
    """The command takes none."""


def _canaries(_options: argparse.Namespace) -> int:
    width = max(len(name) for name in every_canary())
    for name, text in every_canary().items():
        sys.stdout.write(f"{name:<{width}}  {text}\n")
    return 0


def _up_arguments(parser: argparse.ArgumentParser) -> None:
    add_option(parser, "data", "./proving-ground", "directory of all files and logs")
    add_option(parser, "port-offset", "0", "number added to every port")
    add_option(parser, "admin-token", "admin-secret-token", "token that administrators send")
    add_option(parser, "workers", "2", "how many workers the hive keeps")


def _up(options: argparse.Namespace) -> int:
    from proving_ground.up_program import run_up

    return run_up(
        Path(options.data),
        count_of("port-offset", options.port_offset),
        required(options.admin_token, "admin-token"),
        count_of("workers", options.workers, at_least=1),
    )


_PROGRAMS: dict[str, Command] = {
    "postgres": ("run PostgreSQL in the foreground", _postgres_arguments, _postgres),
    "redis": ("run Redis in the foreground", _redis_arguments, _redis),
    "server": ("run the main server", _server_arguments, _server),
    "bot": ("run one worker", _bot_arguments, _bot),
    "answers": ("ask once whether a program does its work", _answers_arguments, _answers),
    "canaries": ("list the planted defects", _no_arguments, _canaries),
    **QUEEN,
    **WORKER,
    **HIVE,
    **BROKER,
    **LEADER,
    **ADMIN,
    "up": ("start the whole of it with one command", _up_arguments, _up),
}
