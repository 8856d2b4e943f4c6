"""JSON as people write it, with comments and trailing commas, and the place of every key."""

import json
import re
from bisect import bisect_right
from collections.abc import Mapping
from typing import Any, NoReturn

from petguard.documents._common import (
    MAX_DEPTH,
    MAX_NODES,
    NOTHING,
    Document,
    Place,
    Step,
    bounded,
    integer,
    printable,
    too_deep,
    too_many,
)
from petguard.errors import UnreadableInput

_JSON_SPACE = re.compile(r"(?:[ \t\r\n]++|//[^\n]*+|/\*(?s:.)*?\*/)*+")
_JSON_NUMBER = re.compile(r"-?(?:0|[1-9]\d*+)(?P<fraction>\.\d++)?(?P<exponent>[eE][-+]?\d++)?", re.ASCII)
_JSON_STRINGS = json.JSONDecoder(strict=False)
_JSON_WORD = re.compile(r"-?[A-Za-z]+")
_JSON_WORDS: dict[str, Any] = {
    "true": True,
    "false": False,
    "null": None,
    "NaN": float("nan"),
    "Infinity": float("inf"),
    "-Infinity": float("-inf"),
}


def read_json(text: str) -> Document:
    """A JSON text; comments, trailing commas, NaN and a byte order mark are taken, the last of two equal keys wins."""
    return _JsonReader(bounded(text, "JSON")).document()


class _JsonReader:
    def __init__(self, text: str) -> None:
        self._text = text
        self._starts = [0, *(found.end() for found in re.finditer("\n", text))]
        self._at = 0
        self._nodes = 0

    def document(self) -> Document:
        """The one value of the text."""
        self._skip()
        place = self._place(self._at)
        value, inside = self._value(0)
        self._skip()
        if self._at != len(self._text):
            self._fail("something follows the value")
        return Document(value, Place(place.line, place.column, inside))

    def _place(self, offset: int, inside: Mapping[Step, Place] = NOTHING) -> Place:
        line = bisect_right(self._starts, offset)
        return Place(line, offset - self._starts[line - 1] + 1, inside)

    def _fail(self, detail: str) -> NoReturn:
        raise UnreadableInput(f"not JSON: {detail}", line=self._place(self._at).line)

    def _skip(self) -> str:
        """Pass blanks and comments; the next character, or an empty string at the end."""
        found = _JSON_SPACE.match(self._text, self._at)
        self._at = found.end() if found else self._at
        return self._text[self._at : self._at + 1]

    def _value(self, depth: int) -> tuple[Any, Mapping[Step, Place]]:
        char = self._text[self._at : self._at + 1]
        self._nodes += 1
        if self._nodes > MAX_NODES:
            raise too_many(self._place(self._at).line)
        if char in ("{", "["):
            if depth >= MAX_DEPTH:
                raise too_deep(self._place(self._at).line)
            self._at += 1
            return self._object(depth + 1) if char == "{" else self._array(depth + 1)
        return (self._string() if char == '"' else self._atom()), NOTHING

    def _string(self) -> str:
        try:
            raw, self._at = _JSON_STRINGS.raw_decode(self._text, self._at)
        except json.JSONDecodeError as error:
            self._fail(error.msg[:1].lower() + error.msg[1:])
        return printable(raw)

    def _atom(self) -> Any:
        number = _JSON_NUMBER.match(self._text, self._at)
        if number:
            line = self._place(self._at).line
            self._at = number.end()
            whole = number["fraction"] is None and number["exponent"] is None
            return integer(number[0], 10, line) if whole else float(number[0])
        word = _JSON_WORD.match(self._text, self._at)
        if word is None or word[0] not in _JSON_WORDS:
            self._fail("a value is missing" if self._at < len(self._text) else "the text ends too early")
        self._at = word.end()
        return _JSON_WORDS[word[0]]

    def _object(self, depth: int) -> tuple[Any, Mapping[Step, Place]]:
        value: dict[str, Any] = {}
        inside: dict[Step, Place] = {}
        while (char := self._skip()) != "}":
            start = self._at
            if char != '"':
                self._fail("a key in double quotes is missing")
            key = self._string()
            if self._skip() != ":":
                self._fail("a colon is missing after a key")
            self._at += 1
            self._skip()
            value[key], inner = self._value(depth)
            inside[key] = self._place(start, inner)
            self._separator("}")
        self._at += 1
        return value, inside

    def _array(self, depth: int) -> tuple[Any, Mapping[Step, Place]]:
        items: list[Any] = []
        inside: dict[Step, Place] = {}
        while self._skip() != "]":
            start = self._at
            item, inner = self._value(depth)
            inside[len(items)] = self._place(start, inner)
            items.append(item)
            self._separator("]")
        self._at += 1
        return items, inside

    def _separator(self, end: str) -> None:
        char = self._skip()
        if char == ",":
            self._at += 1
        elif char != end:
            self._fail(f"a comma or {end} is missing")
