"""Reads untrusted bytes in their order; bytes that are missing or left over are a gap, never a crash."""

import struct

from petguard.artefacts import Undecided
from petguard.model import Reason


class Reader:
    """A place in some bytes. `what` names them in messages."""

    def __init__(self, raw: bytes, what: str) -> None:
        self._raw = raw
        self._what = what
        self._at = 0

    def take(self, count: int) -> bytes:
        """The next bytes."""
        if self._at + count > len(self._raw):
            raise Undecided(Reason.GAP, f"{self._what} is cut off")
        self._at += count
        return self._raw[self._at - count : self._at]

    def number(self, code: str) -> int:
        """The next number, of one of the `struct` module's formats."""
        found: int = struct.unpack(code, self.take(struct.calcsize(code)))[0]
        return found

    def part(self, count: int) -> "Reader":
        """The next bytes, to be read by themselves."""
        return Reader(self.take(count), self._what)

    def rest(self) -> bytes:
        """All that is left."""
        return self.take(len(self._raw) - self._at)

    def end(self) -> None:
        """What is left may only be padding: nobody signed it."""
        if any(self._raw[self._at :]):
            raise Undecided(Reason.GAP, f"{self._what} has bytes behind its end")
