"""``toxic``: add a fault to a link of the proxy; undo removes it.

Toxics live and die with the proxy's process, so a proxy that is gone took them along. The name is
the ownership mark: a toxic of that name that was there before is somebody else's.
"""

from __future__ import annotations

from typing import Any

from hormesis.host.control import ask
from hormesis.host.steps import Steps
from hormesis.host.verb_protocol import Args, Facts, NothingDone, Scene, VerbFailed
from hormesis.words.verb import Undone

survives_reboot = False


def capture(scene: Scene, args: Args) -> Facts:
    """Check that the call names a link, a toxic and the proxy's control socket."""
    missing = [key for key in ("subject", "control", "name", "toxic") if not args.get(key)]
    if missing:
        raise NothingDone(f"the verb toxic needs {', '.join(missing)}")
    return {}


def perform(scene: Scene, args: Args, facts: Facts) -> Steps[Facts]:
    """Add it; a proxy that refuses has changed nothing."""
    request = {
        "op": "add", "link": args["subject"], "name": args["name"], "toxic": args["toxic"],
        "stream": args.get("stream"), "attributes": args.get("attributes") or {},
        "toxicity": args.get("toxicity", 1.0),
    }  # fmt: skip
    try:
        reply = yield from ask(args["control"], request)
    except (FileNotFoundError, ConnectionRefusedError) as error:
        raise NothingDone(f"no proxy answers at {args['control']}: {error}") from error
    except OSError as error:
        raise VerbFailed(f"the proxy at {args['control']} did not answer: {error}") from error
    if not reply.get("ok"):
        raise NothingDone(str(reply.get("error") or "the proxy refused the toxic"))
    return {}


def undo(scene: Scene, args: Args, facts: Facts) -> Steps[Undone]:
    """Remove it; a proxy that is gone, or has no such toxic, is as good."""
    request = {"op": "remove", "link": args["subject"], "name": args["name"]}
    try:
        reply: dict[str, Any] = yield from ask(args["control"], request)
    except (FileNotFoundError, ConnectionRefusedError, ConnectionResetError, BrokenPipeError):
        return Undone.GONE
    if not reply.get("ok"):
        raise VerbFailed(str(reply.get("error") or "the proxy did not remove the toxic"))
    return Undone.DONE if reply.get("existed", True) else Undone.GONE
