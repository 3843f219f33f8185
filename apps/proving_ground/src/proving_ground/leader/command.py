"""The program of this part: the leader."""

from __future__ import annotations

import argparse
from random import Random
from secrets import randbits

from proving_ground.canaries import parse_canaries
from proving_ground.command_options import Command, add_option, count_of, port_of, required
from proving_ground.durations import duration_s
from proving_ground.usage import UsageError


def _arguments(parser: argparse.ArgumentParser) -> None:
    add_option(parser, "port", None, "port to listen on")
    add_option(parser, "host", "127.0.0.1", "address to listen on")
    add_option(parser, "instance", None, "name that no other instance has; left out: a random one")
    add_option(parser, "redis-url", None, "Redis with the lock, redis://…")
    add_option(parser, "database-url", None, "PostgreSQL address, postgresql://… or key=value")
    add_option(parser, "broker-url", None, "the broker, http://…")
    add_option(parser, "market-data-url", None, "its WebSocket, ws://…; left out: at the broker")
    add_option(parser, "lock-key", "trader:leader", "key of the lock in Redis")
    add_option(parser, "lock-ttl", "30s", "time to live of the lock")
    add_option(parser, "backoff-first", "200ms", "first pause before the lock is asked for again")
    add_option(parser, "backoff-most", "5s", "longest pause before the lock is asked for again")
    add_option(parser, "heartbeat-max", "5s", "age above which a heartbeat makes it not ready")
    add_option(parser, "order-rate", "20", "orders sent to the broker each second")
    add_option(parser, "queue-max", "500", "orders that may wait to be sent")
    add_option(parser, "database-timeout", "2s", "longest time a request spends on the database")
    add_option(parser, "canary", "", "planted defects to switch on, comma-separated")


def _run(options: argparse.Namespace) -> int:
    from proving_ground.leader.program import run_leader
    from proving_ground.leader.settings import LeaderSettings

    broker_url = _address("broker-url", options.broker_url, "http", "https")
    market_data_url = options.market_data_url or "ws" + broker_url.removeprefix("http") + "/ticks"
    return run_leader(
        LeaderSettings(
            port=port_of(required(options.port, "port")),
            host=options.host,
            instance=options.instance or f"leader-{Random(randbits(64)).randbytes(4).hex()}",
            redis_url=_address("redis-url", options.redis_url, "redis", "rediss"),
            database_url=required(options.database_url, "database-url"),
            broker_url=broker_url,
            market_data_url=_address("market-data-url", market_data_url, "ws", "wss"),
            lock_key=options.lock_key,
            lock_ttl_s=duration_s(options.lock_ttl),
            backoff_first_s=duration_s(options.backoff_first),
            backoff_most_s=duration_s(options.backoff_most),
            heartbeat_max_s=duration_s(options.heartbeat_max),
            order_rate=float(count_of("order-rate", options.order_rate, at_least=1)),
            queue_max=count_of("queue-max", options.queue_max, at_least=1),
            database_timeout_s=duration_s(options.database_timeout),
            canaries=parse_canaries(options.canary),
        )
    )


def _address(option: str, given: str | None, *schemes: str) -> str:
    address = required(given, option)
    if not address.startswith(tuple(f"{scheme}://" for scheme in schemes)):
        raise UsageError(f"--{option}: an address such as {schemes[0]}://host:port was expected")
    return address.rstrip("/")


COMMANDS: dict[str, Command] = {"leader": ("run one instance of the trader", _arguments, _run)}
