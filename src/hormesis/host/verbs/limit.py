"""``limit``: lower a soft resource limit of a running service; undo puts the former one back.

Arguments: ``resource`` is nofile (open files), as (address space) or nproc (tasks of its user);
``left`` says how many descriptors, bytes or tasks it may take from now on. What we set is the
ownership mark: a limit that somebody changed since is reported and left alone.
"""

from __future__ import annotations

import os
from typing import Any

from hormesis.host import resource_limits
from hormesis.host.process import Identity
from hormesis.host.resource_limits import UNLIMITED, CannotLimit
from hormesis.host.steps import Steps
from hormesis.host.tree import tree
from hormesis.host.verb_protocol import Args, Facts, Missing, NothingDone, Scene
from hormesis.words.verb import Undone

survives_reboot = False


def capture(scene: Scene, args: Args) -> Facts:
    """Read each process's limit and what it uses, and work out the limit to set."""
    name = str(args.get("resource", ""))
    if name not in resource_limits.RESOURCES:
        raise NothingDone(f"there is no resource {name!r} to limit: nofile, as or nproc")
    service = scene.services.need(str(args.get("subject", "")))
    if service.process is None or service.state == "gone":
        raise NothingDone(f"service {service.name!r} is not running")
    members = [service.process] if args.get("only_main") else service.members(scene.run)
    planned = [_plan(who, name, int(args.get("left", 0))) for who in members]
    entries = [one for one in planned if one is not None]
    if not entries:
        raise NothingDone(f"no limit of service {service.name!r} can be lowered")
    return {
        "members": entries, "root": service.process.to_json(), "owned": service.owned,
        "mark": f"{scene.run}/{service.effect}" if service.owned else "",
    }  # fmt: skip


def perform(scene: Scene, args: Args, facts: Facts) -> Steps[Facts]:
    """Lower the soft limits."""
    yield from ()
    lowered = 0
    try:
        for entry in facts["members"]:
            who = Identity.from_json(entry["who"])
            if who is not None and who.alive:
                lowered += resource_limits.set_soft_limit(
                    who.pid, args["resource"], int(entry["soft"])
                )
    except CannotLimit as error:
        yield from undo(scene, args, facts)
        raise Missing(str(error)) from None
    return {"lowered": lowered}


def undo(scene: Scene, args: Args, facts: Facts) -> Steps[Undone]:
    """Put back every limit that is still what we set, in those born meanwhile as well."""
    yield from ()
    if "last" not in facts:
        # For whoever reads afterwards; the ledger, whose disk may be full, need not know.
        facts["last"] = read(scene, args, facts)
    back = foreign = 0
    for who, entry in _everyone(facts).items():
        now = resource_limits.soft_limit(who.pid, args["resource"]) if who.alive else None
        if now is None or now == int(entry["soft_before"]):
            continue
        if now != int(entry["soft"]):
            foreign += who.to_json() == entry["who"]
            continue
        back += resource_limits.set_soft_limit(
            who.pid, args["resource"], int(entry["soft_before"])
        )
    if back:
        return Undone.DONE
    return Undone.NOT_MINE if foreign else Undone.GONE


def read(scene: Scene, args: Args, facts: Facts) -> Facts:
    """Return how the tightest of the processes stands, and what the main one's limit is now."""
    if not facts.get("members"):
        return {}
    main = facts["members"][0]
    who = Identity.from_json(main["who"])
    alive = who is not None and who.alive
    told: Facts = {"soft_before": main["soft_before"], "alive": alive}
    if who is not None and alive:
        told["soft"] = resource_limits.soft_limit(who.pid, args["resource"])
    if "last" in facts:
        return {**facts["last"], **told}
    return {**told, **_tightest(args["resource"], facts)}


def _plan(who: Identity, name: str, left: int) -> dict[str, Any] | None:
    before = resource_limits.soft_limit(who.pid, name)
    if before is None:
        return None
    if name == "nofile":
        numbers = resource_limits.open_descriptors(who.pid)
        if numbers is None:
            raise Missing(f"the descriptors of process {who.pid} are hidden from this user")
        soft = resource_limits.limit_leaving(numbers, left)
    elif name == "as":
        soft = resource_limits.address_space(who.pid) + left
    else:
        soft = _tasks(who.pid) + left
    if before != UNLIMITED and soft >= before:
        return None  # Only ever lower: it has less than that already.
    return {"who": who.to_json(), "soft_before": before, "soft": soft}


def _tasks(pid: int) -> int:
    ids = resource_limits.user_of(pid)
    if ids is None or ids[0] == 0:
        raise Missing("the kernel does not limit how many tasks root has")
    return resource_limits.tasks_of_user(ids[0])


def _everyone(facts: Facts) -> dict[Identity, dict[str, Any]]:
    """Return whose limit may be ours: those it was set for, and their children since then."""
    known = {
        who: entry for entry in facts["members"]
        if (who := Identity.from_json(entry["who"])) is not None
    }  # fmt: skip
    born = tree(
        Identity.from_json(facts["root"]), session=bool(facts["owned"]), mark=str(facts["mark"])
    )
    main = facts["members"][0]
    return {**{who: main for who in born if who.pid != os.getpid()}, **known}


def _tightest(name: str, facts: Facts) -> Facts:
    standings = []
    for entry in facts["members"]:
        who = Identity.from_json(entry["who"])
        if who is None or not who.alive:
            continue
        soft = resource_limits.soft_limit(who.pid, name)
        used, left = _use(who.pid, name, soft)
        standings.append((left, used))
    if not standings:
        return {}
    left, used = min(standings)
    return {"used": used, "left": left}


def _use(pid: int, name: str, soft: int | None) -> tuple[int, int]:
    """Return what *pid* uses and what it may still take."""
    limit = UNLIMITED if soft is None else soft
    if name == "nofile":
        numbers = resource_limits.open_descriptors(pid) or []
        used, left = len(numbers), resource_limits.free_below(numbers, limit)
    elif name == "as":
        used = resource_limits.address_space(pid)
        left = limit - used
    else:
        ids = resource_limits.user_of(pid)
        used = resource_limits.tasks_of_user(ids[0]) if ids is not None else 0
        left = limit - used
    return used, max(0, left) if limit != UNLIMITED else 1 << 62
