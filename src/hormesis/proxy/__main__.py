"""The proxy process: ``python -m hormesis.proxy``.

It reads its configuration as one JSON line from standard input, answers one JSON line on standard
output, ``{"ready": true, …}`` or ``{"ready": false, "error": …}``, and ends when standard input
does: nobody can leave it behind.

It runs on the wire loop, the standard library's event loop with a selector of its own. uvloop is
slower here and its timers are whole milliseconds; closing a listener, which ``down`` does and must
be true at once, it puts off.
"""

from __future__ import annotations

import asyncio
import json
import os
import stat
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hormesis.proxy.config import ProxyConfig
from hormesis.proxy.control import Control
from hormesis.proxy.link import Link
from hormesis.proxy.wire_loop import run

LINE_MAX = 1 << 20


def main() -> int:
    """Serve until standard input ends; return the exit status."""
    mode = os.fstat(0).st_mode
    if not (stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode) or stat.S_ISCHR(mode)):
        return _say({"ready": False, "error": "standard input must be a pipe that stays open"}, 1)
    try:
        config = ProxyConfig.from_json(_first_line())
    except ValueError as trouble:
        return _say({"ready": False, "error": f"bad configuration: {trouble}"}, 1)
    return run(_serve(config))


async def _serve(config: ProxyConfig) -> int:
    links = {one.name: Link(one, config.seed) for one in config.links}
    control = Control(Path(config.control), links, config.toxics_package)
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    try:
        for link in links.values():
            await link.open()
        await control.open()
        loop.add_reader(0, _drain, ended)
        served = [
            {"name": one.config.name, "listen": one.listen, "upstream": one.config.upstream}
            for one in links.values()
        ]
        _say({"ready": True, "pid": os.getpid(), "control": config.control, "links": served}, 0)
        await ended.wait()
        return 0
    except OSError as trouble:
        return _say({"ready": False, "error": str(trouble)}, 1)
    finally:
        loop.remove_reader(0)
        control.close()
        for link in links.values():
            link.close()


def _first_line() -> bytes:
    # Read byte by byte past any buffer: what follows the line belongs to the lifeline.
    line = bytearray()
    while not line.endswith(b"\n") and len(line) < LINE_MAX:
        one = os.read(0, 1)
        if not one:
            break
        line += one
    return bytes(line)


def _drain(ended: asyncio.Event) -> None:
    if not os.read(0, 4096):
        ended.set()


def _say(line: Mapping[str, Any], status: int) -> int:
    os.write(1, json.dumps(line).encode() + b"\n")
    return status


if __name__ == "__main__":
    sys.exit(main())
