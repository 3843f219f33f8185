"""A view that is redrawn in place while a run goes on; its events scroll by above it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Self

from rich.console import RenderableType
from rich.live import Live as RichLive
from rich.text import Text

from hormesis.cli.console import err
from hormesis.engine.live import Live

REDRAWN_PER_S = 8


class RedrawnView(ABC):
    """Draws on standard error as long as the block lasts; nothing of the picture stays."""

    def __init__(self, title: str) -> None:
        self.title = title
        self._shown = 0
        self._display = RichLive(console=err, refresh_per_second=REDRAWN_PER_S, transient=True)

    def __enter__(self) -> Self:
        self._display.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._display.stop()

    def __call__(self, live: Live) -> None:
        """Redraw."""
        for moment, line in live.said_since(self._shown):
            self._display.console.print(Text(f"{moment:7.1f} s  {line}", style="dim"))
        self._shown = live.lines
        self._display.update(self.picture(live))

    @abstractmethod
    def picture(self, live: Live) -> RenderableType:
        """Return what is to be seen now."""
