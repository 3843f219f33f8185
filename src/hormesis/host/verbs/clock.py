"""``clock``: shift the wall clock of a service that was started with one that can be set.

Each effect has a slot of its own in the service's clock file, so that several add up and each is
taken back by itself.
"""

from __future__ import annotations

import time
from typing import Any

from hormesis.host.clock_file import heard, number_of, shift, shifted, unshift
from hormesis.host.steps import Steps
from hormesis.host.verb_protocol import Args, Facts, Missing, NothingDone, Scene
from hormesis.words.verb import Undone

survives_reboot = False


def capture(scene: Scene, args: Args) -> Facts:
    """Check that there is a clock file."""
    path = str(args.get("path", ""))
    try:
        calls = heard(path).calls
    except (OSError, ValueError) as error:
        raise Missing(f"the clock of {args.get('subject')!r} cannot be set: {error}") from error
    return {"slot": number_of(scene.mark), "calls_before": calls}


def perform(scene: Scene, args: Args, facts: Facts) -> Steps[Facts]:
    """Set the slot; the service feels it the next time it asks."""
    yield from ()
    path = str(args["path"])
    offset_s, rate = float(args.get("offset_s") or 0), float(args.get("rate") or 0)
    if not shift(path, int(facts["slot"]), offset_s=offset_s, rate=rate):
        raise NothingDone(f"the clock of {args.get('subject')!r} is shifted too often already")
    return {"calls": heard(path).calls, "began": time.monotonic()}


def undo(scene: Scene, args: Args, facts: Facts) -> Steps[Undone]:
    """Clear the slot; a clock file that is gone shifts nothing."""
    yield from ()
    try:
        there = unshift(str(args["path"]), int(facts["slot"]))
        calls = heard(str(args["path"])).calls
        scene.note({"calls_undone": calls, "ended": time.monotonic()})
    except (OSError, ValueError):
        return Undone.GONE
    return Undone.DONE if there else Undone.GONE


def read(scene: Scene, args: Args, facts: Facts) -> dict[str, Any]:
    """Return what the service has heard since the clock was set, or set back.

    ``set``; ``calls`` since then; ``shift_s`` of the last answer; ``held_s`` since it was set and
    ``over_s`` since it was set back; ``real_s``, what the time really is.
    """
    try:
        now = heard(str(args["path"]))
        there = shifted(str(args["path"]), int(facts["slot"]))
    except (OSError, ValueError) as error:
        return {"error": f"the clock cannot be read: {error}"}
    since = facts.get("calls" if there else "calls_undone")
    return {
        "set": there,
        "calls": now.calls - int(facts["calls_before"] if since is None else since),
        "shift_s": now.shift_s,
        "held_s": time.monotonic() - float(facts.get("began", time.monotonic())),
        "over_s": time.monotonic() - float(facts.get("ended", time.monotonic())),
        "real_s": time.clock_gettime(time.CLOCK_REALTIME),
    }
