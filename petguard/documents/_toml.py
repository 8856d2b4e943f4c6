"""TOML through the standard library, and a second look at the text for the places of its keys."""

import re
import tomllib
from bisect import bisect_right
from dataclasses import dataclass, field
from typing import Any

from petguard.documents._common import MAX_DEPTH, Document, Place, Step, bounded, too_deep
from petguard.errors import UnreadableInput

_TOML_SPACE = re.compile(r"(?:[ \t\n]++|#[^\n]*+)*+")
_TOML_KEY = re.compile(r"""[ \t]*(?:(?P<bare>[\w-]++)|"(?P<basic>(?:\\.|[^"\\\n])*+)"|'(?P<literal>[^'\n]*+)')[ \t]*""")
_TOML_STRING = re.compile(
    r'"{3}(?:\\(?s:.)|[^\\])*?"{3,5}' r"|'{3}(?s:.)*?'{3,5}" r'|"(?:\\.|[^"\\\n])*+"' r"|'[^'\n]*+'"
)
_TOML_ATOM = re.compile(r"[^,\]}#\n]*+")
_LONG_KEY = re.compile(r"""(?<![\w-])(?:(?:[\w-]++|"[^"\n]*+"|'[^'\n]*+')[ \t]*+\.[ \t]*+){101}""")


def read_toml(text: str) -> Document:
    """A TOML text; dates and times become ISO text."""
    text = bounded(text, "TOML").replace("\r\n", "\n")
    if _LONG_KEY.search(text):  # tomllib needs quadratic time for a key of many parts
        raise too_deep()
    try:
        value = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"at line (\d+)", str(error))
        raise UnreadableInput(f"not TOML: {error}", line=int(found[1]) if found else None) from error
    except ValueError as error:
        raise UnreadableInput("an integer has too many digits", reason="too_large") from error
    except RecursionError as error:
        raise too_deep() from error
    return Document(_plain(value, 0), _TomlPlaces(text).root())


def _plain(value: Any, depth: int) -> Any:
    """Dates and times as text, depth bounded."""
    if depth > MAX_DEPTH:
        raise too_deep()
    if isinstance(value, dict):
        return {key: _plain(item, depth + 1) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item, depth + 1) for item in value]
    return value if isinstance(value, str | int | float) else value.isoformat()


@dataclass
class _Growing:
    """A place under construction; for an array of tables `last` is the table that the next lines belong to."""

    line: int
    column: int
    inside: "dict[Step, _Growing]" = field(default_factory=dict)
    last: int = -1

    def done(self) -> Place:
        return Place(self.line, self.column, {step: inner.done() for step, inner in self.inside.items()})


class _TomlPlaces:
    """Finds the places of keys and items in a text that tomllib has already accepted."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._starts = [0, *(found.end() for found in re.finditer("\n", text))]
        self._at = 0

    def root(self) -> Place:
        root = table = _Growing(1, 1)
        while char := self._skip():
            start = self._at
            if char == "[":
                table = self._header(root)
            else:
                self._entry(table)
            if self._at == start:  # cannot happen in valid TOML; without it a slip here would never end
                break
        return root.done()

    def _here(self, offset: int) -> _Growing:
        line = bisect_right(self._starts, offset)
        return _Growing(line, offset - self._starts[line - 1] + 1)

    def _skip(self) -> str:
        found = _TOML_SPACE.match(self._text, self._at)
        self._at = found.end() if found else self._at
        return self._text[self._at : self._at + 1]

    def _key(self) -> list[tuple[str, int]]:
        parts = []
        while found := _TOML_KEY.match(self._text, self._at):
            start = self._at + len(found[0]) - len(found[0].lstrip())
            parts.append((_key_text(found), start))
            self._at = found.end()
            if self._text[self._at : self._at + 1] != ".":
                break
            self._at += 1
        return parts

    def _descend(self, table: _Growing, parts: list[tuple[str, int]]) -> _Growing:
        for name, start in parts:
            table = table.inside.setdefault(name, self._here(start))
            table = table.inside[table.last] if table.last >= 0 else table
        return table

    def _header(self, root: _Growing) -> _Growing:
        several = self._text.startswith("[[", self._at)
        start = self._at
        self._at += 2 if several else 1
        parts = self._key()
        self._at += 2 if several else 1
        if not several:
            return self._descend(root, parts)
        array = self._descend(root, parts[:-1]).inside.setdefault(parts[-1][0], self._here(parts[-1][1]))
        array.last += 1
        return array.inside.setdefault(array.last, self._here(start))

    def _entry(self, table: _Growing) -> None:
        entry = self._descend(table, self._key())
        self._at += 1  # the equals sign
        self._value(entry)

    def _value(self, owner: _Growing) -> None:
        char = self._skip()
        if char in ("[", "{"):
            self._at += 1
            self._items(owner, "]" if char == "[" else "}")
        elif found := _TOML_STRING.match(self._text, self._at) or _TOML_ATOM.match(self._text, self._at):
            self._at = found.end()

    def _items(self, owner: _Growing, end: str) -> None:
        index = 0
        while (char := self._skip()) not in (end, ""):
            start = self._at
            if char == ",":
                self._at += 1
            elif end == "}":
                self._entry(owner)
            else:
                owner.inside[index] = self._here(start)
                self._value(owner.inside[index])
                index += 1
            if self._at == start:
                break
        self._at += 1


def _key_text(found: re.Match[str]) -> str:
    if found["basic"] is not None and "\\" in found["basic"]:
        return str(tomllib.loads(f'key = "{found["basic"]}"')["key"])
    return found["bare"] or found["basic"] or found["literal"] or ""
