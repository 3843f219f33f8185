"""The program of this part: the simulated broker."""

from __future__ import annotations

import argparse

from proving_ground.canaries import parse_canaries
from proving_ground.command_options import Command, add_option, count_of, port_of, required
from proving_ground.durations import duration_s


def _arguments(parser: argparse.ArgumentParser) -> None:
    add_option(parser, "port", None, "port to listen on")
    add_option(parser, "host", "127.0.0.1", "address to listen on")
    add_option(parser, "token-lifetime", "60s", "how long a token is valid")
    add_option(parser, "order-limit", "25", "orders a second; more are answered 429")
    add_option(parser, "order-latency", "50ms", "time from the execution to the answer")
    add_option(parser, "tick-every", "200ms", "time between two prices of a symbol")
    add_option(parser, "canary", "", "planted defects; the broker itself has none")


def _run(options: argparse.Namespace) -> int:
    from proving_ground.broker.web import BrokerApi
    from proving_ground.program_log import log_to_stderr
    from proving_ground.serving import serve

    port = port_of(required(options.port, "port"))
    parse_canaries(options.canary)
    broker = BrokerApi(
        token_lifetime_s=duration_s(options.token_lifetime),
        rate=float(count_of("order-limit", options.order_limit, at_least=1)),
        latency_s=duration_s(options.order_latency),
        tick_every_s=duration_s(options.tick_every),
    )
    log_to_stderr()
    return serve(broker.app, options.host, port, websockets=True)


COMMANDS: dict[str, Command] = {
    "broker": ("run the simulated broker", _arguments, _run),
}
