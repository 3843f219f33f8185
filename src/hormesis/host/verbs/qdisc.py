"""``qdisc``: shape what a network device sends with a queueing discipline; undo removes it.

Arguments: ``discipline`` (htb with ``rate`` in bytes per second, or netem with what
``packets/discipline.py`` knows), where (``process``, ``netns``, ``container`` and ``docker``) and
which packets (``packets/aim.py``). Only devices whose discipline is the kernel's default are
touched. The handle of ours is drawn from the run and the effect: that is its ownership mark.
"""

from __future__ import annotations

import hashlib
import os
from typing import Any

from hormesis.host.companion import of_process
from hormesis.host.packets.aim import Aim, NoAim, aim_of
from hormesis.host.packets.discipline import (
    LOOPBACK,
    Place,
    TcFailed,
    devices_of,
    script,
    untouched,
)
from hormesis.host.packets.namespace import Absent, namespace_of
from hormesis.host.steps import Steps
from hormesis.host.verb_protocol import Args, Facts, Missing, NothingDone, Scene, VerbFailed
from hormesis.words.verb import Undone

survives_reboot = False
_OWN = "/proc/self/ns/net"


def capture(scene: Scene, args: Args) -> Facts:
    """Find the namespace, the packets and the devices, and draw the handle."""
    config = {**args, **of_process(scene, args)}
    try:
        path = namespace_of(config)
        inode = os.stat(path).st_ino
        own = inode == os.stat(_OWN).st_ino
        aim = aim_of(config)
        roots = Place("" if own else path).roots()
        devices = devices_of(aim, roots, everywhere=not own)
    except (OSError, Absent, NoAim, ValueError) as error:
        raise NothingDone(str(error)) from error
    except TcFailed as error:
        raise Missing(str(error)) from error
    handle = _handle(scene)
    for device in devices:
        if not untouched(*roots.get(device, ("noqueue", "0:"))):
            kind = roots[device][0]
            raise NothingDone(f"{device} has a queueing discipline of its own already ({kind})")
    if not devices:
        raise NothingDone("there is no network device that sends these packets")
    return {"netns": "" if own else path, "inode": inode, "handle": handle, "devices": devices}


def perform(scene: Scene, args: Args, facts: Facts) -> Steps[Facts]:
    """Set the disciplines up; ``tc`` takes a few milliseconds."""
    yield from ()
    aim: Aim = aim_of({**args, **of_process(scene, args)})
    place = Place(facts["netns"])
    for device in facts["devices"]:
        lines = script(device, facts["handle"], aim, args, outside=device != LOOPBACK)
        try:
            place.run(["-batch", "-"], "\n".join(lines) + "\n")
        except TcFailed as error:
            raise VerbFailed(f"{device}: {error}") from error
    return {}


def undo(scene: Scene, args: Args, facts: Facts) -> Steps[Undone]:
    """Remove our discipline from each device that still has it."""
    yield from ()
    place = _place(facts)
    if place is None:
        return Undone.GONE
    try:
        roots = place.roots()
    except TcFailed as error:
        raise VerbFailed(str(error)) from error
    found = []
    for device in facts["devices"]:
        kind, handle = roots.get(device, ("noqueue", "0:"))
        if handle == facts["handle"] and kind == "htb":
            scene.note({"last": {**read(scene, args, facts), "there": False}})
            try:
                place.run(["qdisc", "del", "dev", device, "root", "handle", handle, "htb"])
            except TcFailed as error:
                raise VerbFailed(f"{device}: {error}") from error
            found.append(Undone.DONE)
        elif not untouched(kind, handle):
            found.append(Undone.NOT_MINE)
    for outcome in (Undone.NOT_MINE, Undone.DONE):
        if outcome in found:
            return outcome
    return Undone.GONE


def read(scene: Scene, args: Args, facts: Facts) -> dict[str, Any]:
    """Return what went through our classes, of all devices; that of its end once it is gone."""
    place = _place(facts) if "handle" in facts else None
    if place is None:
        return dict(facts.get("last") or {})
    try:
        roots = place.roots()
        ours = [
            one for one in facts["devices"] if roots.get(one, ("", ""))[1] == facts["handle"]
        ]
        every = [place.figures(device, facts["handle"]) for device in ours]
    except TcFailed:
        every = []
    if not every:
        return {**(facts.get("last") or {}), "there": False}
    total = {name: sum(one[name] or 0 for one in every) for name in every[0]}
    return {**total, "there": True}


def _handle(scene: Scene) -> str:
    digest = hashlib.sha256(f"{scene.run}/{scene.effect}".encode()).digest()
    # Even, since the leaf's handle is one above; never 0, which is the kernel's own.
    return f"{2 + int.from_bytes(digest[:2], 'big') % 0x7000 * 2:x}:"


def _place(facts: Facts) -> Place | None:
    """Return the namespace, by whatever path still leads to it; None when it is gone."""
    if not facts.get("netns"):
        return Place()
    paths = [facts["netns"]]
    paths += [f"/proc/{entry}/ns/net" for entry in os.listdir("/proc") if entry.isdigit()]
    for path in paths:
        try:
            if os.stat(path).st_ino == facts["inode"]:
                return Place(path)
        except OSError:
            continue
    return None
