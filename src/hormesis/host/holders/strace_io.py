"""Make system calls on files slow or fail in processes that run, by ``strace -e inject``.

Configuration: ``pids``, ``operations``, ``errno`` (empty: none), ``delay_s``, ``share`` (every n-th
call is hit), ``hold_s``, and, to narrow the choice, ``path`` and ``files``: only files below that
folder, of that name pattern, that are open when it begins. Only so are the calls ``read`` and
``write`` hit, because otherwise they would be those on sockets too. Reports ``seen`` and
``hits`` (calls), ``delay_ms_mean`` and ``files``.
"""

from __future__ import annotations

import math
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
from hormesis.host.process import stat_of
from hormesis.host.tracing import tracer_of

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
    path, pattern = str(config.get("path") or ""), str(config.get("files") or "")
    narrowed = bool(path or pattern)
    files = open_files(pids, path, pattern) if narrowed else []
    if narrowed and not files:
        which = f" {pattern}" * bool(pattern) + f" below {path}" * bool(path)
        report(ready=False, error=f"none of these processes has a file{which} open")
        return 1
    read_end, write_end = os.pipe()
    command = [
        strace, *arguments(config, files),
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
            within = name[len(base) + 1 :]
            # Without a folder, a pattern that has folders may begin at any of them.
            tried = (within, os.path.basename(name), *([] if base else [_from_last(name, pattern)]))
            named = not pattern or any(fnmatchcase(one, pattern) for one in tried)
            if stat.S_ISREG(mode) and below and named:
                found[name] = None
    return list(found)[:_FILES_MAX]


def _from_last(name: str, pattern: str) -> str:
    """Return the end of the path *name* that has as many parts as *pattern*."""
    return "/".join(name.split("/")[-pattern.count("/") - 1 :])


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
    # Rather fewer than asked: rounded first, since a third is not quite written.
    every = math.ceil(round(1 / float(config.get("share") or 1), 1))
    when = f":when=1+{every}" if every > 1 else ""
    paths = [word for name in files for word in ("-P", name)]
    return ["-qq", "-f", "-T", "-s", "0", *paths, "-e", f"trace={which}",
            "-e", f"inject={which}{how}{when}"]  # fmt: skip


def _attached(pids: list[int], tracer: subprocess.Popen[bytes]) -> bool:
    """Wait until every process that still lives is traced."""
    until = time.monotonic() + _ATTACH_S
    while time.monotonic() < until and tracer.poll() is None:
        tracers = {pid: tracer_of(pid) for pid in pids}
        untraced = [pid for pid, one in tracers.items() if one != tracer.pid]
        lives = [pid for pid in untraced if (found := stat_of(pid)) and not found.dead]
        if len(untraced) < len(pids) and not lives:
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
