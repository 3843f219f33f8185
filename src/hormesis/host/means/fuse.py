"""File systems served by a program."""

from __future__ import annotations

import os
import shutil

from hormesis.host.means import mount

USE = "volumes whose single operations can be made slow or fail"
REMEDY = "modprobe fuse; without root also apt-get install fuse3"


def missing() -> str:
    """Return why no program of ours can serve a file system; an empty text when one can."""
    try:
        os.close(os.open("/dev/fuse", os.O_RDWR | os.O_CLOEXEC))
    except OSError as error:
        return f"/dev/fuse cannot be opened: {error.strerror}"
    if shutil.which("fusermount3") is not None:
        return ""
    refused = mount.missing()
    return f"{refused}, and fusermount3 is not installed" if refused else ""
