"""Files of any size and kind, of which only the parts that somebody asks for are read."""

import hashlib
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BufferedReader

from petguard.errors import UnreadableInput

HEAD = 65_536
_KEPT = 4_096
_OPEN = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


@dataclass(frozen=True)
class Blob:
    """A file that was looked at once: its path relative to the scan root, its size, and how it begins.

    Everything else is read when it is asked for; a file that has changed since then is an UnreadableInput.
    """

    path: str
    size: int
    head: bytes = field(repr=False)
    _real: str = field(repr=False)
    _changed_at: int = field(repr=False)

    @classmethod
    def of(cls, real: str, path: str, head: bytes, status: os.stat_result) -> "Blob":
        """The file at `real`, shown as `path`."""
        return cls(path, status.st_size, head[:_KEPT], real, status.st_mtime_ns)

    @contextmanager
    def opened(self) -> Iterator[BufferedReader]:
        """The whole file for reading; keep no more of it than must be. What goes wrong is an UnreadableInput."""
        try:
            with opened(self._real) as file:
                self._check(os.fstat(file.fileno()))
                yield file
        except OSError as error:
            raise UnreadableInput(error.strerror or str(error), reason="unreadable") from error

    def _check(self, status: os.stat_result) -> None:
        if (status.st_size, status.st_mtime_ns) != (self.size, self._changed_at):
            raise UnreadableInput("changed while it was read; scan again", reason="unreadable")

    def part(self, offset: int, length: int) -> bytes:
        """Some bytes; fewer where the file ends before."""
        if offset + length <= len(self.head):
            return self.head[offset : offset + length]
        with self.opened() as file:
            file.seek(offset)
            return file.read(length)

    def digest(self) -> str:
        """SHA-256 in hex; takes time, but no memory, that grows with the size."""
        with self.opened() as file:
            return hashlib.file_digest(file, "sha256").hexdigest()


def opened(path: str) -> BufferedReader:
    """A regular file for reading. Links, pipes and devices are an OSError: they might lead elsewhere, or never end."""
    file = os.fdopen(os.open(path, _OPEN), "rb")
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        file.close()
        raise OSError("not a regular file any more, so it was not read")
    return file
