"""Checked access to one foreign document: what has the wrong type becomes a gap with its line, never a crash."""

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, TypeVar

from petguard import secrets
from petguard.collect import Input
from petguard.documents import Document, Step
from petguard.model import Facts, Gap, Location, State
from petguard.parsers import one_by_one

T = TypeVar("T")


_MANY = 100  # literal secrets; looking for more of them in every line would let a hostile file stall the scan


@dataclass
class Source:
    """A file that was read into a document. `hidden` holds literal secrets to be masked wherever they turn up."""

    path: str
    text: str
    document: Document
    gaps: list[Gap] = field(default_factory=list)
    hidden: set[str] = field(default_factory=set)

    @property
    def _lines(self) -> list[str]:
        return _split(self.text)

    def at(self, *pointer: Step) -> Location:
        """The place of a part, with its masked source line as evidence."""
        line, column = self.document.line(*pointer), self.document.column(*pointer)
        if len(self.hidden) > _MANY:
            return self.document.location(self.path, *pointer)
        raw = self._lines[line - 1] if line <= len(self._lines) else ""
        return self.document.location(self.path, *pointer, evidence=excerpt(raw, column, self.hidden))

    def raw(self, *pointer: Step) -> str:
        """The source line of a part as it is written: not to be shown."""
        line = self.document.line(*pointer)
        return self._lines[line - 1] if line <= len(self._lines) else ""

    def doubt(self, detail: str, *pointer: Step, reason: str = "wrong_type") -> None:
        """Note that a part could not be understood; the rest of the file counts."""
        line = self.document.line(*pointer)
        self.gaps.append(Gap(path=self.path, state=State.PARTIAL, reason=reason, detail=detail, line=line))

    def mapping(self, value: Any, *pointer: Step) -> dict[str, Any]:
        """`value` when it is a mapping; nothing there is an empty one."""
        return value if isinstance(value, dict) else self._instead(value, "a mapping", pointer, {})

    def items(self, value: Any, *pointer: Step) -> list[Any]:
        """`value` when it is a list; nothing there is an empty one."""
        return value if isinstance(value, list) else self._instead(value, "a list", pointer, [])

    def string(self, value: Any, *pointer: Step) -> str | None:
        """`value` when it is a text that is not blank; nothing there is None."""
        if isinstance(value, str):
            return value.strip() or None
        return self._instead(value, "a text", pointer, None)

    def strings(self, value: Any, *pointer: Step) -> list[tuple[str, tuple[Step, ...]]]:
        """The texts of a list, or the one text that stands for a list, each with its pointer."""
        if isinstance(value, str):
            return [(value.strip(), pointer)] if value.strip() else []
        each = ((self.string(item, *pointer, i), (*pointer, i)) for i, item in enumerate(self.items(value, *pointer)))
        return [(text, place) for text, place in each if text is not None]

    def _instead(self, value: Any, wanted: str, pointer: tuple[Step, ...], empty: T) -> T:
        if value is not None:
            name = ".".join(str(step) for step in pointer) or "the document"
            self.doubt(f"{name} is not {wanted}", *pointer)
        return empty


@lru_cache(maxsize=1)
def _split(text: str) -> list[str]:
    """The lines of the file that is being read, which may hold thousands of documents."""
    return text.split("\n")


def excerpt(line: str, column: int, hidden: Collection[str] = ()) -> str:
    """The evidence that a line is: masked, and of one that is very long (a minified file) what starts at `column`."""
    return secrets.mask_near(line, column - 1, hidden)


def each(
    inputs: Iterable[Input], open_: Callable[[str], Iterable[Document]], read: Callable[[Source], Facts]
) -> Iterator[Facts | Gap]:
    """Read every document of every file; `read` may note doubts, which follow a file's facts as gaps."""
    for item in inputs:
        gaps: list[Gap] = []

        def whole(item: Input, gaps: list[Gap] = gaps) -> Facts:
            sources = (Source(item.path, item.text, document, gaps) for document in open_(item.text))
            return together(read(source) for source in sources)

        yield from one_by_one([item], whole)
        yield from dict.fromkeys(gaps)


def together(parts: Iterable[Facts]) -> Facts:
    """Several facts as one, in their order."""
    kept = tuple(parts)
    return Facts(
        nodes=tuple(node for part in kept for node in part.nodes),
        edges=tuple(edge for part in kept for edge in part.edges),
        claims=tuple(claim for part in kept for claim in part.claims),
        settings=tuple(setting for part in kept for setting in part.settings),
    )


def mappings(value: Any, pointer: tuple[Step, ...] = ()) -> Iterator[tuple[tuple[Step, ...], dict[Any, Any]]]:
    """Every mapping in a document with its place; whoever read the document has bounded its depth and size."""
    if isinstance(value, dict):
        yield pointer, value
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, inner in items:
        if isinstance(inner, dict | list):
            yield from mappings(inner, (*pointer, step))
