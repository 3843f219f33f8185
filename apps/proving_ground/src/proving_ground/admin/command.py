"""The programs of this part."""

from __future__ import annotations

import argparse

from proving_ground.command_options import Command, add_option, count_of, required


def _arguments(parser: argparse.ArgumentParser) -> None:
    add_option(parser, "database-url", None, "PostgreSQL address, postgresql://… or key=value")
    add_option(parser, "canary", "", "planted defects to switch on, comma-separated")
    add_option(parser, "api-url", None, "the queen's address; only a planted defect asks it")
    commands = parser.add_subparsers(required=True, metavar="ACTION", dest="action")
    stats = commands.add_parser("task-stats", help="count tasks by status")
    stats.add_argument("--tag", help="only tasks with this tag")
    stats.add_argument("--json", action="store_true", help="one JSON object")
    stats.add_argument("--only", metavar="NAME", help="nothing but this number, such as total")
    listing = commands.add_parser("list-tasks", help="list tasks, latest first")
    listing.add_argument("--tag", help="only tasks with this tag")
    listing.add_argument("--limit", default="20", help="how many at most (20)")
    listing.add_argument("--verbose", action="store_true", help="also payload, times and error")
    listing.add_argument("--json", action="store_true", help="one JSON object")
    clearing = commands.add_parser("clear-completed", help="delete completed tasks")
    clearing.add_argument("--tag", help="only tasks with this tag")
    clearing.add_argument("--dry-run", action="store_true", help="only say how many they are")
    user = commands.add_parser("create-user", help="make a user and a token")
    user.add_argument("--username", required=True, help="name that no other user has")
    user.add_argument("--password", help="password; made up when it is not given")
    user.add_argument("--role", default="user", help="user, moderator or admin")


def _admin(options: argparse.Namespace) -> int:
    from proving_ground.admin.api_answer import need_the_api
    from proving_ground.canaries import parse_canaries
    from proving_ground.queen.canaries import MONITORING_NEEDS_THE_API

    limit = getattr(options, "limit", "1")
    options.canaries = parse_canaries(options.canary)
    if MONITORING_NEEDS_THE_API in options.canaries and options.api_url:
        need_the_api(options.api_url)
    from proving_ground.admin.program import run_admin

    options.limit = count_of("limit", limit, at_least=1)
    return run_admin(required(options.database_url, "database-url"), options)


COMMANDS: dict[str, Command] = {
    "admin": ("look after tasks and users, straight in the database", _arguments, _admin),
}
