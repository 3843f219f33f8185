"""``kill``: kill a service as a crash would; undo starts it again where it is known how."""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress

from hormesis.host.process import Identity, ended, open_pidfd
from hormesis.host.revival import capture_service, revive
from hormesis.host.services import number_of
from hormesis.host.steps import Steps
from hormesis.host.verb_protocol import Args, Facts, NothingDone, Scene
from hormesis.words.verb import Undone

survives_reboot = False
_DEATH_S = 1.0


def capture(scene: Scene, args: Args) -> Facts:
    """Read who runs now and how to start it again."""
    number_of(str(args.get("signal") or "KILL"))
    return capture_service(scene, args)


def perform(scene: Scene, args: Args, facts: Facts) -> Steps[Facts]:
    """Send the signal to the main process, or to its whole tree, and wait a moment for the end.

    The service's own restart policy stays in force, as it would after a real crash.
    """
    service = scene.services.need(str(args.get("subject", "")))
    who = Identity.from_json(facts["before"])
    if who is None or not who.alive:
        raise NothingDone(f"service {service.name!r} ended by itself just now")
    number = number_of(str(args.get("signal") or "KILL"))
    service.expected = True
    scene.note({"signalled": True})
    victims = service.members(scene.run) if args.get("tree") else [who]
    signalled, spread_ms = _sweep(victims, number)
    died = yield from ended(victims, time.monotonic() + _DEATH_S)
    return {"signalled": signalled, "spread_ms": spread_ms, "died": died}


def read(scene: Scene, args: Args, facts: Facts) -> Facts:
    """Return how many processes were hit, and within how many milliseconds."""
    return {key: facts[key] for key in ("signalled", "spread_ms") if key in facts}


def undo(scene: Scene, args: Args, facts: Facts) -> Steps[Undone]:
    """Start it again, unless its restart policy or somebody else has done so."""
    before = Identity.from_json(facts.get("before"))
    if facts.get("signalled") and "died" not in facts and before is not None:
        yield from ended([before], time.monotonic() + _DEATH_S)
    return (yield from revive(scene, args, facts))


def _sweep(victims: list[Identity], number: int) -> tuple[int, float]:
    """Hit everybody as nearly at once as one process can: first look, then strike.

    Returns how many were hit, and how many milliseconds lay between the first and the last.
    """
    pidfds = [pidfd for who in victims if (pidfd := open_pidfd(who)) is not None]
    hit, began = 0, time.monotonic()
    try:
        for pidfd in pidfds:
            with suppress(ProcessLookupError):
                signal.pidfd_send_signal(pidfd, number)
                hit += 1
        return hit, round((time.monotonic() - began) * 1000, 3)
    finally:
        for pidfd in pidfds:
            os.close(pidfd)
