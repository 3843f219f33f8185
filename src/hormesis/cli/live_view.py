"""The live view: phase, faults on, rate, latency, errors and probes while a run goes on.

On a terminal it is redrawn in place; elsewhere each event is one plain line, with a line of figures
every few seconds, so that a log tells the same story.
"""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from hormesis.cli.console import err
from hormesis.cli.redrawn_view import RedrawnView
from hormesis.engine.live import Live

WINDOW_S = 5.0
"""Figures are those of the last so many seconds."""
PLAIN_EVERY_S = 5.0


class PlainView:
    """One line per event on standard error."""

    def __init__(self) -> None:
        self._shown = 0
        self._phase = ""
        self._next = PLAIN_EVERY_S

    def __call__(self, live: Live) -> None:
        """Print what is new."""
        for moment, line in live.said_since(self._shown):
            err.print(Text(f"{moment:7.1f} s    {line}"))
        self._shown = live.lines
        if live.phase != self._phase:
            self._phase = live.phase
            err.print(Text(f"{live.now:7.1f} s  {live.phase}"))
        if live.now >= self._next and live.phase == "tracks":
            self._next = live.now + PLAIN_EVERY_S
            err.print(Text(f"{live.now:7.1f} s    {figures_line(live)}"))


class TerminalView(RedrawnView):
    """A picture redrawn in place; events scroll by above it."""

    def picture(self, live: Live) -> RenderableType:
        """Return phase, progress, figures, faults and probes."""
        done = 0.0 if live.tracks_began is None else live.now - live.tracks_began
        head = Text.assemble((self.title, "bold"), f"  {live.phase}  {live.now:.0f} s")
        bar = ProgressBar(total=max(live.duration_s, 0.1), completed=min(done, live.duration_s))
        table = Table.grid(padding=(0, 2))
        for name, proof in live.faults_on.items():
            table.add_row(Text("fault", style="magenta"), Text(name), Text(proof))
        for name, (good, told) in live.probes.items():
            style = "dim" if good is None else "green" if good else "red"
            sign = "·" if good is None else "✔" if good else "✘"
            table.add_row(Text("probe", style=style), Text(f"{sign} {name}"), Text(told[:100]))
        top = Table.grid(expand=True)
        for row in (head, bar, Text(figures_line(live))):
            top.add_row(row)
        return Group(top, table)


def figures_line(live: Live) -> str:
    """Return what the last few seconds came to, in a line."""
    last = live.figures.window(live.now, WINDOW_S)
    p95_s = last.p95
    told = "–" if p95_s is None else f"{p95_s * 1000:.0f} ms"
    return (
        f"{live.users} users  {last.rate:.0f} ops/s  p95 {told}  "
        f"errors {last.errors:.1%}  {live.ops} ops in all"
    )
