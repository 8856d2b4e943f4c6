"""Where something stands in shell text or SQL, with its masked line as evidence."""

from dataclasses import dataclass, field
from functools import cached_property

from petguard import secrets
from petguard.model import Location


@dataclass
class Place:
    """A text inside a file: `first_line` is the line of the file on which it starts."""

    path: str
    text: str
    first_line: int = 1
    hidden: set[str] = field(default_factory=set)  # literal secrets, masked in all evidence from here on
    _seen: dict[tuple[int, int], Location] = field(default_factory=dict)  # masking a long line takes a millisecond

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
        key = line, len(self.hidden)
        if key not in self._seen:
            index = line - self.first_line
            raw = self._lines[index].strip() if 0 <= index < len(self._lines) else ""
            evidence = secrets.mask_in(raw, self.hidden)
            self._seen[key] = Location(path=self.path, line=line, evidence=evidence)
        return self._seen[key]
