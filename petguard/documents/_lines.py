"""Settings that are lines: `.properties`, `.env` and `.ini` files, and, roughly, what is indented but cannot be parsed.

Every reader gives the same nested mappings as the others, so that nobody behind them needs to know the format.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from petguard.documents._common import MAX_DEPTH, Document, Place, Step, bounded, printable

_SECTION = re.compile(r"\[(?P<name>[^\[\]\n]{1,200})\]\s*(?:[#;].*)?")
_PAIR = re.compile(r"(?:export\s+)?(?P<key>[\w][\w.\-/\[\]]{0,199})\s*(?:=|:(?!:))\s*(?P<value>.*)")
_QUOTED = re.compile(r"\"(?P<double>(?:[^\"\\]|\\.)*+)\"|'(?P<single>[^']*+)'")
_LOOSE = re.compile(
    r"(?P<indent>[ \t]*)(?P<item>(?:-[ \t]+)*)"
    r"(?:(?P<quote>[\"']?)(?P<key>[A-Za-z_$][\w.\-/]{0,199})(?P=quote)\s*(?:[:=](?=[\s\"'{\[]|$)|(?=\{\s*$))\s*)?(?P<value>.*)"
)
_NOTHING = re.compile(r"\s*+(?:(?:\{\{[^{}]*\}\}|\{%[^{}]*%\}|<%[^=].*%>)\s*+|#.*|//.*|[\s{}\[\](),;]*+)")
_OPENING = ("", "{", "[", "|", ">", "|-", ">-")


@dataclass
class _Table:
    """A mapping under construction, with the places of its keys."""

    line: int = 1
    column: int = 1
    value: dict[str, Any] = field(default_factory=dict)
    inside: dict[Step, "_Table"] = field(default_factory=dict)

    def within(self, key: str, line: int, column: int) -> "_Table":
        """The table under `key`; a plain value that stood there stays, under the empty name."""
        held = self.value.get(key)
        if not isinstance(held, dict):
            table = _Table(line, column, {} if held is None else {"": held})
            self.value[key], self.inside[key] = table.value, table
        return self.inside[key]

    def put(self, key: str, value: str, line: int, column: int) -> None:
        """Set a plain value; under a key that has a table already it takes the empty name there."""
        if isinstance(self.value.get(key), dict):
            self.inside[key].put("", value, line, column)
        else:
            self.value[key], self.inside[key] = value, _Table(line, column)

    def place(self) -> Place:
        """Where this stands, and what lies inside it."""
        return Place(self.line, self.column, {key: table.place() for key, table in self.inside.items()})


def read_lines(text: str) -> Document:
    """`key = value` lines, with `[sections]`, comments and continued lines; dots in keys nest."""
    root = section = _Table()
    for number, raw in _continued(bounded(text, "lines")):
        line = raw.strip()
        if not line or line[0] in "#;!":
            continue
        header = _SECTION.fullmatch(line)
        if header:
            section = _nested(root, re.split(r"[.:\s\"]+", header["name"].strip()), number)
        elif pair := _PAIR.fullmatch(line):
            *above, key = [part for part in pair["key"].split(".") if part] or [pair["key"]]
            _nested(section, above, number).put(key, _plain(pair["value"]), number, len(raw) - len(raw.lstrip()) + 1)
    return Document(root.value, root.place())


def read_loosely(text: str) -> Document:
    """`key: value` lines nested by their indentation, for a text that is no YAML, JSON or TOML but nearly is one.

    Items of lists stand under numbers as names. What is not understood is left out: the caller notes a gap.
    """
    outline = _Outline()
    for number, raw in enumerate(bounded(text, "lines").split("\n"), 1):
        found = None if _NOTHING.fullmatch(raw) else _LOOSE.fullmatch(raw)
        if found is not None:
            outline.add(found, number)
    return Document(outline.root.value, outline.root.place())


class _Outline:
    """The tables that are open at a line: each with its indentation, and whether it is the item of a list."""

    def __init__(self) -> None:
        self.root = _Table()
        self._open: list[tuple[int, bool, _Table]] = [(-1, False, self.root)]

    def add(self, found: re.Match[str], number: int) -> None:
        """Take one line."""
        indent, item = len(found["indent"].expandtabs(4)), bool(found["item"])
        while self._open[-1][:2] >= (indent, item):
            self._open.pop()
        if item and found["key"]:
            self._push(indent, True, str(len(self._open[-1][2].value)), number, indent + 1)
            indent += len(found["item"])
        key = found["key"] or (item and str(len(self._open[-1][2].value)))
        if key:
            self._set(key, found["value"], indent, number)

    def _set(self, key: str, value: str, indent: int, number: int) -> None:
        value = _plain(value.rstrip().rstrip(","))
        if value in _OPENING:
            self._push(indent, False, key, number, indent + 1)
        else:
            self._open[-1][2].put(key, value, number, indent + 1)

    def _push(self, indent: int, item: bool, key: str, line: int, column: int) -> None:
        if len(self._open) < MAX_DEPTH:
            self._open.append((indent, item, self._open[-1][2].within(key, line, column)))


def _continued(text: str) -> Iterator[tuple[int, str]]:
    """Lines with their numbers; a line that ends in a backslash goes on in the next."""
    held, start = "", 0
    for number, line in enumerate(text.split("\n"), 1):
        start = start if held else number
        if line.endswith("\\") and len(held) < 10_000:
            held += line[:-1]
            continue
        yield start, held + line.lstrip() if held else line
        held = ""
    if held:
        yield start, held


def _nested(table: _Table, keys: list[str], line: int) -> _Table:
    for key in [key for key in keys if key][:MAX_DEPTH]:
        table = table.within(key, line, 1)
    return table


def _plain(value: str) -> str:
    """The value without its quotes or the comment behind it."""
    quoted = _QUOTED.match(value)
    if quoted:
        return printable(quoted["double"] if quoted["double"] is not None else quoted["single"])
    return re.split(r"\s[#;]", value, maxsplit=1)[0].strip()
