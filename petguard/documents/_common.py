"""What the readers of all formats share: places, limits, and the errors for what is beyond them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from petguard.errors import UnreadableInput
from petguard.model import Location

MAX_DEPTH = 100
MAX_NODES = 300_000  # after aliases and merge keys are expanded
MAX_TEXT = {  # characters
    "YAML": 1_000_000,
    "TOML": 10_000_000,
    "JSON": 10_000_000,
    "HCL": 2_000_000,
    "XML": 10_000_000,
    "lines": 1_000_000,
}
MAX_DIGITS = 4_000  # below Python's own limit for turning digits into an int

_SURROGATE = re.compile("[\ud800-\udfff]")

Step = str | int


@dataclass(frozen=True, slots=True)
class Place:
    """Where something starts, and the places of what lies inside it."""

    line: int = 1
    column: int = 1
    inside: Mapping[Step, "Place"] = field(default_factory=dict)


NOTHING: Mapping[Step, Place] = {}


@dataclass(frozen=True)
class Document:
    """A plain value (dict with string keys, list, str, int, float, bool, None) and where its parts stand.

    A pointer is a row of keys and indexes. The place of a mapping entry is that of its key; what has no place of
    its own has that of its nearest known ancestor. Values that a YAML file shares by alias are shared here too:
    do not change them.
    """

    value: Any
    _root: Place = field(default_factory=Place, repr=False)
    repeated: tuple[tuple[str, int], ...] = ()  # keys that a YAML mapping holds twice, with the later line
    _above: int = 0  # lines of the file above the text that was read

    @classmethod
    def of_lines(cls, value: Any, line: int, lines: Mapping[tuple[Step, ...], int]) -> "Document":
        """A value that begins in `line`, with the lines of its parts by their pointers."""
        inside: dict[tuple[Step, ...], dict[Step, Place]] = {}
        for pointer in sorted(lines, key=len, reverse=True):
            place = Place(lines[pointer], 1, inside.get(pointer, NOTHING))
            inside.setdefault(pointer[:-1], {})[pointer[-1]] = place
        return cls(value, Place(line, 1, inside.get((), NOTHING)))

    def line(self, *pointer: Step) -> int:
        """The 1-based line of what `pointer` leads to."""
        return self._place(pointer).line + self._above

    def column(self, *pointer: Step) -> int:
        """The 1-based column of what `pointer` leads to."""
        return self._place(pointer).column

    def location(self, path: str, *pointer: Step, evidence: str = "") -> Location:
        """The place in `path` that `pointer` leads to; the caller masks secrets in `evidence`."""
        place = self._place(pointer)
        return Location(path=path, line=place.line + self._above, column=place.column, evidence=evidence)

    def below(self, lines: int) -> "Document":
        """The same document as a part of a file that begins `lines` lines further down."""
        return replace(self, _above=lines)

    def _place(self, pointer: tuple[Step, ...]) -> Place:
        place = self._root
        for step in pointer:
            inner = place.inside.get(step)
            if inner is None:
                return place
            place = inner
        return place


def bounded(text: str, language: str) -> str:
    limit = MAX_TEXT[language]
    if len(text) > limit:
        raise UnreadableInput(f"{len(text)} characters of {language} are more than {limit}", reason="too_large")
    return text.removeprefix("\ufeff")


def too_deep(line: int | None = None) -> UnreadableInput:
    return UnreadableInput(f"nested deeper than {MAX_DEPTH} levels", reason="too_deep", line=line)


def too_many(line: int | None = None) -> UnreadableInput:
    return UnreadableInput(f"more than {MAX_NODES} values when expanded", reason="too_large", line=line)


def integer(digits: str, base: int, line: int) -> int:
    if len(digits) > MAX_DIGITS:
        raise UnreadableInput(f"an integer of {len(digits)} digits", reason="too_large", line=line)
    return int(digits, base)


def printable(raw: str) -> str:
    """Join surrogate pairs that were written as two escapes; a lone half becomes U+FFFD and can be printed."""
    if not _SURROGATE.search(raw):
        return raw
    return raw.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
