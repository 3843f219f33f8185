"""Hold a service to a share of a CPU by stopping and continuing it, without any privilege.

Whoever has used more CPU time than its share gave so far is stopped until the share has caught
up, as the kernel does with a quota. Configuration: ``pid`` (the main process), ``cpus`` and
``period_s``. Reports ``stops``, ``stopped_share`` (of the time) and ``cpus_used``. A holder that is
killed may leave the service stopped: the effect that continues it must be older than this one.
"""

from __future__ import annotations

import signal
import sys
import time
from dataclasses import dataclass, field

from hormesis.host.cpu_time import cpu_times_ns
from hormesis.host.holders.lifeline import Lifeline, configuration, report
from hormesis.host.process import Identity, send
from hormesis.host.tree import tree

_LOOK_S = 0.005
_REPORT_S = 0.2
_TREE_S = 0.5


@dataclass
class Quota:
    """When to stop and when to let go, from CPU time used and real time passed; both in seconds."""

    cpus: float
    period_s: float
    saved_s: float = 0.0
    stopped: bool = False

    def judge(self, used_s: float, passed_s: float) -> bool:
        """Return whether it is to be stopped now, after this much more use and time."""
        full = self.cpus * self.period_s
        self.saved_s = min(full, self.saved_s + self.cpus * passed_s - used_s)
        # Let go only with a whole period's quota, so that it runs in pieces of a useful size.
        self.stopped = self.saved_s <= 0 if not self.stopped else self.saved_s < full
        return self.stopped


@dataclass
class Throttle:
    """The service and what was done to it."""

    root: Identity
    quota: Quota
    stops: int = 0
    stopped_s: float = 0.0
    used_s: float = 0.0
    members: list[Identity] = field(default_factory=list)
    held: list[Identity] = field(default_factory=list)
    _seen: dict[int, int] = field(default_factory=dict)

    def find(self) -> None:
        """Look again who belongs to the service."""
        self.members = tree(self.root)

    def step(self, passed_s: float) -> None:
        """Measure, decide, and stop or continue."""
        now = cpu_times_ns(who.pid for who in self.members)
        used_s = sum(now[pid] - self._seen.get(pid, now[pid]) for pid in now) / 1e9
        self._seen = now
        self.used_s += used_s
        was = self.quota.stopped
        self.stopped_s += passed_s if was else 0.0
        if self.quota.judge(used_s, passed_s) == was:
            return
        self.stops += not was
        if was:
            # Also who has left the tree since it was stopped.
            for who in reversed(list(dict.fromkeys([*self.members, *self.held]))):
                send(who, signal.SIGCONT)
            return
        self.held = list(self.members)
        for who in self.members:
            send(who, signal.SIGSTOP)


def main() -> int:
    """Run until the lifeline or the service ends."""
    config = configuration()
    root = Identity.of(int(config["pid"]))
    if root is None:
        report(error="the service has ended")
        return 1
    throttle = Throttle(root, Quota(float(config["cpus"]), float(config["period_s"])))
    lifeline = Lifeline()
    report(ready=True, stops=0)
    began = last = time.monotonic()
    told = found = 0.0
    while root.alive:
        now = time.monotonic()
        if now - found >= _TREE_S:
            throttle.find()
            found = now
        throttle.step(now - last)
        last = now
        if now - told >= _REPORT_S:
            lasted_s = max(now - began, _LOOK_S)
            report(
                ready=True, stops=throttle.stops,
                stopped_share=round(throttle.stopped_s / lasted_s, 4),
                cpus_used=round(throttle.used_s / lasted_s, 4),
            )  # fmt: skip
            told = now
        lifeline.wait(_LOOK_S)
    report(stops=throttle.stops, error="the service has ended")
    return 0


if __name__ == "__main__":
    sys.exit(main())
