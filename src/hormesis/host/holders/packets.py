"""Hurt the packets of one target: lose, cut, refuse, reset, delay, throttle, double or damage them.

It enters the target's network namespace, has the kernel filter there through a table that dies
with this process, and, where packets must wait or change, hands them on one by one.

Configuration: ``action`` (``drop``, ``refuse``, ``reset`` or ``shape``), ``share`` (of packets
dropped), ``shape`` (see ``packets/shaping.py``), ``after_s`` (of ``reset``: how old a connection
gets); where: ``netns``, ``pid``, ``container`` and ``docker``; which: see ``packets/aim.py``;
``hold_s``, after which the kernel itself lets everything pass; ``seed``.

Reports: ``matched`` and ``matched_bytes`` (the kernel's count), ``hit`` (dropped, refused, reset
or queued, the kernel's count), what ``packets/line.py`` tallies, ``aborted`` (connections), and
``connect``, ``connect_ms``, ``connect_before`` and ``connect_ms_before``: a real connect to the
target, from inside its namespace.
"""

from __future__ import annotations

import gc
import os
import re
import select
import sys
import time
from contextlib import suppress
from random import Random
from typing import Any

from hormesis.host.holders.lifeline import EXIT_MISSING, configuration, report
from hormesis.host.packets.aim import Aim, NoAim, aim_of
from hormesis.host.packets.ending import Ending
from hormesis.host.packets.knocking import Knock, Knocker, usual
from hormesis.host.packets.line import Line, Tally
from hormesis.host.packets.namespace import Absent, enter, namespace_of
from hormesis.host.packets.netlink import Refusal
from hormesis.host.packets.nf_tables import Table, permitted
from hormesis.host.packets.rules import Action, NoQueues, laid, total
from hormesis.host.packets.shaping import Shape
from hormesis.host.process import MARK

REPORT_S = 0.1
KNOCK_S = 0.25
_HOLE = (40_000, 60_000)


class Hurting:
    """The fault while it lasts."""

    def __init__(self, config: dict[str, Any], aim: Aim) -> None:
        """Make the table and the lines, which acts at once.

        Raises:
            NoQueues: the kernel has none.
            Refusal: the kernel refused something.
        """
        rng = Random(config.get("seed", 0))
        hold_s = config.get("hold_s")
        self.until = time.monotonic() + float(hold_s) if hold_s else None
        self.tally = Tally()
        self.lines: dict[str, Line] = {}
        self.ending: Ending | None = None
        self._knocker: Knocker | None = None
        self._before: Knock | None = usual(*aim.knock_at) if aim.knock_at else None
        action = str(config["action"])
        if action == "shape":
            shape = Shape.of(config.get("shape") or {})
            self.lines = {way: Line(shape, rng, self.tally) for way in aim.ways}
        if action == "reset":
            self.ending = Ending(aim, float(config.get("after_s") or 0.0))
        self.table = self._laid(config, aim, action, rng)
        self._knock_at = aim.knock_at

    def _laid(self, config: dict[str, Any], aim: Aim, action: str, rng: Random) -> Table | None:
        if action == "reset" and config.get("after_s"):
            return None
        deed = Action(
            "queue" if action == "shape" else action,
            share=float(config.get("share", 1.0)),
            queues={way: line.queue.number for way, line in self.lines.items()},
            hole=rng.randrange(*_HOLE),
        )
        return laid(table_name(), aim, deed, config.get("hold_s"))

    def run(self) -> None:
        """Hurt until the time is over or the lifeline ends.

        The lifeline is watched here and not by a thread, so that what waits is let go in order
        instead of being lost with the queue.
        """
        lifeline = sys.stdin.fileno()
        waiting = [lifeline, *(line.queue.fileno() for line in self.lines.values())]
        next_report = time.monotonic() + REPORT_S
        while True:
            now = time.monotonic()
            if now >= next_report:
                # A custodian that does not read must not hold packets up.
                if select.select([], [sys.stdout], [], 0)[1]:
                    report(**self.facts())
                next_report = now + REPORT_S
            if self.until is not None and now >= self.until:
                return
            if self.ending is not None:
                self.ending.look(now)
            dues = [due for line in self.lines.values() if (due := line.next_due) is not None]
            # select, because it counts in microseconds where epoll counts in milliseconds.
            pause = max(0.0, min([next_report, *dues]) - time.monotonic())
            ready, _, _ = select.select(waiting, [], [], pause)
            if lifeline in ready:
                return
            for line in self.lines.values():
                if line.queue.fileno() in ready:
                    line.take()
                line.release()

    def facts(self) -> dict[str, Any]:
        """Return the figures of now."""
        # In every line, since only the last one may have been read by the time it is asked for.
        facts: dict[str, Any] = {"ready": True}
        if self.table is not None:
            counts = self.table.counts()
            both, hit = total(counts), counts.get("hit")
            facts.update(matched=both.packets, matched_bytes=both.bytes)
            facts["hit"] = hit.packets if hit else 0
            if both.packets and self._knocker is None and self._knock_at:
                # Only now, so that our own packets are never the first that are hurt.
                self._knocker = Knocker(*self._knock_at, KNOCK_S)
        if self.lines:
            facts.update(self.tally.facts())
        if self.ending is not None:
            facts["aborted"] = self.ending.aborted
        if self._before is not None:
            facts["connect_before"] = self._before.result
            facts["connect_ms_before"] = round(self._before.ms, 3)
        if self._knocker is not None and (last := self._knocker.last) is not None:
            facts["connect"] = last.result
            facts["connect_ms"] = round(last.ms, 3)
        return facts

    def end(self) -> None:
        """Let everything pass again, what waits first: the queue is emptied with the table."""
        if self.lines and self.table is not None:
            with suppress(Refusal):
                self.table.disarm()
        for line in self.lines.values():
            line.let_all_go()
        if self.table is not None:
            self.table.close()
        for line in self.lines.values():
            line.end()


def table_name() -> str:
    """Return the name of our table, which tells whose it is."""
    owner = re.sub(r"[^A-Za-z0-9]+", "-", os.environ.get(MARK, "")).strip("-")
    return f"hormesis-{owner or os.getpid()}"[:200]


def main() -> int:
    """Run until the lifeline ends, or the time is over."""
    config = configuration()
    try:
        enter(namespace_of(config))
        aim = aim_of(config)
    except Absent as error:
        report(ready=False, missing=str(error))
        return EXIT_MISSING
    except NoAim as error:
        report(ready=False, error=str(error))
        return 1
    if reason := permitted():
        report(ready=False, missing=f"packets cannot be filtered: {reason}")
        return EXIT_MISSING
    try:
        hurting = Hurting(config, aim)
    except NoQueues as error:
        report(ready=False, missing=str(error))
        return EXIT_MISSING
    except Refusal as error:
        report(ready=False, error=f"the kernel refused the packet filter: {error.strerror}")
        return 1
    # A pause of the collector would be a delay that nobody asked for.
    gc.disable()
    report(**hurting.facts())
    with suppress(Refusal):
        hurting.run()
    hurting.end()
    return 0


if __name__ == "__main__":
    sys.exit(main())
