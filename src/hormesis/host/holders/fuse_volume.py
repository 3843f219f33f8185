"""Serve a volume whose operations can be made slow or fail: a folder passed through FUSE.

Configuration: ``name`` (the volume's), ``path`` (where it is mounted), ``backing`` (the folder
beneath), ``source`` (what marks the mount), ``control`` (the socket for rules; empty for none) and
``seed``. Reports ``ready`` once the volume can be used.
"""

from __future__ import annotations

import os
import resource
import sys
import threading
from contextlib import suppress
from random import Random

from hormesis.host.fuse.control import Control
from hormesis.host.fuse.mounting import mount_fuse
from hormesis.host.fuse.passing import Passing
from hormesis.host.fuse.rules import Rule, Rules
from hormesis.host.fuse.session import Session
from hormesis.host.holders.lifeline import EXIT_MISSING, configuration, report
from hormesis.host.mounts import LAZY, detach


def main() -> int:
    """Serve until the lifeline ends or the volume is unmounted."""
    config = configuration()
    path = str(config["path"])
    rules = Rules(Random(config.get("seed", 0)))
    # The kernel has taken the caller's mask into account.
    os.umask(0)
    _raise_descriptors()
    passing = Passing(str(config["backing"]), rules)
    try:
        session = Session(mount_fuse(path, str(config["source"])), passing)
    except OSError as error:
        report(ready=False, missing=f"no FUSE volume: {error.strerror or error}")
        return EXIT_MISSING
    # From here on whatever ends this program unmounts, or leaves it to the custodian.
    threading.Thread(target=_end_with_input, args=(path,), name="lifeline", daemon=True).start()
    session.start()

    def added(rule: Rule) -> None:
        if "read" in rule.operations:
            session.forget_cached()

    if config.get("control"):
        Control(str(config["control"]), str(config["name"]), rules, added)
    report(ready=True, path=path)
    session.over.wait()
    return 0


def _raise_descriptors() -> None:
    """Allow as many descriptors as may be: each file that the kernel remembers takes one."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def _end_with_input(path: str) -> None:
    while os.read(0, 4096):
        continue
    with suppress(OSError):
        detach(path, LAZY)
    os._exit(0)


if __name__ == "__main__":
    sys.exit(main())
