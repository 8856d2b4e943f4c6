"""XML through expat, with the line of every element. A file that brings its own DTD or entities is refused."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import NoReturn
from xml.parsers import expat

from petguard.documents._common import MAX_DEPTH, MAX_NODES, bounded, too_deep, too_many
from petguard.errors import UnreadableInput


@dataclass(slots=True)
class Element:
    """One element: its name without namespace, its attributes, its own text, and what is inside it."""

    name: str
    line: int
    attributes: Mapping[str, str] = field(default_factory=dict)
    pieces: list[str] = field(default_factory=list, repr=False)
    children: list["Element"] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The text outside its children, without the blanks around it."""
        return "".join(self.pieces).strip()

    def at(self, *names: str) -> Iterator["Element"]:
        """The elements that this row of names leads to."""
        if not names:
            yield self
        for child in (child for child in self.children if names and child.name == names[0]):
            yield from child.at(*names[1:])

    def everywhere(self, name: str) -> Iterator["Element"]:
        """The elements of this name at any depth below, in the order of the file."""
        for child in self.children:
            if child.name == name:
                yield child
            yield from child.everywhere(name)

    def said(self, *names: str) -> str | None:
        """The text of the first element that the names lead to; None when it is not there or blank."""
        found = next(self.at(*names), None)
        return (found.text or None) if found is not None else None


def read_xml(text: str) -> Element:
    """The root element of an XML text."""
    reader = _Reader()
    try:
        reader.parser.Parse(bounded(text, "XML").encode("utf-8", "replace"), True)
    except expat.ExpatError as error:
        raise UnreadableInput(f"not XML: {expat.ErrorString(error.code)}", line=error.lineno) from error
    return reader.root.children[0]


class _Reader:
    def __init__(self) -> None:
        self.root = Element("", 1)
        self._open = [self.root]
        self._nodes = 0
        self.parser = expat.ParserCreate("utf-8")
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = lambda _name: self._open.pop()
        self.parser.CharacterDataHandler = self._characters
        self.parser.StartDoctypeDeclHandler = self._refuse

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        line = self.parser.CurrentLineNumber
        self._nodes += 1 + len(attributes)
        if self._nodes > MAX_NODES:
            raise too_many(line)
        if len(self._open) > MAX_DEPTH:
            raise too_deep(line)
        element = Element(name.rpartition(":")[2], line, attributes)
        self._open[-1].children.append(element)
        self._open.append(element)

    def _characters(self, text: str) -> None:
        self._open[-1].pieces.append(text)

    def _refuse(self, *_declared: object) -> NoReturn:
        line = self.parser.CurrentLineNumber
        raise UnreadableInput("an XML file with a document type, which may define entities", line=line)
