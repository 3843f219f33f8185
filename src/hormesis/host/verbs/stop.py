"""``stop``: stop a service the planned way, as an operator would; undo starts it again."""

from __future__ import annotations

from hormesis.host.process import Identity
from hormesis.host.revival import capture_service, revive
from hormesis.host.service import Service
from hormesis.host.services import number_of
from hormesis.host.steps import Steps
from hormesis.host.verb_protocol import Args, Facts, Scene
from hormesis.words.verb import Undone

survives_reboot = False


def capture(scene: Scene, args: Args) -> Facts:
    """Read who runs now and how to start it again."""
    service = scene.services.need(str(args.get("subject", "")))
    number_of(str(args.get("signal") or service.stop_signal))
    return capture_service(scene, args)


def perform(scene: Scene, args: Args, facts: Facts) -> Steps[Facts]:
    """Send the stop signal, and after the grace kill the whole tree."""
    service = scene.services.need(str(args.get("subject", "")))
    # A crash from here on leaves a service that may be on its way out but is still to be seen.
    scene.note({"signalled": True})
    killed = yield from _stop(scene, args, service)
    return {"killed": killed}


def undo(scene: Scene, args: Args, facts: Facts) -> Steps[Undone]:
    """Start it again, unless it runs already; a stop that was cut short is completed first."""
    before = Identity.from_json(facts.get("before"))
    halfway = facts.get("signalled") and "killed" not in facts
    if halfway and before is not None and before.alive:
        service = scene.services.find(str(args.get("subject", "")))
        if service is None or service.process != before:
            service = Service.from_recipe(facts["recipe"])
            service.process = before
        yield from _stop(scene, args, service)
    return (yield from revive(scene, args, facts))


def _stop(scene: Scene, args: Args, service: Service) -> Steps[int]:
    grace_s = args.get("grace_s")
    return (yield from scene.services.stop(
        service,
        number=number_of(str(args.get("signal") or service.stop_signal)),
        grace_s=service.grace_s if grace_s is None else float(grace_s),
    ))  # fmt: skip
