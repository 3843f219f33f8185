"""Launch: start the proxy process and hold its lifeline."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import hormesis
from hormesis.proxy.config import ProxyConfig


class ProxyFailed(Exception):
    """The proxy did not start; the text is its own sentence why."""


@dataclass(frozen=True, slots=True)
class RunningProxy:
    """A proxy process that serves. It ends when its lifeline closes, ours or our death's doing."""

    process: asyncio.subprocess.Process
    control: str
    listen: Mapping[str, str]
    """The real ``host:port`` of each link, by name."""

    @property
    def pid(self) -> int:
        """Return the process id."""
        return self.process.pid

    @property
    def alive(self) -> bool:
        """Return whether the process still runs."""
        return self.process.returncode is None

    async def close(self, grace_s: float = 5.0) -> None:
        """Close the lifeline and wait for the end; kill it after *grace_s* seconds."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        try:
            await asyncio.wait_for(self.process.wait(), grace_s)
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                self.process.kill()
            await self.process.wait()


async def start_proxy(config: ProxyConfig, *, within_s: float = 10.0) -> RunningProxy:
    """Start a proxy and return once it listens.

    Raises:
        ProxyFailed: it did not become ready within *within_s* seconds, or said why it cannot.
    """
    source = str(Path(hormesis.__file__).parents[1])
    paths = [source, *filter(None, [os.environ.get("PYTHONPATH")])]
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "hormesis.proxy",
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
    )  # fmt: skip
    assert process.stdin is not None and process.stdout is not None
    answer: Mapping[str, object] = {}
    try:
        process.stdin.write(config.to_json().encode() + b"\n")
        line = await asyncio.wait_for(process.stdout.readline(), within_s)
        answer = json.loads(line) if line else {"error": "the proxy ended while it started"}
    except TimeoutError:
        answer = {"error": f"the proxy was not ready within {within_s:g} s"}
    finally:
        if not answer.get("ready"):
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
    links = answer.get("links")
    if not answer.get("ready") or not isinstance(links, list):
        raise ProxyFailed(str(answer.get("error", "the proxy gave no answer")))
    return RunningProxy(
        process=process,
        control=config.control,
        listen={link["name"]: link["listen"] for link in links},
    )
