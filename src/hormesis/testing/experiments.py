"""Experiments of one test: run, recorded in the test's own folder, judged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NoReturn

import pytest

from hormesis.compose.preparing import prepare
from hormesis.compose.request import RunRequest
from hormesis.compose.running import Finished, run
from hormesis.testing.apart import run_apart
from hormesis.testing.judged_failure import JudgedFailure, message_of
from hormesis.testing.progress import Progress
from hormesis.testing.replay import replay_words
from hormesis.testing.said import Said
from hormesis.testing.session import ChaosSession
from hormesis.words.outcome import ExitCode, Outcome
from hormesis.words.trouble import DirtyTrouble, SkipTrouble, Trouble


class Experiments:
    """Runs experiments for one test."""

    def __init__(self, item: pytest.Item, session: ChaosSession, progress: Progress) -> None:
        self._item = item
        self._session = session
        self._progress = progress
        self._left: list[str] = []

    @property
    def seed(self) -> int:
        """The seed of the test."""
        return self._session.seed_of(self._item.nodeid)

    @property
    def directory(self) -> Path:
        """Where the test's runs are recorded."""
        return self._session.recording(self._item.nodeid)

    @property
    def environment(self) -> Mapping[str, str]:
        """What ``${env.NAME}`` sees."""
        return self._session.environment

    def request(
        self,
        file: str | Path,
        *,
        variables: Mapping[str, object] | None = None,
        seed: int | None = None,
        time_scale: float = 1.0,
        system: str | Path | None = None,
    ) -> RunRequest:
        """Return the request for one run of *file*, which is looked for beside the test."""
        return RunRequest(
            file=self.found(file),
            out=self.directory,
            overrides=texts(variables),
            environment=self.environment,
            seed=self.seed if seed is None else seed,
            time_scale=time_scale,
            system=None if system is None else self.found(system),
        )

    def found(self, file: str | Path) -> Path:
        """Return where *file* lies: beside the test, below the root, or where pytest was started.

        A file that lies nowhere is returned as it would lie beside the test.
        """
        config = self._item.config
        places = (self._item.path.parent, config.rootpath, config.invocation_params.dir)
        beside, *others = (place / file for place in places)
        return next((one for one in (beside, *others) if one.exists()), beside)

    def play(self, request: RunRequest, *, judge: bool = True) -> Finished:
        """Run what *request* asks for; return the run if it passed, or if *judge* is false.

        The test is skipped when this machine cannot run it.

        Raises:
            JudgedFailure: a check failed, or nothing is known and ``--chaos-allow-unknown`` was
                not given.
            Trouble: bad input, or the system could not be brought up.
            DirtyTrouble: something could not be undone.
        """
        __tracebackhide__ = True
        try:
            prepared = prepare(request)
            self.recorded(prepared.directory.path)
            with self._progress.of(prepared.experiment.title) as watch:
                finished = run_apart(lambda: run(prepared, watch=watch))
        except SkipTrouble as trouble:
            self._skip(trouble)
        except Trouble as trouble:
            # It says itself what is wrong and where; the toolkit's frames would bury that.
            raise trouble.with_traceback(None) from None
        self.bitten(finished)
        self._left.extend(finished.judged.verdict.dirty)
        if finished.code is ExitCode.INTERRUPTED:
            raise KeyboardInterrupt
        if judge or finished.judged.verdict.dirty:
            self.judge(finished)
        return finished

    def judge(self, finished: Finished) -> None:
        """Let the test fail unless *finished* passed.

        Raises:
            JudgedFailure: as in :meth:`play`.
            DirtyTrouble: the run left something on this machine.
        """
        __tracebackhide__ = True
        verdict = finished.judged.verdict
        if verdict.dirty:
            raise DirtyTrouble("; ".join(verdict.dirty), hint="run `hormesis revert`")
        if finished.code is ExitCode.PASS:
            return
        unknown = verdict.outcome is Outcome.UNKNOWN and not verdict.stopped_by
        if unknown and self._session.options.allow_unknown:
            told = f"{finished.judged.name}: {verdict.reason}"
            Said(self._item).add("unknown", told.replace("\n", " "))
            return
        message = message_of(finished.judged, finished.directory)
        if unknown:
            message += "\n  without evidence nothing passes; --chaos-allow-unknown lets it"
        raise JudgedFailure(message, finished.judged)

    def recorded(self, directory: Path) -> None:
        """Remember that a run of the test is recorded in *directory*."""
        said = Said(self._item)
        if str(directory) not in said.get("run_directory").splitlines():
            said.add("run_directory", directory)

    def bitten(self, finished: Finished) -> None:
        """Note every fault of a run that really hurt."""
        for one in finished.judged.history.faults:
            if one.bitten is not None:
                self._session.note_effect(self._item.nodeid, one.kind, one.proof)

    def must_be_clean(self, left: Sequence[str] = ()) -> None:
        """End the session when a run of the test, or *left*, is dirt that the test has swallowed.

        Raises:
            DirtyTrouble: so it is.
        """
        dirty = [*self._left, *left]
        if dirty and not Said(self._item).get("dirty"):
            raise DirtyTrouble("; ".join(dirty), hint="run `hormesis revert`")

    @property
    def command(self) -> tuple[str, ...]:
        """The command line that repeats the test, for the record of a run steered by it."""
        config, nodeid = self._item.config, self._item.nodeid
        return replay_words(config, nodeid, self._session.seed)

    def _skip(self, trouble: Trouble) -> NoReturn:
        told = "; ".join(str(problem) for problem in trouble.problems)
        pytest.skip(f"cannot be run here: {told}")


def texts(values: Mapping[str, object] | None) -> dict[str, str]:
    """Return variables as an experiment file takes them."""
    return {name: _text(value) for name, value in (values or {}).items()}


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
