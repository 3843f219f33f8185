"""``cgroup``: move a service into a control group of our own that restricts it; undo moves it back.

The group's name holds the run and the effect, which is its ownership mark. Arguments:
``controller`` is cpu, memory, pids, freezer or kill. ``cpus`` (how many CPUs), ``limit`` (bytes) or
``left`` (further tasks) says how much; a freezer freezes and kill kills the group at once.
``only_main`` moves the main process alone. ``oom_score_adj`` is set for whoever is moved, and
taken back from all who are in the group at the end, since those born in it inherit it.
"""

from __future__ import annotations

import errno
import re
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from hormesis.host import cgroups
from hormesis.host.cgroups import Hierarchy, NoCgroup
from hormesis.host.cpu_time import cpu_times_ns
from hormesis.host.process import Identity, ended, read_proc, stat_of
from hormesis.host.service import Service
from hormesis.host.steps import Steps, Wait
from hormesis.host.verb_protocol import Args, Facts, Missing, NothingDone, Scene, VerbFailed
from hormesis.words.verb import Undone

survives_reboot = False
_ROUNDS = 50
_LOOK_S = 0.002
_FREEZE_S = 2.0
_EMPTY_S = 3.0
_DEATH_S = 1.0


def capture(scene: Scene, args: Args) -> Facts:
    """Read which group each process is in now, and where one of ours can be made."""
    service = scene.services.need(str(args.get("subject", "")))
    if service.process is None or service.state == "gone":
        raise NothingDone(f"service {service.name!r} is not running")
    controller = str(args.get("controller", ""))
    try:
        hierarchy = cgroups.hierarchy_of(controller)
        parent = hierarchy.parent_for(service.process.pid)
    except NoCgroup as error:
        raise Missing(str(error)) from None
    name = re.sub(r"[^\w.-]", "-", f"hormesis-{scene.run}-{scene.effect}")
    folder = parent / name
    if folder.exists():
        raise NothingDone(f"the control group {folder} exists already")
    found = [_origin(hierarchy, who, args) for who in _wanted(scene, service, args)]
    return {
        "version": hierarchy.version, "mount": str(hierarchy.mount), "folder": str(folder),
        "members": [one for one in found if one is not None],
        "home": str(hierarchy.folder_of(service.process.pid)),
    }  # fmt: skip


def perform(scene: Scene, args: Args, facts: Facts) -> Steps[Facts]:
    """Make the group, restrict it, and move the service's processes in until none is outside."""
    folder = Path(facts["folder"])
    try:
        folder.mkdir()
    except OSError as error:
        raise Missing(f"the control group cannot be made: {error.strerror}") from None
    try:
        _set(folder, _settings_before(args, facts))
        moved = yield from _move_in(scene, args, facts)
        yield from _after_move(scene, args, facts)
    except OSError as error:
        yield from undo(scene, args, facts)
        raise Missing(f"the control group cannot be used: {error.strerror}") from None
    began = {"began": time.monotonic(), "cpu_ns": _cpu_ns(facts)}
    return {"moved": moved, "began": began}


def undo(scene: Scene, args: Args, facts: Facts) -> Steps[Undone]:
    """Release the group, move each process to where it came from, and remove the group."""
    folder = Path(facts["folder"])
    there = folder.is_dir()
    if there:
        if "last" not in facts:
            # For whoever reads afterwards; the ledger, whose disk may be full, need not know.
            facts["last"] = read(scene, args, facts)
        _thaw(args, facts, folder)
        until = time.monotonic() + _EMPTY_S
        while True:
            _move_out(args, facts, folder)
            try:
                folder.rmdir()
                break
            except FileNotFoundError:
                break
            except OSError as error:
                # A process that has just ended keeps its group busy for a moment longer.
                if time.monotonic() >= until:
                    raise VerbFailed(f"{folder} cannot be removed: {error.strerror}") from None
            yield Wait(time.monotonic() + _LOOK_S * 5)
    _put_scores_back(args, facts)
    return Undone.DONE if there else Undone.GONE


def read(scene: Scene, args: Args, facts: Facts) -> Facts:
    """Return the group's own counters, and whether it is ``there``; once gone, those of its end.

    ``outside`` counts processes of the service that are not in it, as one started again is.
    """
    if "folder" not in facts:
        return {}
    controller, folder = str(args.get("controller", "")), Path(facts["folder"])
    now: Facts = dict(cgroups.reading(controller, facts["version"], folder))
    there = folder.is_dir()
    if not now:
        last = {**facts.get("last", {}), "cgroup": facts["version"], "there": there}
        return {**last, "frozen": False} if controller == "freezer" else last
    began = facts.get("began")
    if controller == "cpu" and began:
        lasted_ns = max(1.0, (time.monotonic() - began["began"]) * 1e9)
        used = now.pop("cpu_ns", 0) or (_cpu_ns(facts) - began["cpu_ns"])
        now["cpus_used"] = round(max(0.0, used / lasted_ns), 4)
    now["outside"] = _outside(scene, args, facts)
    return {**facts.get("last", {}), **now, "cgroup": facts["version"], "there": there}


def _outside(scene: Scene, args: Args, facts: Facts) -> int:
    """Return how many processes the service has by now outside; a replay knows no services."""
    service = scene.services.find(str(args.get("subject", "")))
    if service is None or service.process is None:
        return 0
    hierarchy, folder = _hierarchy(args, facts), Path(facts["folder"])
    homes = (_home(hierarchy, who) for who in _wanted(scene, service, args) if who.alive)
    return sum(home is not None and folder not in (home, *home.parents) for home in homes)


def _home(hierarchy: Hierarchy, who: Identity) -> Path | None:
    try:
        return hierarchy.folder_of(who.pid)
    except NoCgroup:
        return None  # It has ended meanwhile.


def _wanted(scene: Scene, service: Service, args: Args) -> list[Identity]:
    if args.get("only_main"):
        return [service.process] if service.process is not None else []
    return service.members(scene.run)


def _origin(hierarchy: Hierarchy, who: Identity, args: Args) -> dict[str, Any] | None:
    home = _home(hierarchy, who)
    if home is None:
        return None
    entry: dict[str, Any] = {"who": who.to_json(), "home": str(home)}
    if args.get("oom_score_adj") is not None:
        entry["score"] = _score(who.pid)
    return entry


def _settings_before(args: Args, facts: Facts) -> dict[str, str]:
    version = int(facts["version"])
    if args["controller"] == "cpu":
        return dict(cgroups.cpu_settings(version, float(args["cpus"])))
    if args["controller"] == "memory":
        return dict(cgroups.memory_settings(version, int(args["limit"])))
    return {}


def _set(folder: Path, settings: dict[str, str]) -> None:
    for name, value in settings.items():
        if name not in cgroups.OPTIONAL or (folder / name).exists():
            cgroups.write(folder, name, value)


def _move_in(scene: Scene, args: Args, facts: Facts) -> Steps[int]:
    """Move again until none is left that was born meanwhile; origins are noted first."""
    hierarchy = _hierarchy(args, facts)
    folder = Path(facts["folder"])
    service = scene.services.need(str(args.get("subject", "")))
    service_is_to_die = args["controller"] == "kill" or args.get("oom_score_adj") is not None
    service.expected = service.expected or service_is_to_die
    moved = 0
    for _ in range(_ROUNDS):
        inside = set(cgroups.members(folder))
        fresh = [who for who in _wanted(scene, service, args) if who.pid not in inside]
        if not fresh:
            return moved
        _note_origins(scene, args, facts, hierarchy, fresh)
        for who in fresh:
            moved += _move(who.pid, folder)
            if args.get("oom_score_adj") is not None:
                _set_score(who, int(args["oom_score_adj"]))
        yield Wait(time.monotonic())
    raise VerbFailed(f"service {service.name!r} forks faster than it can be moved")


def _note_origins(
    scene: Scene, args: Args, facts: Facts, hierarchy: Hierarchy, fresh: Iterable[Identity]
) -> None:
    known = {Identity.from_json(entry["who"]) for entry in facts["members"]}
    found = [_origin(hierarchy, who, args) for who in fresh if who not in known]
    if more := [one for one in found if one is not None]:
        facts["members"] = [*facts["members"], *more]
        scene.note({"members": facts["members"]})


def _after_move(scene: Scene, args: Args, facts: Facts) -> Steps[None]:
    folder, version = Path(facts["folder"]), int(facts["version"])
    if args["controller"] == "pids":
        # The tasks are counted where they are, so only now is it known how many there are.
        count = int(cgroups.read(folder, "pids.current") or 0)
        cgroups.write(folder, "pids.max", count + int(args.get("left", 0)))
    elif args["controller"] == "freezer":
        name, value = ("freezer.state", "FROZEN") if version == 1 else ("cgroup.freeze", "1")
        cgroups.write(folder, name, value)
        until = time.monotonic() + _FREEZE_S
        while not cgroups.is_frozen(version, folder):
            if time.monotonic() >= until:
                raise VerbFailed(f"the control group {folder} does not freeze")
            yield Wait(time.monotonic() + _LOOK_S)
    elif args["controller"] == "kill":
        victims = [who for who in _identities(facts) if who.alive]
        cgroups.write(folder, "cgroup.kill", 1)
        scene.note({"last": {"killed": len(victims)}})
        yield from ended(victims, time.monotonic() + _DEATH_S)


def _thaw(args: Args, facts: Facts, folder: Path) -> None:
    if args.get("controller") == "freezer":
        one = facts["version"] == 1
        name, value = ("freezer.state", "THAWED") if one else ("cgroup.freeze", "0")
        cgroups.write(folder, name, value)


def _move_out(args: Args, facts: Facts, folder: Path) -> None:
    """Move each process to its own origin, and what was born here to the main process's.

    Scores go first: once nobody in the group has ours, nobody can be born with it.
    """
    own = {
        who.pid: entry for entry in facts["members"]
        if (who := Identity.from_json(entry["who"])) is not None and who.alive
    }  # fmt: skip
    main = facts["members"][0] if facts["members"] else {}
    for pid in cgroups.members(folder):
        _put_score_back(args, pid, own.get(pid, main))
    for pid in cgroups.members(folder):
        _put_score_back(args, pid, own.get(pid, main))
        home = Path(own[pid]["home"] if pid in own else facts["home"])
        _move(pid, home if home.is_dir() else folder.parent)


def _move(pid: int, folder: Path) -> bool:
    try:
        cgroups.write(folder, "cgroup.procs", pid)
    except ProcessLookupError:
        return False
    except OSError as error:
        stat = stat_of(pid)
        if error.errno == errno.EINVAL and (stat is None or stat.dead):
            return False
        raise
    return True


def _score(pid: int) -> int:
    return int(read_proc(pid, "oom_score_adj") or 0)


def _set_score(who: Identity, score: int) -> None:
    if who.alive:
        cgroups.write(Path(f"/proc/{who.pid}"), "oom_score_adj", score)


def _put_scores_back(args: Args, facts: Facts) -> None:
    for entry in facts["members"]:
        who = Identity.from_json(entry["who"])
        if who is not None and who.alive:
            _put_score_back(args, who.pid, entry)


def _put_score_back(args: Args, pid: int, entry: Facts) -> None:
    ours = args.get("oom_score_adj")
    who = Identity.of(pid)
    if ours is not None and "score" in entry and who is not None and _score(pid) == int(ours):
        _set_score(who, int(entry["score"]))


def _identities(facts: Facts) -> Iterator[Identity]:
    for entry in facts["members"]:
        if (who := Identity.from_json(entry["who"])) is not None:
            yield who


def _hierarchy(args: Args, facts: Facts) -> Hierarchy:
    return Hierarchy(str(args["controller"]), int(facts["version"]), Path(facts["mount"]))


def _cpu_ns(facts: Facts) -> int:
    """Return the CPU time of the group's processes; version 1 counts it in another hierarchy."""
    inside = cgroups.members(Path(facts["folder"]))
    return sum(cpu_times_ns(inside).values())
