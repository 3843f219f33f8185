"""File systems in files, through loop devices."""

from __future__ import annotations

import os
import shutil

from hormesis.host.means import mount

USE = "volumes with a real file system of their own"
REMEDY = "apt-get install e2fsprogs, as root, with the kernel module loop"


def missing() -> str:
    """Return why no file can be mounted; an empty text when one can."""
    path = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
    if shutil.which("mkfs.ext4", path=path) is None:
        return "mkfs.ext4 is not installed"
    try:
        os.close(os.open("/dev/loop-control", os.O_RDWR | os.O_CLOEXEC))
    except OSError as error:
        return f"/dev/loop-control cannot be opened: {error.strerror}"
    return mount.missing()
