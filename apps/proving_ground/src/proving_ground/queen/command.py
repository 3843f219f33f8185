"""The programs of this part."""

from __future__ import annotations

import argparse

from proving_ground.command_options import Command, add_option, count_of, port_of, required
from proving_ground.durations import duration_s


def _arguments(parser: argparse.ArgumentParser) -> None:
    add_option(parser, "port", None, "port to listen on")
    add_option(parser, "host", "127.0.0.1", "address to listen on")
    add_option(parser, "database-url", None, "PostgreSQL address, postgresql://… or key=value")
    add_option(parser, "admin-token", None, "token that administrators send")
    add_option(parser, "hive-url", None, "address of the hive, http://…; without it no inference")
    add_option(parser, "hive-cache", "500ms", "how long an answer of the hive is used")
    add_option(parser, "inference-timeout", "5s", "longest time that one inference takes")
    add_option(parser, "inference-queue", "2000", "how many inferences may wait for a worker")
    add_option(parser, "database-timeout", "2s", "longest time a request spends on the database")
    add_option(parser, "connections-max", None, "connections above which requests are refused")
    add_option(parser, "lease", "3s", "silence of its worker after which a task goes back")
    add_option(parser, "breaker-failures", "5", "consecutive failures that open a breaker")
    add_option(parser, "breaker-open", "3s", "how long a breaker stays open before its probe")
    add_option(parser, "token-life", "1h", "how long a token is good")
    add_option(parser, "canary", "", "planted defects to switch on, comma-separated")


def _queen(options: argparse.Namespace) -> int:
    from proving_ground.canaries import parse_canaries
    from proving_ground.queen.program import run_queen
    from proving_ground.queen.settings import QueenSettings

    most = options.connections_max
    return run_queen(
        QueenSettings(
            port=port_of(required(options.port, "port")),
            host=options.host,
            database_url=required(options.database_url, "database-url"),
            admin_token=required(options.admin_token, "admin-token"),
            hive_url=options.hive_url,
            hive_cache_s=duration_s(options.hive_cache),
            inference_timeout_s=duration_s(options.inference_timeout),
            inference_queue=count_of("inference-queue", options.inference_queue),
            database_timeout_s=duration_s(options.database_timeout),
            connections_max=count_of("connections-max", most, at_least=1) if most else None,
            lease_s=duration_s(options.lease),
            breaker_failures=count_of("breaker-failures", options.breaker_failures, at_least=1),
            breaker_open_s=duration_s(options.breaker_open),
            token_life_s=duration_s(options.token_life),
            canaries=parse_canaries(options.canary),
        )
    )


COMMANDS: dict[str, Command] = {
    "queen": ("run the queen: the API of tasks and inference", _arguments, _queen),
}
