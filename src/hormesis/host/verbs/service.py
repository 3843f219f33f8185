"""``service``: start a process of the system under test; undo stops it with its whole tree."""

from __future__ import annotations

from hormesis.host.process import Identity, send, signal_number
from hormesis.host.service import Service
from hormesis.host.services import number_of
from hormesis.host.steps import Steps
from hormesis.host.verb_protocol import Args, Facts, NothingDone, Scene
from hormesis.words.verb import Undone

survives_reboot = False


def capture(scene: Scene, args: Args) -> Facts:
    """Check that the name is free and that there is something to run."""
    name = str(args.get("subject", ""))
    if not name or not args.get("run"):
        raise NothingDone("a service needs a subject and a command to run")
    number_of(str(args.get("stop_signal") or "TERM"))
    known = scene.services.find(name)
    if known is not None and known.state != "gone":
        raise NothingDone(f"service {name!r} runs already")
    return {}


def perform(scene: Scene, args: Args, facts: Facts) -> Steps[Facts]:
    """Start it in a session of its own, with the ownership mark in its environment."""
    service = _service(scene, args)
    scene.services.add(service)
    who = yield from scene.services.start(service, scene.note)
    return {"process": who.to_json(), "generation": service.generation, "pid": who.pid}


def undo(scene: Scene, args: Args, facts: Facts) -> Steps[Undone]:
    """Ask it to stop, kill its tree after the grace, and forget it."""
    service = scene.services.find(str(args.get("subject", "")))
    if service is None or service.effect != scene.effect:
        service = _service(scene, args)
        service.process = Identity.from_json(facts.get("process"))
    members = service.members(scene.run)
    stopping = scene.services.stop(
        service, number=signal_number(service.stop_signal), grace_s=service.grace_s
    )
    # A process held by a stop signal would sit through its whole grace without hearing anything.
    first = next(stopping, None)
    if first is not None:
        for who in members:
            send(who, signal_number("CONT"))
        yield first
        yield from stopping
    scene.services.withdraw(service)
    return Undone.DONE if members else Undone.GONE


def _service(scene: Scene, args: Args) -> Service:
    return Service.from_recipe({**args, "name": args.get("subject"), "effect": scene.effect})
