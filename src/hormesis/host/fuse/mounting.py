"""Mounting: gets the descriptor by which the kernel talks to a file system of ours.

Root mounts by itself; others need the helper ``fusermount3``, which hands the descriptor over.
"""

from __future__ import annotations

import array
import os
import shutil
import socket
import subprocess

from hormesis.host.mounts import attach

SORT = "fuse.hormesis"
_HELPER_S = 10.0


def mount_fuse(path: str, source: str) -> int:
    """Mount a file system at *path* and return the descriptor for its requests.

    Raises:
        OSError: it is not possible here, with the reason.
    """
    try:
        fd = os.open("/dev/fuse", os.O_RDWR | os.O_CLOEXEC)
    except OSError as error:
        raise OSError(error.errno, f"/dev/fuse cannot be opened: {error.strerror}") from error
    options = (
        f"fd={fd},rootmode=40000,user_id={os.geteuid()},group_id={os.getegid()}"
        ",default_permissions,allow_other"
    )
    try:
        attach(source, path, SORT, flags=_NOSUID_NODEV, data=options)
        return fd
    except PermissionError:
        os.close(fd)
        return _by_helper(path, source)
    except OSError:
        os.close(fd)
        raise


_NOSUID_NODEV = 2 | 4


def _by_helper(path: str, source: str) -> int:
    helper = shutil.which("fusermount3")
    if helper is None:
        raise PermissionError(1, "it takes root, or fusermount3, which is not installed")
    ours, theirs = socket.socketpair()
    with ours, theirs:
        # Others may not enter: that would take user_allow_other in /etc/fuse.conf.
        options = f"fsname={source},subtype=hormesis,default_permissions,nosuid,nodev"
        done = subprocess.run(
            [helper, "-o", options, "--", path], stdin=subprocess.DEVNULL, capture_output=True,
            env={**os.environ, "_FUSE_COMMFD": str(theirs.fileno())}, text=True,
            pass_fds=(theirs.fileno(),), timeout=_HELPER_S, check=False,
        )  # fmt: skip
        if done.returncode != 0:
            raise PermissionError(1, done.stderr.strip() or "fusermount3 refused")
        _, ancillary, _, _ = ours.recvmsg(16, socket.CMSG_SPACE(4))
    for level, sort, data in ancillary:
        if (level, sort) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
            fds = array.array("i", data[:4])
            os.set_inheritable(fds[0], False)
            return fds[0]
    raise PermissionError(1, "fusermount3 handed no descriptor over")
