"""The view of a load while it runs: users, rate, errors, latencies and lag, second by second.

On a terminal it is redrawn in place, with a bar per second; elsewhere it is one plain line every
few seconds, so that a log tells the same story.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Group, RenderableType
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from hormesis.cli.console import err
from hormesis.cli.live_view import PLAIN_EVERY_S
from hormesis.cli.load_table import duration_told, rate_told, share_told
from hormesis.cli.redrawn_view import RedrawnView
from hormesis.compose.serving_metrics import SERVED
from hormesis.engine.live import Live

SECONDS_SHOWN = 60
LINE_MAX = 80
"""Characters of a line of figures: what a terminal that nobody made wider has."""
_BARS = " ▁▂▃▄▅▆▇█"


@dataclass(frozen=True, slots=True)
class Second:
    """What one second of a load came to; ``errors`` is a share, latencies are in seconds."""

    rate: float
    errors: float
    p50: float | None
    p95: float | None
    p99: float | None
    lag_p99: float | None
    users: int


class Seconds:
    """Gathers a load's seconds from the live picture."""

    def __init__(self) -> None:
        self.held: deque[Second] = deque(maxlen=SECONDS_SHOWN)
        self._next: float | None = None

    def look(self, live: Live) -> None:
        """Add the second that is over, if one is."""
        if live.phase != "tracks":
            return
        if self._next is None:
            self._next = live.now + 1.0
        elif live.now >= self._next:
            self._next = live.now + 1.0
            self.held.append(_second(live))

    @property
    def last(self) -> Second | None:
        """Return the last second; None before the first is over."""
        return self.held[-1] if self.held else None


class PlainLoadView:
    """Lines on standard error: events as they come, figures every few seconds."""

    def __init__(self) -> None:
        self._seconds = Seconds()
        self._shown = 0
        self._next = PLAIN_EVERY_S

    def __call__(self, live: Live) -> None:
        """Print what is new."""
        for moment, line in live.said_since(self._shown):
            err.print(Text(f"{moment:7.1f} s    {line}"))
        self._shown = live.lines
        self._seconds.look(live)
        last = self._seconds.last
        if last is not None and live.now >= self._next and live.phase == "tracks":
            self._next = live.now + PLAIN_EVERY_S
            begin = f"{live.now:7.1f} s  "
            line = figures_line(last, live, LINE_MAX - len(begin))
            err.print(Text(f"{begin}{line}"))


class EndpointView:
    """Of all lines only where figures are served, which nobody could guess: the port may be any."""

    def __init__(self) -> None:
        self._shown = 0

    def __call__(self, live: Live) -> None:
        """Print what is new."""
        for _, line in live.said_since(self._shown):
            if line.startswith(SERVED):
                err.print(Text(line))
        self._shown = live.lines


class LoadView(RedrawnView):
    """A picture redrawn in place; events scroll by above it."""

    def __init__(self, title: str) -> None:
        super().__init__(title)
        self._seconds = Seconds()

    def picture(self, live: Live) -> RenderableType:
        """Return progress, a bar per second of the main figures, and the generator's troubles."""
        self._seconds.look(live)
        done = 0.0 if live.tracks_began is None else live.now - live.tracks_began
        left = max(0.0, live.duration_s - done)
        head = Text.assemble(
            (self.title, "bold"), f"  {live.phase}  {done:.0f} s, {left:.0f} s to go"
        )
        bar = ProgressBar(total=max(live.duration_s, 0.1), completed=min(done, live.duration_s))
        held, last = self._seconds.held, self._seconds.last
        table = Table.grid(padding=(0, 2))
        if last is not None:
            for name, values, told in (
                ("rate", [one.rate for one in held], rate_told(last.rate)),
                ("p95", [one.p95 or 0.0 for one in held], duration_told(last.p95)),
                ("errors", [one.errors for one in held], share_told(last.errors)),
            ):
                table.add_row(Text(name, style="dim"), Text(bars(values)), Text(told))
        for one in live.loads.values():
            if one.trouble:
                table.add_row(Text("generator", style="yellow"), Text(one.trouble), Text(""))
        top = Table.grid(expand=True)
        top.add_row(head)
        top.add_row(bar)
        if last is not None:
            top.add_row(Text(figures_line(last, live)))
        return Group(top, table)


def bars(values: Sequence[float]) -> str:
    """Return one character per value, the highest one full; what is not 0 can be seen."""
    highest = max(values, default=0.0)
    if highest <= 0:
        return _BARS[0] * len(values)
    full = len(_BARS) - 1
    return "".join(_BARS[max(value > 0, round(value / highest * full))] for value in values)


def figures_line(second: Second, live: Live, width: int = LINE_MAX) -> str:
    """Return one second's figures in a line of at most *width* characters."""
    told = [f"{second.users:,} users", rate_told(second.rate), f"p95 {duration_told(second.p95)}"]
    told += [f"errors {share_told(second.errors)}"]
    # The most telling first: what does not fit into the line is left out.
    more = [f"{name} {count:,}" for name, count in _late(live) if count]
    more += [f"lag p99 {duration_told(second.lag_p99)}"] if second.lag_p99 else []
    more += [f"p99 {duration_told(second.p99)}", f"p50 {duration_told(second.p50)}"]
    more += [f"{live.ops:,} in all"]
    for one in more:
        if len("  ".join([*told, one])) <= width:
            told.append(one)
    return "  ".join(told)


def _late(live: Live) -> list[tuple[str, int]]:
    loads = live.loads.values()
    return [
        ("waited", sum(one.waited for one in loads)),
        ("dropped", sum(one.dropped for one in loads)),
    ]


def _second(live: Live) -> Second:
    last = live.figures.window(live.now, 1.0)
    return Second(last.rate, last.errors, last.p50, last.p95, last.p99, last.lag_p99, live.users)
