"""Bicep as values: resources, modules, parameters and variables in the form that an ARM template would give them.

Read by brackets and line ends, which is how the language separates things. Expressions stay text in `${...}`.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from petguard.documents import MAX_DEPTH, Step
from petguard.errors import UnreadableInput
from petguard.parsers._lines import starts

_DECLARED = re.compile(
    r"(?m)^[ \t]*(?P<what>resource|module|param|var)[ \t]+(?P<name>\w+)(?P<type>[ \t]+[^=\n]*?)?[ \t]*=[ \t]*"
)
_TYPE = re.compile(r"\s*'(?P<type>[^']*)'")
_TOKEN = re.compile(r"(?P<skip>[ \t\r]+|//[^\n]*)|(?P<end>\n|,)|(?P<text>'(?:[^'\\\n]|\\.)*+')|(?P<mark>[{}\[\]:])")
_LONGER = {"/*": ("*/", "skip"), "'''": ("'''", "text")}  # what goes over several lines, and what it is
_MOST_READ = 5  # times the length of the text; what is nested in something is read again by itself
_KEY = re.compile(r"(?P<name>[A-Za-z_]\w*|'(?:[^'\\\n]|\\.)*+')[ \t]*:")
_HEAD = re.compile(r"(?:if[ \t]*\([^\n]*?\)[ \t]*+(?=\{))|(?:for[ \t][^\n:]*+:[ \t]*+(?:if[ \t]*\([^\n]*?\)[ \t]*+)?)")
_DECORATOR = re.compile(r"(?m)^[ \t]*@")


@dataclass(frozen=True)
class Declaration:
    """One declaration: `what` is resource, module, param or var; `lines` says where each part of the value begins."""

    what: str
    name: str
    type: str
    line: int
    value: Any
    existing: bool = False  # it only refers to something that is there already
    lines: dict[tuple[Step, ...], int] = field(default_factory=dict)


def declarations(text: str) -> Iterator[Declaration]:
    """The declarations of a Bicep file, in order; those inside a resource come after it."""
    begins, read = starts(text), 0
    for found in _DECLARED.finditer(text):
        line = bisect_right(begins, found.start("what"))
        kind = _TYPE.match(found["type"] or "")
        reader = _Reader(text, found.end(), begins)
        value = reader.value((), 0)
        read += reader.at - found.end()
        if read > _MOST_READ * len(text):
            raise UnreadableInput("declarations are nested too deeply", reason="too_deep", line=line)
        existing = re.search(r"'\s+existing\b", found["type"] or "") is not None
        named = kind["type"] if kind else ""
        yield Declaration(found["what"], found["name"], named, line, value, existing, reader.lines)


class _Reader:
    """Reads one value from a position on."""

    def __init__(self, text: str, at: int, begins: list[int]) -> None:
        self.text = text
        self.at = at
        self.lines: dict[tuple[Step, ...], int] = {}
        self._begins = begins

    def value(self, pointer: tuple[Step, ...], depth: int) -> Any:
        """An object, an array, a text, or an expression as text."""
        if depth > MAX_DEPTH:
            raise UnreadableInput(f"nested deeper than {MAX_DEPTH} levels", reason="too_deep", line=self._here())
        self._skip(ends=False)
        head = _HEAD.match(self.text, self.at)
        if head is not None:
            self.at = head.end()
            self._skip(ends=True)
        mark = self.text[self.at : self.at + 1]
        if mark == "{":
            return self._object(pointer, depth)
        if mark == "[":
            return self._array(pointer, depth)
        return self._expression()

    def _object(self, pointer: tuple[Step, ...], depth: int) -> dict[str, Any]:
        self.at += 1
        found: dict[str, Any] = {}
        while not self._closed("}"):
            key = _KEY.match(self.text, self.at)
            if key is None:
                self._expression()
                continue
            name = key["name"].strip("'")
            self.lines[*pointer, name] = self._here()
            self.at = key.end()
            found[name] = self.value((*pointer, name), depth + 1)
        return found

    def _array(self, pointer: tuple[Step, ...], depth: int) -> list[Any]:
        self.at += 1
        found: list[Any] = []
        while not self._closed("]"):
            place = (*pointer, len(found))
            self.lines[place] = self._here()
            found.append(self.value(place, depth + 1))
        return found

    def _closed(self, mark: str) -> bool:
        """Whether the bracket is closed here, or the text ends."""
        self._skip(ends=True)
        if self.at >= len(self.text):
            return True
        if self.text[self.at] == mark:
            self.at += 1
            return True
        return False

    def _token(self) -> tuple[str, int]:
        """The kind of what stands here and where it ends; what is opened and never closed takes all the rest."""
        for start, (close, kind) in _LONGER.items():
            if self.text.startswith(start, self.at):
                end = self.text.find(close, self.at + len(start))
                return kind, len(self.text) if end < 0 else end + len(close)
        found = _TOKEN.match(self.text, self.at)
        return (found.lastgroup or "", found.end()) if found else ("", self.at + 1)

    def _skip(self, *, ends: bool) -> None:
        kind, end = self._token()
        while self.at < len(self.text) and (kind == "skip" or (ends and kind == "end")):
            self.at = end
            kind, end = self._token()

    def _expression(self) -> str:
        """A text without its quotes, or whatever stands up to the end of the item; brackets in it are balanced."""
        start, depth, texts, others = self.at, 0, [], 0
        while self.at < len(self.text):
            char = self.text[self.at]
            kind, end = self._token()
            if depth == 0 and (char in "]}" or kind == "end"):
                break
            if kind == "text":
                texts.append(self.text[self.at : end])
            elif kind != "skip":
                others += 1
                depth += (char in "([{") - (char in ")]}")
            self.at = end
        if self.at == start:
            self.at += 1
        if len(texts) == 1 and not others:
            return texts[0].strip("'").strip("\n") if texts[0].startswith("'''") else texts[0][1:-1]
        return f"${{{self.text[start : self.at].strip()}}}"

    def _here(self) -> int:
        return bisect_right(self._begins, self.at)
