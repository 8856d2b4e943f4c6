"""Bicep as values: resources, modules, parameters and variables in the form that an ARM template would give them.

Read by brackets and line ends, which is how the language separates things. Expressions stay text in `${...}`.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from petguard.documents import MAX_DEPTH, Step
from petguard.errors import UnreadableInput

_DECLARED = re.compile(
    r"(?m)^[ \t]*(?P<what>resource|module|param|var)[ \t]+(?P<name>\w+)(?P<type>[ \t]+[^=\n]*?)?[ \t]*=[ \t]*"
)
_TYPE = re.compile(r"\s*'(?P<type>[^']*)'")
_TOKEN = re.compile(
    r"(?P<skip>[ \t\r]+|//[^\n]*|/\*.*?(?:\*/|\Z))|(?P<end>\n|,)|(?P<long>'''.*?(?:'''|\Z))"
    r"|(?P<string>'(?:[^'\\\n]|\\.)*+')|(?P<mark>[{}\[\]:])",
    re.S,
)
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
    line, counted = 1, 0
    for found in _DECLARED.finditer(text):
        line += text.count("\n", counted, found.start("what"))
        counted = found.start("what")
        kind = _TYPE.match(found["type"] or "")
        reader = _Reader(text, found.end(), line)
        value = reader.value((), 0)
        existing = re.search(r"'\s+existing\b", found["type"] or "") is not None
        named = kind["type"] if kind else ""
        yield Declaration(found["what"], found["name"], named, line, value, existing, reader.lines)


class _Reader:
    """Reads one value from a position on."""

    def __init__(self, text: str, at: int, line: int) -> None:
        self.text = text
        self.at = at
        self.lines: dict[tuple[Step, ...], int] = {}
        self._counted, self._line = at, line  # where a value begins is on the line of its name

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

    def _skip(self, *, ends: bool) -> None:
        while (found := _TOKEN.match(self.text, self.at)) and (found["skip"] or (ends and found["end"])):
            self.at = found.end()

    def _expression(self) -> str:
        """A text without its quotes, or whatever stands up to the end of the item; brackets in it are balanced."""
        start, depth, texts, others = self.at, 0, [], 0
        while self.at < len(self.text):
            char = self.text[self.at]
            found = _TOKEN.match(self.text, self.at)
            if depth == 0 and (char in "]}" or (found and found["end"])):
                break
            if found and (found["string"] or found["long"]):
                texts.append(found["string"] or found["long"])
            elif not (found and found["skip"]):
                others += 1
            depth += (char in "([{") - (char in ")]}")
            self.at = found.end() if found and not found["mark"] else self.at + 1
        if self.at == start:
            self.at += 1
        if len(texts) == 1 and not others:
            return texts[0].strip("'").strip("\n") if texts[0].startswith("'''") else texts[0][1:-1]
        return f"${{{self.text[start : self.at].strip()}}}"

    def _here(self) -> int:
        self._line += self.text.count("\n", self._counted, self.at)
        self._counted = self.at
        return self._line
