"""Make system calls on files slow or fail in processes that run, by ``strace -e inject``.

Configuration: ``pids``, ``operations``, ``errno`` (empty: none), ``delay_s``, ``share`` (every n-th
call is hit), ``hold_s``, and, to narrow the choice, ``path`` and ``files``: only files below that
folder, of that name pattern, that are open when it begins. Only with a path are the calls ``read``
and ``write`` hit, because without one they would be those on sockets too. Reports ``seen`` and
``hits`` (calls), ``delay_ms_mean`` and ``files``.
"""

from __future__ import annotations

import os
import re
import select
import shutil
import stat
import subprocess
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from hormesis.host.holders.lifeline import EXIT_MISSING, configuration, report

_ATTACH_S = 5.0
_TELL_S = 0.1
_LET_GO_S = 0.7
_FILES_MAX = 200
_ALWAYS = {
    "read": "pread64 preadv preadv2",
    "write": "pwrite64 pwritev pwritev2 fallocate",
    "fsync": "fsync fdatasync sync_file_range syncfs",
    "open": "openat openat2",
    "open-write": "",
    "create": "mknodat linkat symlinkat",
    "unlink": "unlinkat",
    "mkdir": "mkdirat",
    "rmdir": "",
    "rename": "renameat renameat2",
    "truncate": "ftruncate truncate",
    "setattr": "fchmod fchown fchmodat fchownat utimensat",
    "stat": "newfstatat statx",
    "list": "getdents64",
    "close": "close",
}
_OLD = {
    "open": "open", "create": "creat mknod link symlink", "unlink": "unlink",
    "mkdir": "mkdir", "rmdir": "rmdir", "rename": "rename", "setattr": "chmod chown",
}  # fmt: skip
"""System calls that only some kinds of machines have; strace knows them by a leading ``?``."""
_ON_FILES = {"read": "read readv", "write": "write writev"}
_TOOK = re.compile(rb"<(\d+\.\d+)>\s*$")


@dataclass
class Tally:
    """What was seen."""

    seen: int = 0
    hits: int = 0
    took_s: float = 0.0
    files: int = 0
    rest: bytes = field(default=b"", repr=False)

    def take(self, data: bytes) -> None:
        """Count the lines in *data*, of which the last may be cut off."""
        *lines, self.rest = (self.rest + data).split(b"\n")
        for line in lines:
            if b"<unfinished ...>" in line:
                continue
            self.seen += 1
            if b"(INJECTED)" in line or b"(DELAYED)" in line:
                self.hits += 1
                if match := _TOOK.search(line):
                    self.took_s += float(match[1])

    def tell(self, **more: Any) -> None:
        """Report the counts."""
        mean = 1000 * self.took_s / self.hits if self.hits else 0.0
        report(
            seen=self.seen, hits=self.hits, delay_ms_mean=round(mean, 3), files=self.files, **more
        )


def main() -> int:
    """Hold until the lifeline ends."""
    config = configuration()
    strace = shutil.which("strace")
    if strace is None:
        report(ready=False, missing="strace is not installed")
        return EXIT_MISSING
    pids = [int(pid) for pid in config["pids"]]
    files = open_files(pids, str(config.get("path") or ""), str(config.get("files") or ""))
    if config.get("path") and not files:
        report(ready=False, error=f"none of these processes has a file below {config['path']} open")
        return 1
    read_end, write_end = os.pipe()
    command = [
        strace, *arguments(config, files if config.get("path") else []),
        "-o", f"/dev/fd/{write_end}", *(word for pid in pids for word in ("-p", str(pid))),
    ]  # fmt: skip
    tracer = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        pass_fds=(write_end,),
    )  # fmt: skip
    os.close(write_end)
    try:
        if not _attached(pids, tracer):
            tracer.kill()
            said = tracer.communicate()[1].decode(errors="replace").strip().splitlines()
            report(ready=False, error=said[-1] if said else "strace did not attach in time")
            return 1
        tally = Tally(files=len(files))
        tally.tell(ready=True)
        _watch(read_end, tally, float(config.get("hold_s") or 3600.0))
        _let_go(tracer)
        tally.tell(over=True)
        _until_end_of_input()
        return 0
    finally:
        _let_go(tracer)


def open_files(pids: Iterable[int], path: str, pattern: str) -> list[str]:
    """Return the regular files that *pids* have open, below *path* and called like *pattern*."""
    found: dict[str, None] = {}
    base = os.path.realpath(path) if path else ""
    for pid in pids:
        try:
            links = list(Path(f"/proc/{pid}/fd").iterdir())
        except OSError:
            continue  # It has ended.
        for link in links:
            try:
                name, mode = os.readlink(link), link.stat().st_mode
            except OSError:
                continue  # It was closed just now.
            below = not base or name.startswith(f"{base}/")
            named = not pattern or fnmatchcase(name[len(base) + 1 :], pattern) or fnmatchcase(
                os.path.basename(name), pattern
            )  # fmt: skip
            if stat.S_ISREG(mode) and below and named:
                found[name] = None
    return list(found)[:_FILES_MAX]


def arguments(config: dict[str, Any], files: list[str]) -> list[str]:
    """Return the arguments of strace that do what *config* asks."""
    calls = []
    for operation in config["operations"]:
        calls += _ALWAYS[operation].split()
        calls += [f"?{name}" for name in _OLD.get(operation, "").split()]
        if files:
            calls += _ON_FILES.get(operation, "").split()
    which = ",".join(calls)
    how = f":error={config['errno']}" if config.get("errno") else ""
    if config.get("delay_s"):
        how += f":delay_enter={round(float(config['delay_s']) * 1e6)}"
    every = max(1, round(1 / float(config.get("share") or 1)))
    when = f":when=1+{every}" if every > 1 else ""
    paths = [word for name in files for word in ("-P", name)]
    return ["-qq", "-f", "-T", "-s", "0", *paths, "-e", f"trace={which}",
            "-e", f"inject={which}{how}{when}"]  # fmt: skip


def _attached(pids: list[int], tracer: subprocess.Popen[bytes]) -> bool:
    """Wait until every process that still lives is traced."""
    until = time.monotonic() + _ATTACH_S
    mine = str(tracer.pid).encode()
    while time.monotonic() < until and tracer.poll() is None:
        tracers = [_tracer_of(pid) for pid in pids]
        if all(one in (mine, b"") for one in tracers) and mine in tracers:
            return True
        select.select([], [], [], 0.01)
    return False


def _let_go(tracer: subprocess.Popen[bytes]) -> None:
    """End strace so that it takes its hands off: a call it holds halfway would fail for ever."""
    tracer.terminate()
    try:
        tracer.wait(_LET_GO_S)
    except subprocess.TimeoutExpired:
        tracer.kill()
        tracer.wait()


def _tracer_of(pid: int) -> bytes:
    try:
        lines = Path(f"/proc/{pid}/status").read_bytes().splitlines()
    except OSError:
        return b""
    return next((one.split()[1] for one in lines if one.startswith(b"TracerPid:")), b"")


def _watch(output: int, tally: Tally, hold_s: float) -> None:
    """Count until the lifeline ends, the tracer does, or the time is up."""
    until = time.monotonic() + hold_s
    told, next_s = 0, time.monotonic() + _TELL_S
    while (left := until - time.monotonic()) > 0:
        ready, _, _ = select.select([0, output], [], [], min(left, _TELL_S))
        if 0 in ready and not os.read(0, 4096):
            return
        if output in ready:
            data = os.read(output, 1 << 16)
            if not data:
                return
            tally.take(data)
        if tally.seen != told and time.monotonic() >= next_s:
            told, next_s = tally.seen, time.monotonic() + _TELL_S
            tally.tell()


def _until_end_of_input() -> None:
    while os.read(0, 4096):
        continue


if __name__ == "__main__":
    sys.exit(main())
