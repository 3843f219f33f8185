"""Owner: whom the processes of a run belong to when the custodian itself has more rights."""

from __future__ import annotations

import grp
import os
import pwd
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

PRIVILEGED = frozenset({
    f"hormesis.host.{shelf}"
    for shelf in (
        "holders.packets", "holders.fuse_volume", "holders.strace_io", "holders.crash_on_syscall",
        "holders.memory_hog", "holders.cpu_burn", "holders.crash_in_flight",
    )
})  # fmt: skip
"""Programs of our own that take the custodian's rights; every other one runs as the owner."""


@dataclass(frozen=True, slots=True)
class Owner:
    """A user with a group and further groups, as numbers."""

    uid: int
    gid: int
    groups: tuple[int, ...] = ()

    @classmethod
    def current(cls) -> Owner:
        """Return whom this process belongs to."""
        return cls(os.geteuid(), os.getegid(), tuple(os.getgroups()))

    @classmethod
    def named(cls, user: str) -> Owner:
        """Return the user called *user*.

        Raises:
            KeyError: there is none.
        """
        entry = pwd.getpwnam(user)
        groups = tuple(one.gr_gid for one in grp.getgrall() if user in one.gr_mem)
        return cls(entry.pw_uid, entry.pw_gid, (entry.pw_gid, *groups))

    def popen(self) -> dict[str, Any]:
        """Return the arguments by which ``subprocess`` starts a process as this user."""
        return {"user": self.uid, "group": self.gid, "extra_groups": list(self.groups)}

    def become(self) -> None:
        """Make this process the owner's, for good.

        Raises:
            PermissionError: it is not root's.
        """
        os.setgroups(self.groups)
        os.setresgid(self.gid, self.gid, self.gid)
        os.setresuid(self.uid, self.uid, self.uid)
        entry = pwd.getpwuid(self.uid)
        os.environ.update(HOME=entry.pw_dir, USER=entry.pw_name, LOGNAME=entry.pw_name)

    def to_json(self) -> dict[str, Any]:
        """Return plain data that :meth:`from_json` understands."""
        return {"uid": self.uid, "gid": self.gid, "groups": list(self.groups)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any] | None) -> Owner | None:
        """Rebuild an owner from :meth:`to_json`'s data; None stays None."""
        if not data:
            return None
        return cls(int(data["uid"]), int(data["gid"]), tuple(data.get("groups", ())))
