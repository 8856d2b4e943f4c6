"""A foreign text that is read line by line: the place of a line, with its masked source as evidence."""

from bisect import bisect_right
from dataclasses import dataclass, field
from functools import cached_property

from petguard import secrets
from petguard.model import Gap, Location, State

_MANY = 100  # literal secrets; looking for more of them in every line would let a hostile file stall the scan


@dataclass
class Lines:
    """A file in a format without a document. `hidden` holds literal secrets to be masked wherever they turn up."""

    path: str
    text: str
    gaps: list[Gap] = field(default_factory=list)
    hidden: set[str] = field(default_factory=set)

    @cached_property
    def each(self) -> list[str]:
        """The lines, without line feeds."""
        return self.text.split("\n")

    @cached_property
    def _starts(self) -> list[int]:
        return starts(self.text)

    def line_at(self, offset: int) -> int:
        """The 1-based line of a character."""
        return bisect_right(self._starts, offset)

    def at(self, line: int) -> Location:
        """The place of a 1-based line."""
        raw = self.each[line - 1] if line <= len(self.each) and len(self.hidden) <= _MANY else ""
        return Location(path=self.path, line=line, evidence=secrets.mask_in(raw, self.hidden))

    def doubt(self, detail: str, line: int, *, reason: str = "unresolved") -> None:
        """Note that a part could not be understood; the rest of the file counts."""
        self.gaps.append(Gap(path=self.path, state=State.PARTIAL, reason=reason, detail=detail, line=line))


def starts(text: str) -> list[int]:
    """Where each line of a text begins."""
    found = [0]
    for line in text.split("\n")[:-1]:
        found.append(found[-1] + len(line) + 1)
    return found
