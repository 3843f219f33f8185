"""The suite's log: everything that was said while it ran, with times, in one file."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from hormesis.compose.running import Watch
from hormesis.compose.suite_totals import SuiteTotals
from hormesis.engine.live import Live
from hormesis.words.clock import Clock
from hormesis.words.judging import EVIDENCE, code_of
from hormesis.words.outcome import ExitCode, Outcome
from hormesis.words.report import Judged

FILE_NAME = "suite.log"


class SuiteLog:
    """Appends lines to ``suite.log``, each with the time in UTC; what is said is on disk at once.

    A disk that is full costs the log and nothing else.
    """

    def __init__(self, folder: Path, clock: Clock) -> None:
        self.path = folder / FILE_NAME
        self._clock = clock

    def say(self, *lines: str) -> None:
        """Add *lines*."""
        moment = datetime.fromtimestamp(self._clock.wall(), tz=UTC)
        text = "".join(f"{moment:%Y-%m-%dT%H:%M:%S.%f}"[:-3] + f"Z {line}\n" for line in lines)
        try:
            with self.path.open("a", encoding="utf-8") as file:
                file.write(text)
        except OSError:
            return

    def following(self, name: str, watch: Watch) -> Watch:
        """Return *watch*, that also logs each line that the run of scenario *name* says."""
        lines, phase = 0, ""

        def followed(live: Live) -> None:
            nonlocal lines, phase
            if live.phase != phase:
                phase = live.phase
                self.say(f"{name}: {live.now:7.1f} s  {phase}")
            said = live.said_since(lines)
            lines = live.lines
            self.say(*(f"{name}: {moment:7.1f} s  {line}" for moment, line in said))
            watch(live)

        return followed

    def ended(self, judged: Judged, directory: Path) -> None:
        """Tell how one scenario ended, and where its own logs lie."""
        self.say(*_verdict_lines(judged), f"{judged.name}: its record and logs: {directory}")

    def totals(self, totals: SuiteTotals, reports: Iterable[Path], code: ExitCode) -> None:
        """Tell how the suite ended."""
        self.say(totals.told(), *(f"report: {path}" for path in reports))
        self.say(f"exit code {int(code)}: {code.meaning}")


def _verdict_lines(judged: Judged) -> Iterable[str]:
    verdict = judged.verdict
    for row in verdict.verdicts:
        if row.kind == EVIDENCE and row.outcome is Outcome.PASS:
            continue
        yield f"{judged.name}: {row.outcome.value} {row.check}: {row.summary}"
        if row.outcome is not Outcome.PASS:
            yield from (f"{judged.name}:   {one.sentence}" for one in row.findings)
            if row.advice:
                yield f"{judged.name}:   what to try: {row.advice.strip()}"
    for text in verdict.dirty:
        yield f"{judged.name}: left on this host: {text}"
    for text in verdict.unsafe:
        yield f"{judged.name}: not made safe: {text}"
    word = "skipped" if verdict.skipped else code_of(verdict).name.lower().replace("_", " ")
    yield f"{judged.name}: {word.upper()} {verdict.skipped or verdict.reason}"
