"""The ``hormesis`` fixture: experiments, scenarios, faults and proxies from inside a test."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path, PurePath
from typing import Any

from hormesis.compose.by_hand import ByHand, by_hand
from hormesis.compose.by_hand_alone import FaultAlone, Proxy
from hormesis.compose.never_entered import must_be_entered
from hormesis.compose.running import Finished
from hormesis.testing.experiments import Experiments
from hormesis.testing.session import ChaosSession
from hormesis.testing.suite_scenario import scenario_request

BY_HAND = "by-hand"
TARGETS = (
    "process", "port", "start", "link", "address", "http", "postgres", "redis", "path",
    "container", "netns", "host",
)  # fmt: skip
"""What a fault alone can be pointed at; the names are those of a target's facets in a file."""


class HormesisFixture:
    """What one test does with the toolkit; its runs lie in the test's own folder."""

    def __init__(self, experiments: Experiments, session: ChaosSession) -> None:
        self._experiments = experiments
        self._session = session
        self._hands: list[ByHand] = []
        self._asked: list[ByHand | FaultAlone | Proxy] = []

    @property
    def seed(self) -> int:
        """The seed of the test."""
        return self._experiments.seed

    @property
    def directory(self) -> Path:
        """The folder of the test's runs."""
        return self._experiments.directory

    def run(
        self,
        file: str | Path,
        *,
        variables: Mapping[str, object] | None = None,
        seed: int | None = None,
        time_scale: float = 1.0,
        system: str | Path | None = None,
        judge: bool = True,
    ) -> Finished:
        """Run an experiment file, which is looked for beside the test; return the finished run.

        Args:
            file: an experiment, YAML or JSON.
            variables: what ``--set`` gives on the command line.
            seed: overrides the test's own.
            time_scale: multiplies the durations of the experiment's own shape.
            system: a system file that replaces the file's system.
            judge: false: return also what did not pass; the test looks at the verdict itself.

        Raises:
            JudgedFailure: a check failed, or there is no evidence for a verdict.
            Trouble: bad input, or the system could not be brought up.
        """
        __tracebackhide__ = True
        request = self._experiments.request(
            file, variables=variables, seed=seed, time_scale=time_scale, system=system
        )
        return self._experiments.play(request, judge=judge)

    def scenario(
        self,
        suite: str,
        name: str,
        *,
        options: Mapping[str, object] | None = None,
        variables: Mapping[str, object] | None = None,
        seed: int | None = None,
        time_scale: float = 1.0,
        system: str | Path | None = None,
        judge: bool = True,
    ) -> Finished:
        """Run one scenario of a suite, such as ``("jobs", "J-RACE-1")``; return the finished run.

        Args:
            suite: a bundled suite, or a folder with a ``suite.yaml``.
            name: the scenario's id.
            options: the suite's own options, as on the command line without the dashes.

        The others, and what is raised: as in :meth:`run`.
        """
        __tracebackhide__ = True
        request = self._experiments.request(
            suite, variables=variables, seed=seed, time_scale=time_scale, system=system
        )
        wanted = scenario_request(suite, name, request, options or {})
        return self._experiments.play(wanted, judge=judge)

    def running(
        self,
        document: Mapping[str, Any] | str | PurePath,
        *,
        variables: Mapping[str, object] | None = None,
        seed: int | None = None,
    ) -> ByHand:
        """Return a run that the test steers, to be entered with ``with`` or ``async with``.

        *document* is an experiment, or only its system, as in a file; or the path of a file.
        """
        if not isinstance(document, Mapping):
            document = self._experiments.found(str(document))
        hand = by_hand(
            document,
            out=self._experiments.directory,
            name=BY_HAND,
            seed=self.seed if seed is None else seed,
            variables={name: str(value) for name, value in (variables or {}).items()},
            environment=self._experiments.environment,
            command=self._experiments.command,
        )
        self._hands.append(hand)
        self._asked.append(hand)
        return hand

    def fault(self, kind: str, **told: Any) -> FaultAlone:
        """Return a fault in a run of its own, to be entered with ``with`` or ``async with``.

        Entering returns once it was seen to hurt, leaving once it was seen to be gone.

        Args:
            kind: the fault's name, as in a file.
            told: what it hits (``process=`` a process or its id, ``port=``, ``link="host:port"``,
                ``postgres=URL``, ``path=``, …), ``for_`` how long at most, and its parameters.

        Raises:
            UsageTrouble: no target is given.
            InputTrouble: on entering: it has problems, and nothing has happened.
            NoBite: on entering or leaving: it was not seen to hurt.
            NotUndone: on leaving: it could not be undone, which stops the session.
        """
        facets = {name: told.pop(name) for name in TARGETS if told.get(name) is not None}
        alone = FaultAlone(kind, facets, told, out=self.directory, seed=self.seed)
        self._hands.append(alone.run)
        self._asked.append(alone)
        return alone

    def proxy(self, upstream: str) -> Proxy:
        """Return a proxy to ``host:port`` or a URL, to be entered with ``with`` or ``async with``.

        What connects to its ``.address`` reaches the server; ``.fault("latency", delay="100ms")``
        is a fault on the way.
        """
        proxy = Proxy(upstream, out=self.directory, seed=self.seed)
        self._hands.append(proxy.run)
        self._asked.append(proxy)
        return proxy

    def close(self) -> None:
        """Note what the runs that the test steered have done.

        Raises:
            DirtyTrouble: one has left something on this machine, and the test did not tell.
            NeverEntered: something was asked for without ``with``, so it did nothing.
        """
        left: list[str] = []
        for hand in self._hands:
            if hand.finished is not None:
                self._experiments.recorded(hand.finished.directory)
                self._experiments.bitten(hand.finished)
                left.extend(hand.finished.judged.verdict.dirty)
        self._experiments.must_be_clean(left)
        must_be_entered(self._asked)
