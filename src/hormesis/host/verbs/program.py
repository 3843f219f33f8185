"""``program``: run a program once to do something; undo runs it once more to put it back.

With a configuration under ``capture`` it runs once before, changing nothing; what it reports then
is in the ledger before anything is done, and the undo finds it under ``captured``.
"""

from __future__ import annotations

import time
from typing import Any

from hormesis.host.companion import Companion, module_of, of_process
from hormesis.host.process import Identity
from hormesis.host.steps import Steps
from hormesis.host.tree import kill_tree
from hormesis.host.verb_protocol import Args, Facts, Missing, NothingDone, Scene, VerbFailed
from hormesis.words.verb import Undone

survives_reboot = True
_TIMEOUT_S = 30.0


def capture(scene: Scene, args: Args) -> Facts:
    """Check the program's name; its undo is in the arguments."""
    return {"module": module_of("programs", str(args.get("program", "")))}


def perform(scene: Scene, args: Args, facts: Facts) -> Steps[Facts]:
    """Run it with the configuration under ``do``, after what undo needs is known durably."""
    if args.get("capture") is not None:
        captured = yield from _run(scene, args, facts, args["capture"])
        scene.note({"captured": captured})
    report = yield from _run(scene, args, facts, args.get("do") or {})
    return {"report": report}


def undo(scene: Scene, args: Args, facts: Facts) -> Steps[Undone]:
    """End a run that a crash left behind, then run it with the configuration under ``undo``."""
    earlier = scene.companions.pop(scene.effect, None)
    if earlier is not None:
        earlier.close()
    # A first run that is still under way would do its work after it was undone.
    who = Identity.from_json(facts.get("process"))
    yield from kill_tree(who, session=True, mark=scene.mark, known=[])
    if args.get("undo") is None or (args.get("capture") and "captured" not in facts):
        return Undone.GONE
    yield from _run(scene, args, facts, {**args["undo"], "captured": facts.get("captured")})
    return Undone.DONE


def _run(scene: Scene, args: Args, facts: Facts, config: dict[str, Any]) -> Steps[dict[str, Any]]:
    companion = Companion(facts["module"], scene.mark, scene.services.children)
    scene.companions[scene.effect] = companion
    try:
        scene.note({"process": companion.who.to_json()})
        companion.configure({**config, **of_process(scene, args)}, keep_open=False)
        timeout_s = float(args.get("timeout_s") or _TIMEOUT_S)
        over = yield from companion.wait(time.monotonic() + timeout_s)
        companion.pump()
        if not over:
            yield from kill_tree(companion.who, session=True, mark=scene.mark, known=[])
            raise VerbFailed(f"{facts['module']} did not end within {timeout_s:g} s")
        if missing := companion.report.get("missing"):
            raise Missing(str(missing))
        if companion.report.get("untouched"):
            raise NothingDone(f"{facts['module']}: {companion.report.get('error')}")
        if companion.status != 0:
            if error := companion.report.get("error"):
                raise VerbFailed(str(error))
            reason = companion.complaint() or "it said nothing"
            raise VerbFailed(f"{facts['module']} ended with status {companion.status}: {reason}")
        return companion.report
    finally:
        scene.companions.pop(scene.effect, None)
        companion.close()
