"""``limit``: lower a soft resource limit of a running service; undo puts the former one back.

Arguments: ``resource`` is nofile (open files), as (address space) or nproc (tasks of its user);
``left`` says how many descriptors, bytes or tasks it may take from now on, bytes beyond the least
that it has in a fifth of a second: what it holds for a moment only is to be missed. What we set is
the ownership mark: a limit that somebody changed since is reported and left alone. Children inherit
the limit; those that left the tree are known from earlier looks, or by what they inherited.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from hormesis.host import resource_limits
from hormesis.host.limit_heirs import adopters_of, group_of, heirs, moment
from hormesis.host.process import Identity
from hormesis.host.resource_limits import UNLIMITED, CannotLimit
from hormesis.host.steps import Steps, Wait
from hormesis.host.tree import tree
from hormesis.host.verb_protocol import Args, Facts, Missing, NothingDone, Scene
from hormesis.words.verb import Undone

survives_reboot = False
_ROUNDS = 10
_LOOKS, _LOOK_S = 20, 0.01
_SETTLED_TICKS = 20
"""How old a child must be to be written down: one that answers a request and ends need not be."""


def capture(scene: Scene, args: Args) -> Facts:
    """Read each process's limit and what it uses, and work out the limit to set."""
    name = str(args.get("resource", ""))
    if name not in resource_limits.RESOURCES:
        raise NothingDone(f"there is no resource {name!r} to limit: nofile, as or nproc")
    service = scene.services.need(str(args.get("subject", "")))
    if service.process is None or service.state == "gone":
        raise NothingDone(f"service {service.name!r} is not running")
    since = moment()
    members = [service.process] if args.get("only_main") else service.members(scene.run)
    planned = [_plan(who, name, int(args.get("left", 0))) for who in members]
    entries = [one for one in planned if one is not None]
    if not entries:
        raise NothingDone(f"no limit of service {service.name!r} can be lowered")
    return {
        "members": entries, "root": service.process.to_json(), "owned": service.owned,
        "mark": f"{scene.run}/{service.effect}" if service.owned else "",
        "since": since, "user": resource_limits.user_of(service.process.pid),
        "group": group_of(service.process.pid),
        "adopters": adopters_of(service.process.pid),
    }  # fmt: skip


def perform(scene: Scene, args: Args, facts: Facts) -> Steps[Facts]:
    """Lower the soft limits."""
    if args["resource"] == "as":
        yield from _least(scene, facts, int(args.get("left", 0)))
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
    for _ in range(_ROUNDS):
        more, foreign = _put_back(args["resource"], facts)
        back += more
        if not more:
            break  # Nobody was born under the limit since the last look.
    if back:
        return Undone.DONE
    return Undone.NOT_MINE if foreign else Undone.GONE


def _least(scene: Scene, facts: Facts, left: int) -> Steps[None]:
    """Work the limits out again, from the least address space of several looks."""
    changed = False
    for _ in range(_LOOKS):
        yield Wait(time.monotonic() + _LOOK_S)
        for entry in facts["members"]:
            who = Identity.from_json(entry["who"])
            used = resource_limits.address_space(who.pid) if who is not None and who.alive else 0
            if used and used + left < int(entry["soft"]):
                entry["soft"] = used + left
                changed = True
    if changed:
        scene.note({"members": facts["members"]})


def _put_back(name: str, facts: Facts) -> tuple[int, int]:
    """Return how many limits were put back, and how many had been changed by somebody else."""
    back = foreign = 0
    for who, entry in _limited(name, facts):
        if entry is None:
            foreign += 1
        else:
            back += resource_limits.set_soft_limit(who.pid, name, int(entry["soft_before"]))
    return back, foreign


def read(scene: Scene, args: Args, facts: Facts) -> Facts:
    """Return how the tightest of the processes stands, and what the main one's limit is now.

    ``left_min`` is the least that was left at any look; ``outside`` counts processes of the service
    that are not limited, as one that was started again is; after the undo ``limited`` counts those
    that still are.
    """
    if not facts.get("members"):
        return {}
    name, main = args["resource"], facts["members"][0]
    who = Identity.from_json(main["who"])
    alive = who is not None and who.alive
    told: Facts = {"soft_before": main["soft_before"], "alive": alive}
    if who is not None and alive:
        told["soft"] = resource_limits.soft_limit(who.pid, name)
    if "last" in facts:
        told["limited"] = sum(entry is not None for _, entry in _limited(name, facts))
        return {**facts["last"], **told}
    tightest = _tightest(name, facts)
    if tightest:
        facts["left_min"] = min(tightest["left"], facts.get("left_min", tightest["left"]))
    if "left_min" in facts:
        tightest["left_min"] = facts["left_min"]
    _note_born(scene, args, facts)
    return {**told, **tightest, "outside": _outside(scene, args, facts)}


def _outside(scene: Scene, args: Args, facts: Facts) -> int:
    """Return how many processes the service has by now that may take more than we left them."""
    most = max(int(entry["soft"]) for entry in facts["members"])
    found = (resource_limits.soft_limit(who.pid, args["resource"]) for who in _now(scene, args))
    return sum(soft is not None and (soft == UNLIMITED or soft > most) for soft in found)


def _now(scene: Scene, args: Args) -> list[Identity]:
    """Return who makes up the service now; a replay knows no services."""
    service = scene.services.find(str(args.get("subject", "")))
    if service is None or service.process is None:
        return []
    return [service.process] if args.get("only_main") else service.members(scene.run)


def _note_born(scene: Scene, args: Args, facts: Facts) -> None:
    """Write down who was born since and stays, so that undo finds it even out of the tree."""
    known = {who for who in _identities(facts.get("born")) if who.alive}
    older = moment() - _SETTLED_TICKS
    fresh = {who for who in _tree(facts) if who.start <= older} - known
    fresh -= {*_identities([entry["who"] for entry in facts["members"]])}
    if not fresh:
        return
    facts["born"] = [who.to_json() for who in known | fresh]
    with suppress(OSError):  # While the ledger's disk is full this process still knows.
        scene.note({"born": facts["born"]})


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


def _limited(name: str, facts: Facts) -> Iterator[tuple[Identity, dict[str, Any] | None]]:
    """Yield who has a limit that we may have to put back, and the entry that says what it was.

    That is None for one of those it was set for whose limit somebody changed since.
    """
    own = {Identity.from_json(entry["who"]): entry for entry in facts["members"]}
    by_soft = {int(entry["soft"]): entry for entry in reversed(facts["members"])}
    for who in _everyone(name, facts):
        now = resource_limits.soft_limit(who.pid, name) if who.alive else None
        entry = own.get(who)
        if now is None or (entry is not None and now == int(entry["soft_before"])):
            continue
        if entry is not None:
            yield who, entry if now == int(entry["soft"]) else None
        elif now in by_soft:
            yield who, by_soft[now]


def _everyone(name: str, facts: Facts) -> list[Identity]:
    """Return whose limit may be ours: those it was set for, and their children since then."""
    known = _identities([entry["who"] for entry in facts["members"]])
    born = [*_tree(facts), *_identities(facts.get("born"))]
    if "since" in facts:
        softs = {int(entry["soft"]) for entry in facts["members"]}
        living = [who.pid for who in known if who.alive]
        users = {resource_limits.user_of(pid) for pid in living} | {tuple(facts["user"] or ())}
        groups = {facts["group"], *(group_of(pid) for pid in living)}
        adopters = facts.get("adopters") or [1]
        born += heirs(name, softs, int(facts["since"]), users, groups, adopters)
    return list(dict.fromkeys([*known, *(who for who in born if who.pid != os.getpid())]))


def _tree(facts: Facts) -> list[Identity]:
    return tree(
        Identity.from_json(facts["root"]), session=bool(facts["owned"]), mark=str(facts["mark"])
    )


def _identities(data: object) -> list[Identity]:
    found = [Identity.from_json(entry) for entry in data] if isinstance(data, list) else []
    return [who for who in found if who is not None]


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
