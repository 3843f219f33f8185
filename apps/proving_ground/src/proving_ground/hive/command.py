"""The program of this part."""

from __future__ import annotations

import argparse
from pathlib import Path

from proving_ground.command_options import Command, add_option, count_of, port_of, required
from proving_ground.durations import duration_s
from proving_ground.usage import UsageError


def _arguments(parser: argparse.ArgumentParser) -> None:
    add_option(parser, "port", None, "port to listen on")
    add_option(parser, "host", "127.0.0.1", "address to listen on")
    add_option(parser, "workers", "4", "how many workers to keep alive")
    add_option(parser, "data", None, "directory of the models")
    add_option(parser, "worker-base-port", "", "port of the first worker; left out: free ones")
    add_option(parser, "worker-host", "", "where others reach the workers; left out: --host")
    add_option(parser, "announce-url", "", "where workers reach the hive; left out: directly")
    add_option(parser, "database-url", "", "PostgreSQL address that the workers are given")
    add_option(parser, "memory-limit", "", "memory that each worker may take, as in 256MiB")
    add_option(parser, "registration-timeout", "15s", "time in which a worker has to register")
    add_option(parser, "heartbeat-timeout", "5s", "silence after which a worker counts as dead")
    add_option(parser, "grace", "5s", "time that a worker has to finish what it has in hand")
    add_option(parser, "canary", "", "planted defects to switch on, comma-separated")


def _hive(options: argparse.Namespace) -> int:
    from proving_ground.canaries import parse_canaries
    from proving_ground.hive.program import run_hive
    from proving_ground.hive.settings import HiveSettings
    from proving_ground.hive.supervisor import WORKERS_MAX

    workers = count_of("workers", options.workers)
    if workers > WORKERS_MAX:
        raise UsageError(f"--workers: at most {WORKERS_MAX} were expected, found {workers}")
    base = options.worker_base_port
    return run_hive(
        HiveSettings(
            port=port_of(required(options.port, "port")),
            host=options.host,
            data=Path(required(options.data, "data")),
            workers=workers,
            worker_base_port=port_of(base) if base else None,
            worker_host=options.worker_host,
            announce_url=options.announce_url,
            database_url=options.database_url,
            memory_limit=options.memory_limit,
            registration_timeout_s=duration_s(options.registration_timeout),
            heartbeat_timeout_s=duration_s(options.heartbeat_timeout),
            grace_s=duration_s(options.grace),
            canaries=parse_canaries(options.canary),
        )
    )


COMMANDS: dict[str, Command] = {
    "hive": ("run the hive: it supervises workers", _arguments, _hive),
}
