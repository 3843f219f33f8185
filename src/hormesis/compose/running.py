"""Running: the same three calls for every door: spec → plan → run."""

from __future__ import annotations

import json
import shutil
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from hormesis.compose.judging import judge_directory, render
from hormesis.compose.manifest import manifest_of
from hormesis.compose.preparing import Prepared
from hormesis.compose.serving_metrics import metrics_served
from hormesis.custodian.left_behind import left_behind
from hormesis.custodian.registry import make_usable, state_folder
from hormesis.engine.bounded_run import run_bounded
from hormesis.engine.by_hand import Hand
from hormesis.engine.conductor import Conductor
from hormesis.engine.live import Live
from hormesis.host.interrupts import on_interrupt
from hormesis.host.listeners import listener_of
from hormesis.host.target_lock import hold_targets
from hormesis.plan.text import plan_lines
from hormesis.record.history_writer import HistoryWriter
from hormesis.record.run_directory import RunDirectory, create_run_directory
from hormesis.words.experiment import Experiment
from hormesis.words.history import Note
from hormesis.words.judging import code_of
from hormesis.words.outcome import ExitCode
from hormesis.words.report import Judged
from hormesis.words.trouble import DirtyTrouble, Problem, Trouble

Watch = Callable[[Live], None]


@dataclass(frozen=True)
class Finished:
    """A run that is over: its judged history, where it lies, its reports and its exit code."""

    judged: Judged
    directory: Path
    reports: tuple[Path, ...]
    code: ExitCode


class CrashTrouble(Trouble):
    """Hormesis itself broke; everything was put back, and nothing can be said about the system."""

    code = ExitCode.UNKNOWN


def refuse_if_dirty(environment: Mapping[str, str]) -> None:
    """Refuse to start while effects of a dead run are left on this host.

    Raises:
        DirtyTrouble: there are some; ``hormesis revert`` undoes them.
    """
    left = left_behind(environment)
    if left:
        told = "; ".join(one.told for one in left)
        raise DirtyTrouble(
            f"an earlier run ended without undoing everything: {told}",
            hint="run `hormesis revert` first, or start with --recover",
        )


def _addresses(experiment: Experiment) -> tuple[str, ...]:
    """Return what no second run may touch; whom a port finds, another's pid may mean as well."""
    listeners = (listener_of(one.port) for one in experiment.services if one.attached and one.port)
    found = (f"pid:{pid}" for pid in listeners if pid)
    return tuple(dict.fromkeys((*experiment.attached_addresses, *found)))


def run(
    prepared: Prepared, *, watch: Watch = lambda live: None, hand: Hand | None = None
) -> Finished:
    """Play a prepared run to its end, judge it and write its reports.

    With a *hand* its tracks last until that lets go.

    Raises:
        DirtyTrouble: an earlier run left effects on this host, or this one did.
        CrashTrouble: Hormesis itself broke; everything is undone and the record tells where.
        Trouble: the system could not be brought up; what was started is undone and recorded.
    """
    if prepared.request.starter is None:
        make_usable(prepared.stand.state)
    refuse_if_dirty(prepared.request.environment)
    with hold_targets(
        _addresses(prepared.experiment),
        state=state_folder(prepared.request.environment),
        run_id=prepared.stand.run_id,
        force=prepared.request.force,
    ) as disturbed:
        directory = _make_directory(prepared)
        failure = _played(prepared, directory, watch, disturbed, hand)
    try:
        judged = judge_directory(directory.path)
        title = prepared.experiment.title
        reports = render(directory.path, title, [judged], prepared.request.reports)
    except OSError as error:
        raise failure or _unwritable(error) from error
    if failure is not None and judged.verdict.dirty:
        # Left dirty outranks everything, also the reason why it came to it.
        left = [Problem(f"left on this host: {text}") for text in judged.verdict.dirty]
        raise DirtyTrouble([*failure.problems, *left]) from failure
    if failure is not None:
        # What a check found stands, also of a run that came to nothing: the verdict counts it.
        failure.code = ExitCode.worst((failure.code, code_of(judged.verdict)))
        raise failure
    return Finished(judged, directory.path, tuple(reports), code_of(judged.verdict))


def _played(
    prepared: Prepared,
    directory: RunDirectory,
    watch: Watch,
    disturbed: Sequence[str],
    hand: Hand | None,
) -> Trouble | None:
    """Play; return what ended it early, also when it would have ended this process."""
    try:
        return run_bounded(_play(prepared, directory, watch, disturbed, hand))
    except SystemExit as leaving:
        # Whatever status it left with, nothing is known about the system.
        return CrashTrouble(
            f"the run's own code ended the program (sys.exit({leaving.code!r})); "
            "everything was put back",
            hint="let users, setup and teardown raise or return instead",
        )
    except OSError as error:
        return _unwritable(error)


def _unwritable(error: OSError) -> CrashTrouble:
    return CrashTrouble(
        f"the run could not be recorded: {error}; everything was put back",
        hint="make room, or choose another folder with --out",
    )


def _make_directory(prepared: Prepared) -> RunDirectory:
    directory = create_run_directory(
        prepared.request.out.resolve(),
        prepared.wall,
        prepared.request.slug,
        prepared.stand.run_id,
    )
    directory.plan.write_text("\n".join(plan_lines(prepared.timeline)) + "\n")
    file = prepared.request.file
    copy = directory.experiment
    if prepared.request.by_hand:
        # A program may have made it up: there need not be a file.
        told = json.dumps(dict(prepared.experiment.document), indent=1, default=str)
        copy.with_suffix(".json").write_text(told)
        return directory
    shutil.copyfile(file, copy.with_suffix(file.suffix) if file.suffix else copy)
    return directory


async def _play(
    prepared: Prepared,
    directory: RunDirectory,
    watch: Watch,
    disturbed: Sequence[str],
    hand: Hand | None,
) -> Trouble | None:
    """Play; return what ended it early, after everything was undone and written down."""
    writer = HistoryWriter(directory.path)
    writer.manifest(manifest_of(prepared))
    for told in disturbed:
        writer.note(Note(prepared.clock.now(), "warning", "target", f"{told}; --force was given"))
    live = Live(duration_s=prepared.timeline.duration_s)
    try:
        async with metrics_served(prepared, live, writer) as followers:
            conductor = Conductor(
                prepared.timeline,
                prepared.stand,
                writer,
                clock=prepared.clock,
                live=live,
                watch=watch,
                followers=followers,
                hand=hand,
            )

            def ask(name: str) -> None:
                conductor.stop("interrupted", f"{name} received; putting everything back")

            with on_interrupt(ask, conductor.insist):
                await conductor.play()
    except Trouble as trouble:
        return trouble
    except Exception as error:  # noqa: BLE001 - told to the user, kept in the run directory
        crash = directory.path / "crash.txt"
        crash.write_text(traceback.format_exc())
        return CrashTrouble(
            f"internal error: {type(error).__name__}: {error}; everything was put back",
            hint=f"please report it with {crash}",
        )
    finally:
        writer.close()
    return None
