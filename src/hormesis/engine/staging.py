"""Staging: brings the system under test up through the custodian, and waits until it is ready."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from functools import partial
from itertools import chain
from pathlib import Path

from hormesis.engine.custody import Custodian, Denied
from hormesis.engine.waiting import Late, wait_until
from hormesis.host import clock_file, clock_shim
from hormesis.proxy.postgres_statements import PostgresStatements
from hormesis.wire.http_get import NoAnswer, http_get
from hormesis.words.clock import Clock
from hormesis.words.experiment import PROXY, SCRATCH, Experiment, Link, Ready, Service, Volume
from hormesis.words.outcome import ExitCode
from hormesis.words.trouble import CapabilityTrouble, Problem, Trouble
from hormesis.words.verb import VerbCall

STARTS_MAX = 3
"""How often a service that is restarted may end before it was ready once."""


class StagingTrouble(Trouble):
    """The system under test could not be brought up, so nothing is known about it."""

    code = ExitCode.UNKNOWN


class Stage:
    """Starts services and links of one experiment."""

    def __init__(
        self,
        experiment: Experiment,
        *,
        custodian: Custodian,
        clock: Clock,
        run: Path,
        scratch: str,
        control: str,
        given_up: Callable[[], bool],
        say: Callable[[str], None],
        attached: Callable[[str, int], None],
    ) -> None:
        self._experiment = experiment
        self._custodian = custodian
        self._clock = clock
        self._run = run
        self._scratch = scratch
        self._control = control
        self._given_up = given_up
        self._say = say
        self._attached = attached
        self._failures: list[Exception] = []
        """What links and services failed with, in the order of time."""

    async def up(self) -> None:
        """Mount volumes, start links (the system connects through them) and services.

        Each service is started once those that it depends on are ready, and the links that it is
        told of.

        Raises:
            StagingTrouble: a service did not start or did not become ready in its time, or
                something else answers in its place.
            CapabilityTrouble: this machine cannot mount a volume, or a target is not there.
        """
        folder = VerbCall("scratch", {"subject": SCRATCH, "path": self._scratch})
        await self._asked(SCRATCH, folder, "the scratch folder could not be made")
        for volume in self._experiment.volumes:
            await self._mount(volume)
        await self._start_all()

    async def _start_all(self) -> None:
        """Start links and services, each in its turn; after a failure, no more are begun."""
        links = asyncio.create_task(self._in_turn(self._start_proxy, ()))
        turns: dict[str, asyncio.Task[None]] = {}
        for service in self._experiment.services:
            names = turns if service.depends_on is None else service.depends_on
            before = [turns[name] for name in names]
            if _told_of(service, self._experiment.links):
                before.append(links)
            start = self._adopt if service.attached else self._start
            turn = self._in_turn(partial(start, service), before)
            turns[service.name] = asyncio.create_task(turn)
        # What was begun is waited for, so that nothing is asked of a custodian that is closing.
        await asyncio.gather(links, *turns.values(), return_exceptions=True)
        if self._failures:
            raise _together(self._failures)

    async def _in_turn(
        self, start: Callable[[], Awaitable[None]], before: Sequence[asyncio.Task[None]]
    ) -> None:
        if before:
            await asyncio.wait(before)
        if self._over():
            return
        try:
            await start()
        except Exception as error:  # noqa: BLE001 - raised when all that was begun is over
            self._failures.append(error)

    def _over(self) -> bool:
        return bool(self._failures) or self._given_up()

    async def _mount(self, volume: Volume) -> None:
        args = {
            "subject": volume.name,
            "sort": volume.sort,
            "path": volume.path,
            "size_bytes": volume.size_bytes,
            "inodes": volume.inodes,
            "control": volume.control,
            "seed": self._experiment.seed,
        }
        what = f"volume {volume.name!r} could not be mounted"
        await self._asked(f"volume.{volume.name}", VerbCall("mount", args), what)

    async def _environment(self, service: Service) -> dict[str, str]:
        """Return the environment to start *service* with, its clock included."""
        if not service.clock:
            return dict(service.env)
        try:
            library = await clock_shim.build(Path(service.clock).parent)
        except CapabilityTrouble as trouble:
            # A fault that needs the clock is skipped, and says so; all else needs no shim.
            self._say(f"{service.name} keeps the machine's clock: {trouble}")
            return dict(service.env)
        clock_file.make(service.clock)
        inherited = os.environ.get("LD_PRELOAD", "")
        return clock_shim.environment(library, service.clock, dict(service.env), inherited)

    async def _start_proxy(self) -> None:
        if not self._experiment.links:
            return
        remembering = _remembering(self._experiment)
        config = {
            "control": self._control,
            "toxics_package": "hormesis.toxics",
            "seed": self._experiment.seed,
            "links": [
                {
                    "name": link.name,
                    "listen": link.listen,
                    "upstream": link.upstream,
                    "remembers": link.name in remembering,
                }
                for link in self._experiment.links
            ],
        }
        call = VerbCall("holder", {"subject": PROXY, "program": "hormesis.proxy", "config": config})
        await self._asked(PROXY, call, "the fault proxy did not start")

    async def _start(self, service: Service) -> None:
        log = log_of(self._run, service)
        await self._refuse_impostor(service, log)
        env = await self._environment(service)
        if self._over():
            return
        call = VerbCall(
            "service",
            {
                "subject": service.name,
                "run": list(service.run),
                "env": env,
                "cwd": service.cwd or os.getcwd(),
                "log": str(log),
                "restart": service.restart,
                "stop_signal": service.stop_signal,
                "grace_s": service.stop_grace_s,
            },
        )
        await self._asked(service.name, call, f"service {service.name!r} did not start")
        if service.ready is not None:
            await self._wait_ready(service, service.ready, log)
        if not self._over():
            self._say(f"{service.name} is up")

    async def _refuse_impostor(self, service: Service, log: Path) -> None:
        """Refuse to start what another program would be taken for, one from before most of all.

        Raises:
            StagingTrouble: something answers already where *service* is to answer.
        """
        ready = service.ready
        if ready is None or ready.line or not await is_ready(ready, log):
            return
        raise StagingTrouble(
            Problem(
                f"service {service.name!r} was not started: {ready.http or ready.tcp} answers "
                "already, so another program would be taken for it",
                hint="end what listens there, such as an earlier start of it, attach to it instead "
                "of starting one, or let a free port be found with `ports`",
            )
        )

    async def _adopt(self, service: Service) -> None:
        told = {
            "name": service.name,
            "pid": service.pid,
            "port": service.port,
            "run": list(service.run),
            "env": dict(service.env),
            "cwd": service.cwd or os.getcwd(),
            "log": str(log_of(self._run, service)),
            "stop_signal": service.stop_signal,
            "grace_s": service.stop_grace_s,
        }
        try:
            adopted = await self._custodian.ask("adopt", service=told)
        except Denied as error:
            where = f"pid {service.pid}" if service.pid else f"port {service.port}"
            problem = f"cannot attach target {service.name!r} by {where}: {error}"
            if error.why == "absent":
                hint = "is it running, and may this user signal it?"
                raise CapabilityTrouble(problem, hint=hint) from None
            raise StagingTrouble(problem) from None
        self._attached(service.name, int(adopted["pid"]))

    async def _asked(self, effect: str, call: VerbCall, what: str) -> None:
        try:
            await self._custodian.do(f"system/{effect}", call, None)
        except Denied as error:
            if error.why == "missing":
                raise CapabilityTrouble(Problem(f"{what}: {error}")) from None
            raise StagingTrouble(f"{what}: {error}") from None

    async def _wait_ready(self, service: Service, ready: Ready, log: Path) -> None:
        gone = False

        async def answered() -> bool:
            nonlocal gone
            reading = await self._custodian.service(service.name)
            running = reading.get("state") == "running"
            starts = int(reading.get("generation") or 0)
            again = service.restart and starts <= STARTS_MAX
            gone = reading.get("state") == "gone" and not again
            # Whatever answers in the place of a service that is gone is not the service.
            return running and await is_ready(ready, log)

        try:
            await wait_until(
                answered,
                what=f"service {service.name!r} is ready",
                deadline=self._clock.now() + ready.within_s,
                clock=self._clock,
                given_up=lambda: gone or self._over(),
            )
        except Late as late:
            if self._over():
                return
            silent = "did not print its line" if ready.line else "did not answer"
            how = "it ended" if gone else f"it runs but {silent}"
            if gone and service.restart:
                how = f"it ended again and again, {STARTS_MAX + 1} times"
            tail = _tail_of(log)
            raise StagingTrouble(
                Problem(
                    f"{late}: {how} ({ready.http or ready.tcp or ready.line})",
                    hint=f"its log {log} ends with: {tail}" if tail else f"its log {log} is empty",
                )
            ) from None


async def is_ready(ready: Ready, log: Path) -> bool:
    """Return whether what writes *log* answers as *ready* says; a line may be from before."""
    if ready.line:
        return ready.line in _text_of(log)
    if ready.tcp:
        host, _, port = ready.tcp.rpartition(":")
        with suppress(OSError):
            async with asyncio.timeout(2):
                _, writer = await asyncio.open_connection(host, int(port))
                writer.close()
                return True
        return False
    if ready.http:
        return await _answers(ready.http)
    return True


async def _answers(url: str) -> bool:
    try:
        got = await http_get(url, timeout_s=2.0)
    except NoAnswer:
        return False
    return 200 <= got.answer.status < 300


def _text_of(log: Path) -> str:
    with suppress(OSError):
        return log.read_text(errors="replace")
    return ""


def _tail_of(log: Path, lines: int = 3) -> str:
    return " | ".join(_text_of(log).strip().splitlines()[-lines:])[-600:]


def log_of(run: Path, service: Service) -> Path:
    """Return where what *service* prints goes, in the directory of a *run*."""
    return run / "logs" / f"{service.name}.log"


def _together(failures: Sequence[Exception]) -> Exception:
    """Return the first of *failures*, with the problems of those beside it."""
    first, *others = failures
    told = [one.problems for one in others if isinstance(one, Trouble)]
    if not told or not isinstance(first, StagingTrouble | CapabilityTrouble):
        return first
    return type(first)([*first.problems, *chain.from_iterable(told)])


def _told_of(service: Service, links: Sequence[Link]) -> bool:
    """Return whether *service* may connect to one of *links*, because it is told its port."""
    ports = "|".join(link.listen.rpartition(":")[2] for link in links)
    told = re.compile(rf"(?<!\d)(?:{ports})(?!\d)")
    return bool(ports) and any(told.search(text) for text in (*service.run, *service.env.values()))


def _remembering(experiment: Experiment) -> frozenset[str]:
    """Return the links whose prepared statements some fault will have to know."""
    if experiment.by_hand:
        members = (one for several in experiment.targets.values() for one in several)
        return frozenset(one.link for one in members if one.link and one.postgres)
    return frozenset(
        target.link
        for track in experiment.faults
        if isinstance(track.fault, PostgresStatements) and track.fault.matching
        for target in experiment.targets.get(track.target, ())
        if target.link is not None
    )
