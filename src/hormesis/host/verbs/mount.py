"""``mount``: make a folder a volume of its own, that can run full or fail; undo unmounts it.

Three sorts: ``tmpfs`` (in memory), ``loop`` (an ext4 file system in a file), ``fuse`` (a folder
whose operations pass through a program of ours, which a rule can make slow or fail). Whatever the
volume held goes with it.
"""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import time
from pathlib import Path

from hormesis.host.companion import Companion
from hormesis.host.mounts import (
    LAZY,
    attach,
    attach_image,
    belongs_to,
    detach,
    mark_of_run,
    mount_at,
)
from hormesis.host.process import MARK, Identity, ended
from hormesis.host.spawn import adopt_child
from hormesis.host.steps import Steps, Wait
from hormesis.host.tree import kill_tree
from hormesis.host.verb_protocol import Args, Facts, Missing, NothingDone, Scene, VerbFailed
from hormesis.words.verb import Undone

survives_reboot = True
_PROGRAM = "hormesis.host.holders.fuse_volume"
_MAKE_S = 60.0
_READY_S = 15.0
_LEAVE_S = 1.0
_BUSY_S = 0.5
_OPEN_TO_ALL = 0o1777
"""Services may run as other users than the custodian."""


def capture(scene: Scene, args: Args) -> Facts:
    """Check the path, and say where everything is going to be."""
    path = Path(str(args.get("path", "")))
    sort = args.get("sort")
    if not path.is_absolute() or sort not in ("tmpfs", "loop", "fuse"):
        raise NothingDone("the verb mount needs an absolute path and a sort: tmpfs, loop or fuse")
    if sort == "loop" and not args.get("size_bytes"):
        raise NothingDone("a loop volume needs a size")
    if os.path.lexists(path):
        raise NothingDone(f"{path} exists already")
    folder = Path(os.path.realpath(path.parent))
    mark = mark_of_run(scene.run)
    return {
        "path": str(folder / path.name),
        "image": str(folder / f".{path.name}.{mark}.image"),
        "backing": str(folder / f".{path.name}.{mark}.backing"),
    }


def perform(scene: Scene, args: Args, facts: Facts) -> Steps[Facts]:
    """Make the folder and mount upon it."""
    path, sort = str(facts["path"]), str(args["sort"])
    try:
        os.makedirs(path, mode=0o755)
        if sort == "fuse":
            yield from _serve(scene, args, facts)
        elif sort == "loop":
            yield from _make_image(scene, args, facts)
            attach_image(str(facts["image"]), path, "ext4")
            shutil.rmtree(Path(path, "lost+found"), ignore_errors=True)
            os.chmod(path, _OPEN_TO_ALL)
        else:
            attach(mark_of_run(scene.run), path, "tmpfs", data=_limits(args))
    except OSError as error:
        yield from undo(scene, args, facts)
        text = f"cannot mount a {sort} volume at {path}: {error.strerror or error}"
        if error.errno in (errno.EPERM, errno.EACCES, errno.ENODEV, errno.ENOENT):
            raise Missing(text) from error
        raise VerbFailed(text) from error
    return {}


def _limits(args: Args) -> str:
    given = {"size": args.get("size_bytes"), "nr_inodes": args.get("inodes")}
    limits = [f"{name}={value}" for name, value in given.items() if value]
    return ",".join([f"mode={_OPEN_TO_ALL:o}", *limits])


def _make_image(scene: Scene, args: Args, facts: Facts) -> Steps[None]:
    """Make the file and the file system in it; the maker bears our mark."""
    image = str(facts["image"])
    with open(image, "xb") as file:
        file.truncate(int(args["size_bytes"]))
    command = ["mkfs.ext4", "-q", "-F", "-m", "0", "-E", "nodiscard"]
    if args.get("inodes"):
        # The first ten are the file system's own.
        command += ["-N", str(int(args["inodes"]) + 10)]
    environment = {**os.environ, MARK: scene.mark}
    environment["PATH"] = f"{environment.get('PATH', '/usr/bin:/bin')}:/usr/sbin:/sbin"
    try:
        child = subprocess.Popen(
            [*command, image], env=environment, stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
    except FileNotFoundError as error:
        raise OSError(errno.ENOENT, "mkfs.ext4 is not installed") from error
    who = adopt_child(child, scene.services.children)
    if not (yield from ended([who], time.monotonic() + _MAKE_S)):
        raise OSError(errno.ETIMEDOUT, f"mkfs.ext4 took longer than {_MAKE_S:g} s")
    status = scene.services.children.status_of(who.pid)
    scene.services.children.forget(who.pid)
    if status:
        raise OSError(errno.EINVAL, f"mkfs.ext4 ended with status {status}; is the size enough?")


def _serve(scene: Scene, args: Args, facts: Facts) -> Steps[None]:
    """Start the program that is the file system; it mounts itself before it is ready."""
    backing = str(facts["backing"])
    os.mkdir(backing)
    os.chmod(backing, _OPEN_TO_ALL)
    if args.get("size_bytes"):
        attach(mark_of_run(scene.run), backing, "tmpfs", data=_limits(args))
    companion = Companion(_PROGRAM, scene.mark, scene.services.children)
    scene.companions[scene.effect] = companion
    scene.note({"process": companion.who.to_json()})
    config = {
        "name": args["subject"], "path": facts["path"], "backing": backing,
        "source": mark_of_run(scene.run), "control": args.get("control") or "",
        "seed": args.get("seed", 0),
    }  # fmt: skip
    companion.configure(config, keep_open=True)
    yield from companion.wait(time.monotonic() + _READY_S, lines=1)
    if missing := companion.report.get("missing"):
        yield from undo(scene, args, facts)
        raise Missing(str(missing))
    if not companion.report.get("ready"):
        reason = companion.report.get("error") or companion.complaint() or "it said nothing"
        raise VerbFailed(f"the FUSE volume {args['subject']!r} did not start: {reason}")
    owner = scene.services.children.owner
    if owner is not None and args.get("control"):
        # The engine has fewer rights than the program, and looks at the rules through its socket.
        os.chown(str(args["control"]), owner.uid, owner.gid)


def undo(scene: Scene, args: Args, facts: Facts) -> Steps[Undone]:
    """End its program, unmount what is provably ours, and remove folder, file and content."""
    companion = scene.companions.pop(scene.effect, None)
    if companion is not None:
        companion.close()
    who = Identity.from_json(facts.get("process"))
    if who is not None:
        yield from ended([who], time.monotonic() + _LEAVE_S)
    # Also the maker of an image that a crash left at work.
    yield from kill_tree(who, session=True, mark=scene.mark, known=[])
    path, image, backing = (str(facts[name]) for name in ("path", "image", "backing"))
    there = any(os.path.lexists(one) for one in (path, image, backing))
    alien = yield from _unmount(path, scene.run)
    alien |= yield from _unmount(backing, scene.run)
    if alien:
        return Undone.NOT_MINE
    Path(image).unlink(missing_ok=True)
    shutil.rmtree(backing, ignore_errors=True)
    if os.path.isdir(path) and not os.path.ismount(path):
        # Only what was written while nothing was mounted can be in it: left to whoever wrote it.
        _remove_if_empty(path)
    if args.get("control"):
        Path(str(args["control"])).unlink(missing_ok=True)
    return Undone.DONE if there else Undone.GONE


def _unmount(path: str, run: str) -> Steps[bool]:
    """Unmount all of ours at *path*; return whether somebody else's is mounted there."""
    while (mount := mount_at(path)) is not None:
        if not belongs_to(mount, run):
            return True
        until = time.monotonic() + _BUSY_S
        # The server of a FUSE volume is gone by now: only a lazy unmount cannot wait for it.
        flags = LAZY if mount.sort.startswith("fuse") else 0
        while mount_at(path) == mount:
            try:
                detach(path, flags)
            except OSError as error:
                if error.errno == errno.EINVAL:
                    break
                if error.errno != errno.EBUSY:
                    raise
                flags = LAZY if time.monotonic() >= until else 0
                yield Wait(time.monotonic() + 0.05)
    return False


def _remove_if_empty(path: str) -> None:
    try:
        os.rmdir(path)
    except OSError as error:
        if error.errno not in (errno.ENOTEMPTY, errno.EEXIST, errno.EBUSY):
            raise
