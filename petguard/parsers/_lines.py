"""A foreign text that is read line by line: the place of a line, with its masked source as evidence."""

from dataclasses import dataclass, field
from functools import cached_property

from petguard import secrets
from petguard.model import Gap, Location, State


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

    def at(self, line: int) -> Location:
        """The place of a 1-based line."""
        raw = self.each[line - 1] if line <= len(self.each) else ""
        return Location(path=self.path, line=line, evidence=secrets.mask_in(raw, self.hidden))

    def doubt(self, detail: str, line: int, *, reason: str = "unresolved") -> None:
        """Note that a part could not be understood; the rest of the file counts."""
        self.gaps.append(Gap(path=self.path, state=State.PARTIAL, reason=reason, detail=detail, line=line))
