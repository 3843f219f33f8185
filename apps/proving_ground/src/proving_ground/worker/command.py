"""The programs of this part."""

from __future__ import annotations

import argparse
import re

from proving_ground.command_options import Command, add_option, count_of, port_of, required
from proving_ground.durations import duration_s
from proving_ground.usage import UsageError

_SIZE = re.compile(r"(\d+)\s*(KiB|MiB|GiB)")
_UNITS = {"KiB": 1024, "MiB": 1024**2, "GiB": 1024**3}


def _arguments(parser: argparse.ArgumentParser) -> None:
    add_option(parser, "name", None, "name that no other worker has")
    add_option(parser, "database-url", None, "PostgreSQL address; without it no tasks")
    add_option(parser, "hive-url", None, "address of the hive to register at, http://…")
    add_option(parser, "host", "127.0.0.1", "address to listen on")
    add_option(parser, "announce-host", "", "where others reach it; left out: --host")
    add_option(parser, "port", None, "port to serve inference on; without it no inference")
    add_option(parser, "concurrency", "1", "tasks at once")
    add_option(parser, "memory-limit", None, "memory it may take beyond its start, as in 256MiB")
    add_option(parser, "grace", "5s", "time to finish what is in hand when told to stop")
    add_option(parser, "poll", "200ms", "time between two looks for work")
    add_option(parser, "lease", "3s", "silence after which its tasks go to others")
    add_option(parser, "backoff", "500ms", "wait before the second attempt; then it doubles")
    add_option(parser, "breaker-failures", "5", "consecutive failures that open a breaker")
    add_option(parser, "breaker-open", "3s", "how long a breaker stays open before its probe")
    add_option(parser, "heartbeat", "500ms", "time between two heartbeats to the hive")
    add_option(parser, "inference-time", "50ms", "what one inference takes")
    add_option(parser, "webhook-timeout", "3s", "longest time that one webhook takes")
    add_option(parser, "database-timeout", "2s", "longest time for one word with the database")
    add_option(parser, "canary", "", "planted defects to switch on, comma-separated")


def size_bytes(text: str) -> int:
    """Return the bytes in ``256MiB`` and the like; raises ``UsageError``."""
    match = _SIZE.fullmatch(text.strip())
    if match is None or not int(match[1]):
        raise UsageError(f"a size such as 256MiB was expected, found {text!r}")
    return int(match[1]) * _UNITS[match[2]]


def _worker(options: argparse.Namespace) -> int:
    from proving_ground.canaries import parse_canaries
    from proving_ground.worker.program import run_worker
    from proving_ground.worker.settings import WorkerSettings

    memory = options.memory_limit
    return run_worker(
        WorkerSettings(
            name=required(options.name, "name"),
            database_url=options.database_url,
            hive_url=options.hive_url,
            host=options.host,
            announce_host=options.announce_host,
            port=port_of(options.port) if options.port else None,
            concurrency=count_of("concurrency", options.concurrency, at_least=1),
            memory_limit_bytes=size_bytes(memory) if memory else None,
            grace_s=duration_s(options.grace),
            poll_s=duration_s(options.poll),
            lease_s=duration_s(options.lease),
            backoff_s=duration_s(options.backoff),
            breaker_failures=count_of("breaker-failures", options.breaker_failures, at_least=1),
            breaker_open_s=duration_s(options.breaker_open),
            heartbeat_s=duration_s(options.heartbeat),
            inference_s=duration_s(options.inference_time),
            webhook_timeout_s=duration_s(options.webhook_timeout),
            database_timeout_s=duration_s(options.database_timeout),
            canaries=parse_canaries(options.canary),
        )
    )


COMMANDS: dict[str, Command] = {
    "worker": ("run one worker: tasks, inference or both", _arguments, _worker),
}
