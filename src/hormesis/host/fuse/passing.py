"""Passing: answers each request of the kernel from a folder beneath, unless a rule forbids it."""

from __future__ import annotations

import ctypes
import errno
import itertools
import os
import stat as modes
from collections.abc import Callable, Mapping

from hormesis.host.fuse import wire
from hormesis.host.fuse.nodes import Node, Nodes
from hormesis.host.fuse.rules import Rules
from hormesis.host.fuse.wire import Op, Request

_libc = ctypes.CDLL(None, use_errno=True)
# The kernel works out where an append goes; alignment would have to hold for our own buffers.
_NOT_PASSED = os.O_APPEND | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_DIRECT | os.O_NOCTTY

Listing = list[tuple[bytes, int, int]]


class Passing:
    """One volume. Each method answers one kind of request with the reply's body."""

    def __init__(self, backing: str, rules: Rules) -> None:
        self.nodes = Nodes(backing)
        self.rules = rules
        self._listings: dict[int, Listing] = {}
        self._numbers = itertools.count(1)
        self._root = os.geteuid() == 0
        self.answers: Mapping[int, Callable[[Request], bytes]] = {
            Op.LOOKUP: self._lookup, Op.GETATTR: self._getattr, Op.SETATTR: self._setattr,
            Op.READLINK: self._readlink, Op.SYMLINK: self._symlink, Op.MKNOD: self._mknod,
            Op.MKDIR: self._mkdir, Op.UNLINK: self._unlink, Op.RMDIR: self._rmdir,
            Op.RENAME: self._rename, Op.RENAME2: self._rename2, Op.LINK: self._link,
            Op.OPEN: self._open, Op.CREATE: self._create, Op.READ: self._read,
            Op.WRITE: self._write, Op.STATFS: self._statfs, Op.RELEASE: self._release,
            Op.FSYNC: self._fsync, Op.FLUSH: self._flush, Op.OPENDIR: self._opendir,
            Op.READDIR: self._readdir, Op.RELEASEDIR: self._releasedir,
            Op.FSYNCDIR: self._fsyncdir, Op.FALLOCATE: self._fallocate, Op.LSEEK: self._lseek,
        }  # fmt: skip

    def forget(self, request: Request) -> None:
        """Let go of nodes that the kernel has forgotten; it wants no reply."""
        if request.op == Op.FORGET:
            self.nodes.forget(request.node, wire.FORGET_IN.unpack_from(request.body)[0])
            return
        count = wire.BATCH_IN.unpack_from(request.body)[0]
        for index in range(count):
            place = wire.BATCH_IN.size + index * wire.FORGET_ONE.size
            self.nodes.forget(*wire.FORGET_ONE.unpack_from(request.body, place))

    def _check(self, node: Node, *operations: str, name: bytes = b"") -> None:
        """Let the rules speak, about *node* or a name in it."""
        if not self.rules:
            return
        path = node.path
        if name:
            path = f"{path}/{os.fsdecode(name)}" if path else os.fsdecode(name)
        self.rules.apply(operations, path)

    def _lookup(self, request: Request) -> bytes:
        parent, name = self.nodes[request.node], request.text
        self._check(parent, "stat", name=name)
        node, stat = self.nodes.find(parent, name)
        return wire.entry_out(node.number, stat)

    def _getattr(self, request: Request) -> bytes:
        node = self.nodes[request.node]
        self._check(node, "stat")
        return wire.attr_out(os.fstat(node.fd))

    def _setattr(self, request: Request) -> bytes:
        node = self.nodes[request.node]
        (valid, _, handle, size, _, atime, mtime, _, atime_ns, mtime_ns, _, mode, _, uid, gid) = (
            wire.SETATTR_IN.unpack_from(request.body)
        )
        self._check(node, "truncate" if valid & wire.SET_SIZE else "setattr")
        if valid & wire.SET_SIZE:
            os.truncate(handle if valid & wire.SET_FH else node.link, size)
        if valid & (wire.SET_UID | wire.SET_GID):
            os.chown(
                node.link, uid if valid & wire.SET_UID else -1, gid if valid & wire.SET_GID else -1
            )
        if valid & wire.SET_MODE:
            os.chmod(node.link, modes.S_IMODE(mode))
        if valid & (wire.SET_ATIME | wire.SET_MTIME):
            self._set_times(node, valid, atime * 10**9 + atime_ns, mtime * 10**9 + mtime_ns)
        return wire.attr_out(os.fstat(node.fd))

    def _set_times(self, node: Node, valid: int, atime_ns: int, mtime_ns: int) -> None:
        if valid & wire.SET_ATIME_NOW and valid & wire.SET_MTIME_NOW:
            os.utime(node.link)
            return
        stat = os.fstat(node.fd)
        os.utime(
            node.link,
            ns=(
                atime_ns if valid & wire.SET_ATIME else stat.st_atime_ns,
                mtime_ns if valid & wire.SET_MTIME else stat.st_mtime_ns,
            ),
        )

    def _readlink(self, request: Request) -> bytes:
        node = self.nodes[request.node]
        self._check(node, "stat")
        return os.readlink(b"", dir_fd=node.fd)

    def _symlink(self, request: Request) -> bytes:
        name, content = wire.names_in(request.body)
        parent = self.nodes[request.node]
        self._check(parent, "create", name=name)
        os.symlink(content, name, dir_fd=parent.fd)
        return self._born(parent, name, request)

    def _mknod(self, request: Request) -> bytes:
        mode, device, _, _ = wire.MKNOD_IN.unpack_from(request.body)
        name = wire.name_in(request.body[wire.MKNOD_IN.size :])
        parent = self.nodes[request.node]
        self._check(parent, "create", name=name)
        os.mknod(name, mode, device, dir_fd=parent.fd)
        return self._born(parent, name, request)

    def _mkdir(self, request: Request) -> bytes:
        mode, _ = wire.MKDIR_IN.unpack_from(request.body)
        name = wire.name_in(request.body[wire.MKDIR_IN.size :])
        parent = self.nodes[request.node]
        self._check(parent, "mkdir", name=name)
        os.mkdir(name, mode, dir_fd=parent.fd)
        return self._born(parent, name, request)

    def _born(self, parent: Node, name: bytes, request: Request) -> bytes:
        """Give what was just made to whoever asked for it."""
        node, stat = self.nodes.find(parent, name)
        if self._root and (stat.st_uid, stat.st_gid) != (request.uid, request.gid):
            # The folder may hand down its group, which the folder beneath has done already.
            group = -1 if os.fstat(parent.fd).st_mode & modes.S_ISGID else request.gid
            os.chown(name, request.uid, group, dir_fd=parent.fd, follow_symlinks=False)
            stat = os.fstat(node.fd)
        return wire.entry_out(node.number, stat)

    def _unlink(self, request: Request) -> bytes:
        parent, name = self.nodes[request.node], request.text
        self._check(parent, "unlink", name=name)
        os.unlink(name, dir_fd=parent.fd)
        return b""

    def _rmdir(self, request: Request) -> bytes:
        parent, name = self.nodes[request.node], request.text
        self._check(parent, "rmdir", name=name)
        os.rmdir(name, dir_fd=parent.fd)
        return b""

    def _rename(self, request: Request) -> bytes:
        to = wire.RENAME_IN.unpack_from(request.body)[0]
        return self._renamed(request, to, 0, request.body[wire.RENAME_IN.size :])

    def _rename2(self, request: Request) -> bytes:
        to, flags, _ = wire.RENAME2_IN.unpack_from(request.body)
        return self._renamed(request, to, flags, request.body[wire.RENAME2_IN.size :])

    def _renamed(self, request: Request, to: int, flags: int, names: memoryview) -> bytes:
        old, new = wire.names_in(names)
        source, target = self.nodes[request.node], self.nodes[to]
        self._check(source, "rename", name=old)
        if _libc.renameat2(source.fd, old, target.fd, new, flags) != 0:
            raise OSError(ctypes.get_errno(), "renameat2")
        self.nodes.moved(target, new)
        if flags:
            self.nodes.moved(source, old)
        return b""

    def _link(self, request: Request) -> bytes:
        node = self.nodes[wire.LINK_IN.unpack_from(request.body)[0]]
        name = wire.name_in(request.body[wire.LINK_IN.size :])
        parent = self.nodes[request.node]
        self._check(parent, "create", name=name)
        os.link(node.link, name, dst_dir_fd=parent.fd, follow_symlinks=True)
        found, stat = self.nodes.find(parent, name)
        return wire.entry_out(found.number, stat)

    def _open(self, request: Request) -> bytes:
        flags, _ = wire.OPEN_IN.unpack_from(request.body)
        node = self.nodes[request.node]
        writes = (flags & os.O_ACCMODE) != os.O_RDONLY
        self._check(node, "open", *(("open-write",) if writes else ()))
        handle = os.open(node.link, flags & ~_NOT_PASSED | os.O_CLOEXEC)
        return wire.OPEN_OUT.pack(handle, 0, 0)

    def _create(self, request: Request) -> bytes:
        flags, mode, _, _ = wire.CREATE_IN.unpack_from(request.body)
        name = wire.name_in(request.body[wire.CREATE_IN.size :])
        parent = self.nodes[request.node]
        self._check(parent, "create", name=name)
        wanted = (flags & ~_NOT_PASSED) | (flags & os.O_EXCL) | os.O_CREAT | os.O_CLOEXEC
        handle = os.open(name, wanted | os.O_NOFOLLOW, mode, dir_fd=parent.fd)
        try:
            return self._born(parent, name, request) + wire.OPEN_OUT.pack(handle, 0, 0)
        except OSError:
            os.close(handle)
            raise

    def _read(self, request: Request) -> bytes:
        handle, offset, size, _, _, _, _ = wire.READ_IN.unpack_from(request.body)
        self._check(self.nodes[request.node], "read")
        return os.pread(handle, size, offset)

    def _write(self, request: Request) -> bytes:
        handle, offset, size, _, _, _, _ = wire.READ_IN.unpack_from(request.body)
        self._check(self.nodes[request.node], "write")
        data = request.body[wire.READ_IN.size : wire.READ_IN.size + size]
        return wire.WRITE_OUT.pack(os.pwrite(handle, data, offset), 0)

    def _statfs(self, request: Request) -> bytes:
        bytes_free, files_free = self.rules.room()
        return wire.statfs_out(os.statvfs(self.nodes[wire.ROOT].link), bytes_free, files_free)

    def _release(self, request: Request) -> bytes:
        os.close(wire.RELEASE_IN.unpack_from(request.body)[0])
        return b""

    def _flush(self, request: Request) -> bytes:
        self._check(self.nodes[request.node], "close")
        return b""

    def _fsync(self, request: Request) -> bytes:
        handle, flags, _ = wire.FSYNC_IN.unpack_from(request.body)
        self._check(self.nodes[request.node], "fsync")
        (os.fdatasync if flags & wire.FDATASYNC else os.fsync)(handle)
        return b""

    def _fsyncdir(self, request: Request) -> bytes:
        node = self.nodes[request.node]
        self._check(node, "fsync")
        folder = os.open(node.link, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
        return b""

    def _opendir(self, request: Request) -> bytes:
        node = self.nodes[request.node]
        self._check(node, "list")
        listing: Listing = [(b".", node.key[1], modes.S_IFDIR), (b"..", 1, modes.S_IFDIR)]
        folder = os.open(node.link, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            with os.scandir(folder) as entries:
                listing += [
                    (os.fsencode(one.name), one.inode(), _sort_of(one)) for one in entries
                ]
        finally:
            os.close(folder)
        handle = next(self._numbers)
        self._listings[handle] = listing
        return wire.OPEN_OUT.pack(handle, 0, 0)

    def _readdir(self, request: Request) -> bytes:
        handle, offset, size, _, _, _, _ = wire.READ_IN.unpack_from(request.body)
        data = b""
        listing = self._listings[handle]
        for place in range(offset, len(listing)):
            name, number, mode = listing[place]
            entry = wire.dirent(number, place + 1, mode >> 12, name)
            if len(data) + len(entry) > size:
                break
            data += entry
        return data

    def _releasedir(self, request: Request) -> bytes:
        self._listings.pop(wire.RELEASE_IN.unpack_from(request.body)[0], None)
        return b""

    def _fallocate(self, request: Request) -> bytes:
        handle, offset, length, mode, _ = wire.FALLOCATE_IN.unpack_from(request.body)
        self._check(self.nodes[request.node], "write")
        where, size = ctypes.c_int64(offset), ctypes.c_int64(length)
        if _libc.fallocate(int(handle), mode, where, size) != 0:
            raise OSError(ctypes.get_errno(), "fallocate")
        return b""

    def _lseek(self, request: Request) -> bytes:
        handle, offset, whence, _ = wire.LSEEK_IN.unpack_from(request.body)
        return wire.LSEEK_OUT.pack(os.lseek(handle, offset, whence))


def _sort_of(entry: os.DirEntry[str]) -> int:
    if entry.is_symlink():
        return modes.S_IFLNK
    if entry.is_dir(follow_symlinks=False):
        return modes.S_IFDIR
    return modes.S_IFREG if entry.is_file(follow_symlinks=False) else 0


def error_of(failure: Exception) -> int:
    """Return the number that tells the kernel what went wrong."""
    if isinstance(failure, OSError) and failure.errno:
        return failure.errno
    return errno.ESTALE if isinstance(failure, KeyError) else errno.EIO
