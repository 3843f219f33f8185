"""``holder``: a program whose life is the effect; undo ends it.

Its standard input is its lifeline: it stays open while the effect is held, and its end, which
the custodian's death brings too, makes the holder exit at once.
"""

from __future__ import annotations

import time

from hormesis.host.companion import Companion, module_of, of_process
from hormesis.host.process import Identity, ended
from hormesis.host.steps import Steps
from hormesis.host.tree import kill_tree, tree
from hormesis.host.verb_protocol import Args, Facts, Missing, Scene, VerbFailed
from hormesis.words.verb import Undone

survives_reboot = False
_READY_S = 15.0
_LEAVE_S = 1.0


def capture(scene: Scene, args: Args) -> Facts:
    """Check the program's name; a holder changes nothing that would need remembering."""
    return {"module": module_of("holders", str(args.get("program", "")))}


def perform(scene: Scene, args: Args, facts: Facts) -> Steps[Facts]:
    """Start it and wait for its first line, which says that it is ready."""
    companion = Companion(facts["module"], scene.mark, scene.services.children)
    scene.companions[scene.effect] = companion
    scene.note({"process": companion.who.to_json()})
    config = {**(args.get("config") or {}), **of_process(scene, args)}
    companion.configure(config, keep_open=True)
    until = time.monotonic() + float(args.get("ready_s") or _READY_S)
    spoke = yield from companion.wait(until, lines=1)
    if missing := companion.first.get("missing"):
        yield from undo(scene, args, facts)
        raise Missing(str(missing))
    if not companion.first.get("ready") and (error := companion.report.get("error")):
        # It has told in plain words what is in the way, such as the server's own.
        raise VerbFailed(str(error))
    if not companion.first.get("ready"):
        reason = companion.complaint() or "it said nothing"
        what = f"ended with status {companion.status}" if spoke else "is not ready in time"
        raise VerbFailed(f"{facts['module']} {what}: {reason}")
    return {"pid": companion.who.pid, "report": companion.report}


def undo(scene: Scene, args: Args, facts: Facts) -> Steps[Undone]:
    """Close its lifeline, and kill it with its tree when it does not leave within a second."""
    companion = scene.companions.pop(scene.effect, None)
    if companion is not None:
        companion.pump()
        facts["last"] = companion.report
        companion.close()
    who = Identity.from_json(facts.get("process"))
    there = who is not None and who.alive
    if who is not None:
        yield from ended([who], time.monotonic() + _LEAVE_S)
    killed = yield from kill_tree(who, session=True, mark=scene.mark, known=[])
    if who is not None:
        scene.services.children.forget(who.pid)
    return Undone.DONE if there or killed else Undone.GONE


def read(scene: Scene, args: Args, facts: Facts) -> Facts:
    """Return its last report, and after the undo how many ``processes`` of it there still are."""
    companion = scene.companions.get(scene.effect)
    if companion is not None:
        companion.pump()
        return companion.report
    last: Facts = facts.get("last") or facts.get("report") or {}
    who = Identity.from_json(facts.get("process"))
    if who is None:
        return last
    return {**last, "processes": len(tree(who, session=True, mark=scene.mark))}
