"""Which files a scan sees, and in which state each of them ends."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from pathlib import PurePosixPath


class Interest(Enum):
    """What a parser makes of a candidate after one look at its bytes."""

    NONE = 0  # not this parser's kind of file
    CLEAR = 1  # its kind of file, and nothing in it needs a closer look: analysed
    READ = 2  # to be parsed


@dataclass(frozen=True)
class Candidate:
    """A file that was read once: its path relative to the scan root and its whole content."""

    path: str
    data: bytes

    @property
    def name(self) -> str:
        """The file name without its folders."""
        return PurePosixPath(self.path).name

    @property
    def suffix(self) -> str:
        """The lower-case extension with its dot, or an empty string."""
        return PurePosixPath(self.path).suffix.lower()


@dataclass(frozen=True)
class Input:
    """A decoded file that at least one parser wants to read."""

    path: str
    text: str

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the text in UTF-8, in hex."""
        return hashlib.sha256(self.text.encode("utf-8", "surrogatepass")).hexdigest()


Sniff = Callable[[Candidate], Interest]
