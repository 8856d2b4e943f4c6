"""Where something stands in a shell text, with its masked line as evidence."""

from dataclasses import dataclass, field
from functools import cached_property

from petguard import secrets
from petguard.model import Location


@dataclass
class Place:
    """A shell text inside a file: `first_line` is the line of the file on which it starts."""

    path: str
    text: str
    first_line: int = 1
    hidden: set[str] = field(default_factory=set)  # literal secrets, masked in all evidence from here on

    @cached_property
    def _lines(self) -> list[str]:
        return self.text.split("\n")

    def lines(self, first: int, last: int) -> str:
        """The text of some lines of the file."""
        return "\n".join(self._lines[max(0, first - self.first_line) : last - self.first_line + 1])

    def hide(self, secret: str) -> None:
        """Mask a literal wherever it turns up in evidence."""
        self.hidden.add(secret)

    def at(self, line: int) -> Location:
        """The place of a line of the file."""
        index = line - self.first_line
        raw = self._lines[index].strip() if 0 <= index < len(self._lines) else ""
        return Location(path=self.path, line=line, evidence=secrets.mask_in(raw, self.hidden))
