"""``hormesis proxy``: a server that Toxiproxy's clients take for Toxiproxy."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path
from random import SystemRandom

from hormesis.cli.console import out
from hormesis.engine.clock import LoopClock
from hormesis.host.interrupts import on_interrupt
from hormesis.proxy import wire_loop
from hormesis.proxy.toxiproxy.api_error import ApiError
from hormesis.proxy.toxiproxy.server import ToxiproxyServer
from hormesis.words.outcome import ExitCode
from hormesis.words.trouble import CapabilityTrouble, InputTrouble, Place, Problem

SEED_MAX = (1 << 31) - 1
BAD_REQUEST = 400


@dataclass(frozen=True, slots=True)
class ProxyOptions:
    """What ``hormesis proxy`` is to serve, and where."""

    host: str
    port: int
    config: Path | None
    seed: int | None
    proxy_metrics: bool


def proxy_command(options: ProxyOptions) -> int:
    """Serve until SIGINT or SIGTERM; return the exit code."""
    body = _read(options.config) if options.config is not None else b""
    return wire_loop.run(_serve(options, body))


def _read(config: Path) -> bytes:
    try:
        return config.read_bytes()
    except OSError as trouble:
        raise InputTrouble(
            Problem(f"cannot be read: {trouble.strerror}", Place(str(config)))
        ) from trouble


async def _serve(options: ProxyOptions, body: bytes) -> int:
    seed = SystemRandom().randint(0, SEED_MAX) if options.seed is None else options.seed
    server = ToxiproxyServer(seed=seed, wall=LoopClock().wall, proxy_metrics=options.proxy_metrics)
    ended = asyncio.Event()
    try:
        with on_interrupt(lambda _: ended.set(), ended.set):
            if options.config is not None:
                await _populate(server, options.config, body)
            address = await _open(server, options)
            out.print(f"hormesis proxy serves Toxiproxy's API on http://{address}, seed {seed}")
            await ended.wait()
    finally:
        server.close()
    return ExitCode.PASS


async def _populate(server: ToxiproxyServer, config: Path, body: bytes) -> None:
    try:
        await server.populate(body)
    except ApiError as trouble:
        problem = Problem(trouble.text, Place(str(config)))
        if trouble.status == BAD_REQUEST:
            raise InputTrouble(problem) from trouble
        raise CapabilityTrouble(problem) from trouble


async def _open(server: ToxiproxyServer, options: ProxyOptions) -> str:
    try:
        return await server.open(options.host, options.port)
    except OSError as trouble:
        address = f"{options.host}:{options.port}"
        why = trouble.strerror or str(trouble)
        raise CapabilityTrouble(
            f"cannot listen on {address}: {why}", hint="choose another --host or --port"
        ) from trouble
