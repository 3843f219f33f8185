"""``pause``: hold a service's whole process tree by SIGSTOP; undo lets it continue."""

from __future__ import annotations

import signal

from hormesis.host.process import Identity, send
from hormesis.host.steps import Steps
from hormesis.host.tree import tree
from hormesis.host.verb_protocol import Args, Facts, NothingDone, Scene, VerbFailed
from hormesis.words.verb import Undone

survives_reboot = False
_ROUNDS = 20


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
    yield from ()
    stopped: set[Identity] = set()
    for _ in range(_ROUNDS):
        fresh = [who for who in _members(facts) if who not in stopped]
        if not fresh:
            return {"stopped": [who.to_json() for who in stopped]}
        for who in fresh:
            send(who, signal.SIGSTOP)
            stopped.add(who)
    raise VerbFailed(f"service {args.get('subject')!r} forks faster than it can be stopped")


def undo(scene: Scene, args: Args, facts: Facts) -> Steps[Undone]:
    """Continue whoever of the tree is held now and was not held before, children first."""
    yield from ()
    before = _identities(facts.get("held"))
    noted = [*_identities(facts.get("members")), *_identities(facts.get("stopped"))]
    every = list(dict.fromkeys([*_members(facts), *noted]))
    held = [who for who in every if (stat := who.stat()) is not None and stat.stopped]
    ours = [who for who in held if who not in before]
    for who in reversed(ours):
        send(who, signal.SIGCONT)
    if ours:
        return Undone.DONE
    return Undone.NOT_MINE if held else Undone.GONE


def _members(facts: Facts) -> list[Identity]:
    return tree(
        Identity.from_json(facts["root"]), session=bool(facts["owned"]), mark=str(facts["mark"])
    )


def _identities(data: object) -> list[Identity]:
    found = [Identity.from_json(entry) for entry in data] if isinstance(data, list) else []
    return [who for who in found if who is not None]
