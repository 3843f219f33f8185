"""``rerun``: stop a service and start it in another way; undo starts it as it was.

Arguments: ``stop`` (default true; false only promises that undo starts it if it is gone by then),
``start`` (``now``, or ``undo`` to leave it down), ``signal``, ``grace_s``, ``slow_s`` (how long it
is kept from hearing its stop signal), ``delay_s`` (between its end and its start), ``env`` for the
one start that follows, ``failpoint``, which a Python service meets in that start (see
``host/failpoints/sitecustomize.py``), and ``monotonic_s``, by how much its monotonic clock is ahead
then.
"""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hormesis.host.failpoints import sitecustomize
from hormesis.host.process import Identity, ended, send
from hormesis.host.revival import capture_service, revive
from hormesis.host.service import Service
from hormesis.host.services import number_of
from hormesis.host.steps import Steps, Wait
from hormesis.host.time_namespace import ahead_of, entering
from hormesis.host.verb_protocol import Args, Facts, NothingDone, Scene, VerbFailed
from hormesis.words.verb import Undone

survives_reboot = False
_REPORT_BYTES_MAX = 1 << 16


def capture(scene: Scene, args: Args) -> Facts:
    """Read who runs now and how to start it again."""
    service = scene.services.need(str(args.get("subject", "")))
    number_of(str(args.get("signal") or service.stop_signal))
    if args.get("start", "now") == "now" and not service.startable:
        raise NothingDone(f"it is not known how to start service {service.name!r}")
    return capture_service(scene, args)


def perform(scene: Scene, args: Args, facts: Facts) -> Steps[Facts]:
    """Stop it, and start it in its new way."""
    service = scene.services.need(str(args.get("subject", "")))
    if not args.get("stop", True):
        service.expected = True
        return {}
    scene.note({"stopping": True})
    began = time.monotonic()
    killed = yield from _stop(scene, args, service)
    scene.note({"took_s": round(time.monotonic() - began, 3), "killed": killed})
    if args.get("start", "now") != "now":
        return {}
    if args.get("delay_s"):
        yield Wait(time.monotonic() + float(args["delay_s"]))
    return (yield from _start(scene, args, service))


def undo(scene: Scene, args: Args, facts: Facts) -> Steps[Undone]:
    """End what was started in the new way, and start the service as it was, if it is away."""
    service = scene.services.find(str(args.get("subject", "")))
    before = Identity.from_json(facts.get("before"))
    if not args.get("stop", True):
        if service is not None and service.process == before:
            service.expected = False
        return (yield from revive(scene, args, facts))
    if "last" not in facts:
        # For whoever reads afterwards; the ledger, whose disk may be full, need not know.
        facts["last"] = read(scene, args, facts)
    armed = Identity.from_json(facts.get("armed"))
    usual = not args.get("env") and not args.get("failpoint")
    if usual and armed is not None and armed.alive:
        # Nothing was different about that start, so it is the service by now.
        facts = {**facts, "process": facts["armed"]}
        armed = None
    for who in (before if facts.get("stopping") and "killed" not in facts else None, armed):
        if who is not None and who.alive:
            # A crash may have left it held by our own stop signal.
            if args.get("slow_s"):
                send(who, signal.SIGCONT)
            yield from _stop(scene, {**args, "slow_s": 0}, _owner_of(scene, service, facts, who))
    outcome = yield from revive(scene, args, facts)
    _close_report(facts)
    return outcome


def read(scene: Scene, args: Args, facts: Facts) -> Facts:
    """Return how the stop went, and how often the failpoint struck."""
    if "last" in facts:
        told: Facts = facts["last"]
        return told
    found: Facts = {key: facts[key] for key in ("took_s", "killed") if key in facts}
    armed = Identity.from_json(facts.get("armed"))
    if "monotonic_s" in args and armed is not None and armed.alive:
        found["monotonic_ahead_s"] = ahead_of(armed.pid)
    if "failpoint" in args:
        found.update(_struck(_report_of(facts)))
    return found


def _stop(scene: Scene, args: Args, service: Service) -> Steps[int]:
    number = number_of(str(args.get("signal") or service.stop_signal))
    grace = args.get("grace_s")
    grace_s = service.grace_s if grace is None else float(grace)
    slow_s = float(args.get("slow_s") or 0)
    if slow_s and service.process is not None:
        service.wanted, service.expected, service.restart_at = False, True, None
        yield from _held_up(service.process, min(slow_s, grace_s), go_on=slow_s < grace_s)
        if slow_s >= grace_s:
            # The supervisor's patience is over before it heard anything.
            left = yield from scene.services.stop(service, number=signal.SIGKILL, grace_s=0)
            return max(1, left)
        grace_s -= slow_s
    return (yield from scene.services.stop(service, number=number, grace_s=grace_s))


def _held_up(who: Identity, seconds: float, *, go_on: bool) -> Steps[None]:
    """Hold *who* before it hears its stop signal.

    That signal is sent afterwards: one without a handler would end even a process that is held.
    """
    over = False
    send(who, signal.SIGSTOP)
    try:
        yield from ended([who], time.monotonic() + seconds)
        over = True
    finally:
        if go_on or not over:
            send(who, signal.SIGCONT)


def _start(scene: Scene, args: Args, service: Service) -> Steps[Facts]:
    """Start it once in the new way; what is started after that is started as it was."""
    usual, usual_run = service.env, service.run
    if args.get("monotonic_s"):
        service.run = [*entering(float(args["monotonic_s"])), *usual_run]
    service.env = {**usual, **(args.get("env") or {})}
    found: Facts = {}
    if args.get("failpoint"):
        found = {"report_fd": os.memfd_create("hormesis-failpoint"), "keeper": os.getpid()}
        report = f"/proc/{os.getpid()}/fd/{found['report_fd']}"
        service.env = _armed(service.env, {**args["failpoint"], "report": report})
        scene.note(found)
    try:
        who = yield from scene.services.start(
            service,
            lambda facts: scene.note({
                "armed": facts["process"], "generation": facts["generation"],
            }),
        )  # fmt: skip
    except VerbFailed:
        # A failpoint may strike while the service starts, which is as good.
        if not _struck(_report_of(found))["strikes"] or service.process is None:
            raise
        who = service.process
    finally:
        service.env, service.run = usual, usual_run
    service.expected = True
    return {**found, "armed": who.to_json()}


def _armed(env: Mapping[str, str], failpoint: Mapping[str, Any]) -> dict[str, str]:
    usual = env.get("PYTHONPATH", os.environ.get("PYTHONPATH", ""))
    ours = str(Path(sitecustomize.__file__).parent)
    path = os.pathsep.join(filter(None, [ours, usual]))
    return {**env, "PYTHONPATH": path, sitecustomize.VARIABLE: json.dumps(dict(failpoint))}


def _owner_of(scene: Scene, service: Service | None, facts: Facts, who: Identity) -> Service:
    if service is not None and service.process == who:
        return service
    # A replay knows no services, and a successor must not be stopped in place of this one.
    stand_in = Service.from_recipe(facts["recipe"])
    stand_in.process = who
    return stand_in


def _report_of(facts: Facts) -> list[dict[str, Any]]:
    """Return the failpoint's lines; they live in our memory, so that no file can be left."""
    if facts.get("keeper") != os.getpid():
        return []
    try:
        text = os.pread(int(facts["report_fd"]), _REPORT_BYTES_MAX, 0)
    except OSError:
        return []
    return [json.loads(line) for line in text.splitlines(keepends=True) if line.endswith(b"\n")]


def _struck(lines: list[dict[str, Any]]) -> Facts:
    calls = [line["call"] for line in lines if "call" in line]
    errors = [line["error"] for line in lines if "error" in line]
    found: Facts = {"armed": any("armed" in line for line in lines), "strikes": len(calls)}
    if calls:
        found["call"] = calls[0]
    if errors:
        found["trouble"] = errors[0]
    return found


def _close_report(facts: Facts) -> None:
    if facts.get("keeper") == os.getpid():
        os.close(int(facts["report_fd"]))
        facts["keeper"] = 0
