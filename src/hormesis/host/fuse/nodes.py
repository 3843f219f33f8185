"""Nodes: the files the kernel knows by number, each held open by name only.

A descriptor opened with ``O_PATH`` keeps a file reachable after it was renamed or removed, and its
inode number from being given to another one.
"""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass

from hormesis.host.fuse.wire import ROOT


@dataclass(slots=True, eq=False)
class Node:
    """One file; ``known`` counts how often the kernel was told of it."""

    number: int
    fd: int
    key: tuple[int, int]
    parent: Node | None
    name: bytes
    known: int = 0

    @property
    def link(self) -> str:
        """A path that leads to the file itself, wherever it is now."""
        return f"/proc/self/fd/{self.fd}"

    @property
    def path(self) -> str:
        """The path below the volume by which it was last found, for rules."""
        names = []
        node: Node | None = self
        while node is not None and node.parent is not None:
            names.append(node.name)
            node = node.parent
        return os.fsdecode(b"/".join(reversed(names)))


class Nodes:
    """All nodes; safe to use from several threads."""

    def __init__(self, backing: str) -> None:
        fd = os.open(backing, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        stat = os.fstat(fd)
        root = Node(ROOT, fd, (stat.st_dev, stat.st_ino), None, b"", 1)
        self._lock = threading.Lock()
        self._by_number = {ROOT: root}
        self._by_key = {root.key: root}
        self._last = ROOT

    def __getitem__(self, number: int) -> Node:
        """Return the node *number*; the kernel only names those it was told of."""
        return self._by_number[number]

    def numbers(self) -> list[int]:
        """Return the numbers of all nodes."""
        return list(self._by_number)

    def find(self, parent: Node, name: bytes) -> tuple[Node, os.stat_result]:
        """Look *name* up in *parent* and count that the kernel is told of it.

        Raises:
            OSError: there is none.
        """
        fd = os.open(name, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=parent.fd)
        stat = os.fstat(fd)
        key = (stat.st_dev, stat.st_ino)
        with self._lock:
            node = self._by_key.get(key)
            if node is None:
                self._last += 1
                node = Node(self._last, fd, key, parent, name)
                self._by_number[node.number] = self._by_key[key] = node
                fd = -1
            elif node.number != ROOT:
                node.parent, node.name = parent, name
            node.known += 1
        if fd >= 0:
            os.close(fd)
        return node, stat

    def moved(self, parent: Node, name: bytes) -> None:
        """Take note that a file is called *name* in *parent* now."""
        try:
            stat = os.stat(name, dir_fd=parent.fd, follow_symlinks=False)
        except OSError:
            return
        with self._lock:
            node = self._by_key.get((stat.st_dev, stat.st_ino))
            if node is not None and node.number != ROOT:
                node.parent, node.name = parent, name

    def forget(self, number: int, times: int) -> None:
        """Take back *times* tellings; a node that the kernel has forgotten is closed."""
        with self._lock:
            node = self._by_number.get(number)
            if node is None or number == ROOT:
                return
            node.known -= times
            if node.known > 0:
                return
            del self._by_number[number], self._by_key[node.key]
        os.close(node.fd)
