"""How the verbs that end a service put it back: start it again, once, and only if it is away."""

from __future__ import annotations

from hormesis.host.process import Identity
from hormesis.host.service import Service
from hormesis.host.steps import Steps
from hormesis.host.verb_protocol import Args, Facts, NothingDone, Scene
from hormesis.words.verb import Undone


def capture_service(scene: Scene, args: Args) -> Facts:
    """Return the facts from which :func:`revive` can start the subject again.

    Raises:
        NothingDone: the service is unknown, or has nothing running that could be ended.
    """
    service = scene.services.need(str(args.get("subject", "")))
    if service.process is None or service.state == "gone":
        raise NothingDone(f"service {service.name!r} is not running")
    before = service.process.to_json()
    return {"recipe": service.recipe(), "before": before, "generation": service.generation}


def revive(scene: Scene, args: Args, facts: Facts) -> Steps[Undone]:
    """Start the subject again.

    A service of the run itself is not started while the run is being reverted, since its own
    effect goes too. One that is running, for whatever reason, is left alone.

    Raises:
        VerbFailed: it was started and ended at once.
        NothingDone: it could not be started.
    """
    recipe = Service.from_recipe(facts.get("recipe") or {"subject": args.get("subject")})
    if recipe.owned and scene.leaving:
        return Undone.DONE
    service = scene.services.find(recipe.name)
    if service is None:
        if recipe.owned:
            return Undone.GONE
        service = recipe
        # An earlier undo that a crash cut short may have started it: its note says whom.
        started = facts.get("process") or facts.get("before")
        service.process = Identity.from_json(started)
    service.wanted = True
    if service.state != "gone" or service.find_again():
        return Undone.GONE
    if not service.startable:
        return Undone.GONE
    yield from scene.services.start(service, scene.note)
    return Undone.DONE
