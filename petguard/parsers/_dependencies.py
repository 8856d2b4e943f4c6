"""What the readers of manifests and lock files share: what they yield, and how a file becomes lines with doubts."""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from enum import Enum
from functools import cache, cached_property

from petguard import catalog
from petguard.collect import Candidate
from petguard.documents import Document, Step
from petguard.errors import UnreadableInput
from petguard.model import Gap, Location, State
from petguard.parsers._source import Source, excerpt


class Standing(Enum):
    """Why a file lists a package."""

    DIRECT = 0  # the project asks for it
    TRANSITIVE = 1  # another package asks for it
    LOCKED = 2  # a lock file lists it and does not say who asks
    MANAGED = 3  # a version for the case that some other file asks


@dataclass(frozen=True)
class Dependency:
    """One package that a file lists, with its exact version where the file gives one."""

    name: str
    version: str | None
    line: int
    column: int = 1
    standing: Standing = Standing.DIRECT


@dataclass
class Sheet:
    """A manifest or lock file while it is read."""

    path: str
    text: str
    gaps: list[Gap] = field(default_factory=list)

    @cached_property
    def lines(self) -> list[str]:
        """The lines without their ends."""
        return self.text.split("\n")

    def doubt(self, detail: str, line: int) -> None:
        """Note that a part could not be understood; the rest of the file counts."""
        self.gaps.append(Gap(path=self.path, state=State.PARTIAL, reason="parse_error", detail=detail, line=line))

    def source(self, document: Document) -> Source:
        """Checked access to the document that this file, or a part of it, was read into."""
        return Source(self.path, self.text, document, self.gaps)

    def location(self, dependency: Dependency) -> Location:
        """Where a dependency stands, with its masked line."""
        line, column = dependency.line, dependency.column
        raw = self.lines[line - 1] if line <= len(self.lines) else ""
        return Location(path=self.path, line=line, column=column, evidence=excerpt(raw, column))


def listed(
    source: Source, name: str, version: str | None, *pointer: Step, standing: Standing = Standing.DIRECT
) -> Dependency:
    """The dependency that stands where `pointer` leads."""
    line, column = source.document.line(*pointer), source.document.column(*pointer)
    return Dependency(name, version, line, column, standing)


Read = Callable[[Sheet], Iterable[Dependency]]


@dataclass(frozen=True)
class Format:
    """A kind of manifest or lock file: told by its name, and where that is not enough by a look at the content."""

    ecosystem: catalog.Ecosystem
    named: str  # an expression for the whole file name, in any letter case
    read: Read
    lock: bool = False
    looks: Callable[[Candidate], bool] = lambda _: True
    other_names: frozenset[str] = frozenset()  # single words by which this format alone calls a package


_WORDS = re.compile(rb"[a-z0-9]+")
_ESCAPED = re.compile(rb"\\u[0-9a-fA-F]{4}|\\x[0-9a-fA-F]{2}|&#")


def mentions(format_: Format, data: bytes) -> bool:
    """Whether all words of some package's name stand in the file: a quick no for most files, never a sure yes.

    A name may be written in escapes, so a file with escapes is one to be read.
    """
    words = set(_WORDS.findall(data.lower()))
    known = any(name <= words for name in _known_words(format_.ecosystem))
    return known or any(name.encode() in words for name in format_.other_names) or bool(_ESCAPED.search(data))


@cache
def _known_words(ecosystem: catalog.Ecosystem) -> frozenset[frozenset[bytes]]:
    names = (each.name for each in catalog.packages() if each.ecosystem == ecosystem)
    # The group of a Maven artifact often stands in a property, or in another file.
    return frozenset(frozenset(_WORDS.findall(name.rpartition(":")[2].lower().encode())) for name in names)


_CONFLICT = re.compile(r"(?m)^(?:<{7}|>{7})(?: |$)")


def refuse_conflict(sheet: Sheet) -> None:
    """A file with both sides of a merge conflict says nothing definite."""
    if found := _CONFLICT.search(sheet.text):
        line = sheet.text.count("\n", 0, found.start()) + 1
        raise UnreadableInput("the file holds both sides of a merge conflict; resolve it", line=line)


@dataclass(frozen=True, slots=True)
class Entry:
    """One `key: value` line of a file that a tool writes with one entry a line, and the keys above it."""

    above: tuple[str, ...]
    key: str
    value: str
    line: int


_ENTRY = re.compile(
    r"""(?:"(?P<double>[^"]*)"|'(?P<single>[^']*)'|(?P<bare>[^\s"'&*][^:]*+(?::[^\s:][^:]*+)*+)):(?:\s+(?P<value>.*))?"""
)


def entries(sheet: Sheet) -> Iterator[Entry]:
    """The entries of YAML in the regular shape that lock files are written in; lists are passed over.

    A general reader needs seconds for the tens of thousands of lines that are usual here.
    """
    stack: list[tuple[int, str]] = []
    inside = 0  # deeper lines go on with the text of the entry above
    for number, raw in enumerate(sheet.lines, 1):
        line = raw.strip()
        indent = len(raw) - len(raw.lstrip(" "))
        if not line or line[0] in "#-:" or (inside and indent >= inside):
            continue
        # `? ` stands before a key that is too long for a plain one
        found = _ENTRY.fullmatch(f"{line[2:]}:" if line.startswith("? ") else line)
        if found is None:
            sheet.doubt("the line is not of the shape that this file is written in", number)
            continue
        while stack and stack[-1][0] >= indent:
            stack.pop()
        key = found["double"] or found["single"] or (found["bare"] or "").rstrip()
        value = found["value"] or ""
        yield Entry(tuple(name for _, name in stack), key, unquoted(value), number)
        stack.append((indent, key))
        inside = indent + 1 if value else 0


def unquoted(value: str) -> str:
    """A scalar without the quotes around it."""
    quoted = len(value) > 1 and value[0] == value[-1] and value[0] in "\"'"
    return value[1:-1] if quoted else value
