"""``pause``: hold a service's whole process tree by SIGSTOP; undo lets it continue.

Whoever is held is written down before, and so is let go even when it has left the tree.

With ``stop: false`` nobody is stopped, but undo still lets whoever is held by then continue: it
makes good for a holder that stops and continues the service and may be killed in between.
"""

from __future__ import annotations

import signal
import time
from contextlib import suppress

from hormesis.host.process import Identity, send
from hormesis.host.steps import Steps, Wait
from hormesis.host.tree import tree
from hormesis.host.verb_protocol import Args, Facts, NothingDone, Scene, VerbFailed
from hormesis.words.verb import Undone

survives_reboot = False
_ROUNDS = 20
_HOLD_S = 1.0
_LOOK_S = 0.002


def capture(scene: Scene, args: Args) -> Facts:
    """Read the tree, and who in it is held already and so is not ours to release."""
    service = scene.services.need(str(args.get("subject", "")))
    if service.process is None or service.state == "gone":
        raise NothingDone(f"service {service.name!r} is not running")
    members = service.members(scene.run)
    held = [who for who in members if (stat := who.stat()) is not None and stat.stopped]
    if len(held) == len(members):
        raise NothingDone(f"service {service.name!r} is held by a stop signal already")
    return {
        "root": service.process.to_json(),
        "owned": service.owned,
        "mark": f"{scene.run}/{service.effect}" if service.owned else "",
        "members": [who.to_json() for who in members],
        "held": [who.to_json() for who in held],
    }


def perform(scene: Scene, args: Args, facts: Facts) -> Steps[Facts]:
    """Stop the root, then its tree, again until none is left that was born meanwhile."""
    if not args.get("stop", True):
        return {}
    stopped: set[Identity] = set()
    for _ in range(_ROUNDS):
        fresh = [who for who in _members(facts) if who not in stopped]
        if not fresh:
            return {}
        _note(scene, facts, fresh)
        for who in fresh:
            send(who, signal.SIGSTOP)
            stopped.add(who)
        # The signal takes hold when its process is next scheduled, on a busy machine much later.
        until = time.monotonic() + _HOLD_S
        while time.monotonic() < until and not all(_is_held(who) for who in fresh):
            yield Wait(time.monotonic() + _LOOK_S)
    raise VerbFailed(f"service {args.get('subject')!r} forks faster than it can be stopped")


def undo(scene: Scene, args: Args, facts: Facts) -> Steps[Undone]:
    """Continue whoever of the tree was not held before, children first.

    Those that were written down get SIGCONT even while they seem to run: SIGSTOP may be on its way
    to them, and only this takes it back. A process that was not stopped does not mind.
    """
    yield from ()
    facts["undone"] = True
    before = _identities(facts.get("held"))
    noted = _noted(facts)
    every = [who for who in dict.fromkeys([*_members(facts), *noted]) if who.alive]
    held = [who for who in every if _is_held(who)]
    for who in reversed(every):
        if who not in before and (who in noted or who in held):
            send(who, signal.SIGCONT)
    if any(who not in before for who in held):
        return Undone.DONE
    return Undone.NOT_MINE if held else Undone.GONE


def read(scene: Scene, args: Args, facts: Facts) -> Facts:
    """Return how many of the processes are ``held`` by a stop signal that is not of others."""
    if "root" not in facts:
        return {}
    if not args.get("stop", True) and not facts.get("undone"):
        with suppress(OSError):  # While the ledger's disk is full this process still knows.
            _note(scene, facts, _members(facts))
    before = _identities(facts.get("held"))
    every = dict.fromkeys([*_members(facts), *_noted(facts)])
    return {"held": sum(who.alive and _is_held(who) and who not in before for who in every)}


def _note(scene: Scene, facts: Facts, them: list[Identity]) -> None:
    """Write down those of *them* that are not yet."""
    born = [who for who in _identities(facts.get("born")) if who.alive]
    if fresh := [who for who in them if who not in _noted(facts)]:
        facts["born"] = [who.to_json() for who in (*born, *fresh)]
        scene.note({"born": facts["born"]})


def _noted(facts: Facts) -> list[Identity]:
    return [*_identities(facts.get("members")), *_identities(facts.get("born"))]


def _is_held(who: Identity) -> bool:
    stat = who.stat()
    return stat is None or stat.stopped


def _members(facts: Facts) -> list[Identity]:
    return tree(
        Identity.from_json(facts["root"]), session=bool(facts["owned"]), mark=str(facts["mark"])
    )


def _identities(data: object) -> list[Identity]:
    found = [Identity.from_json(entry) for entry in data] if isinstance(data, list) else []
    return [who for who in found if who is not None]
