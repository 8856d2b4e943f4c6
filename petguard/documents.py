"""Reads YAML, JSON and TOML into plain values, and remembers the line and column of every key and item.

Foreign files are hostile. Depth, text size and the size after expanding YAML aliases are bounded before anybody
walks the value; no tag ever constructs an object; whatever cannot be read is an `UnreadableInput`, nothing else.
"""

import json
import re
import tomllib
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import AliasEvent, DocumentStartEvent, ScalarEvent, SequenceStartEvent

from petguard.errors import UnreadableInput
from petguard.model import Location

MAX_DEPTH = 100
MAX_NODES = 300_000  # after aliases and merge keys are expanded
MAX_TEXT = {"YAML": 1_000_000, "TOML": 1_000_000, "JSON": 10_000_000}  # characters
MAX_DIGITS = 4_000  # below Python's own limit for turning digits into an int

Step = str | int


@dataclass(frozen=True, slots=True)
class _Place:
    """Where something starts, and the places of what lies inside it."""

    line: int = 1
    column: int = 1
    inside: Mapping[Step, "_Place"] = field(default_factory=dict)


_NOTHING: Mapping[Step, _Place] = {}


@dataclass(frozen=True)
class Document:
    """A plain value (dict with string keys, list, str, int, float, bool, None) and where its parts stand.

    A pointer is a row of keys and indexes. The place of a mapping entry is that of its key; what has no place of
    its own has that of its nearest known ancestor. Values that a YAML file shares by alias are shared here too:
    do not change them.
    """

    value: Any
    _root: _Place = field(default_factory=_Place, repr=False)

    def line(self, *pointer: Step) -> int:
        """The 1-based line of what `pointer` leads to."""
        return self._place(pointer).line

    def column(self, *pointer: Step) -> int:
        """The 1-based column of what `pointer` leads to."""
        return self._place(pointer).column

    def location(self, path: str, *pointer: Step, evidence: str = "") -> Location:
        """The place in `path` that `pointer` leads to; the caller masks secrets in `evidence`."""
        place = self._place(pointer)
        return Location(path=path, line=place.line, column=place.column, evidence=evidence)

    def _place(self, pointer: tuple[Step, ...]) -> _Place:
        place = self._root
        for step in pointer:
            inner = place.inside.get(step)
            if inner is None:
                return place
            place = inner
        return place


def read_yaml(text: str) -> Document:
    """The first document of a YAML stream, YAML 1.2 core scalars; an empty stream is None.

    Dates stay text, unknown tags are dropped, `<<` is merged, the last of two equal keys wins.
    """
    return next(iter(read_yaml_all(text)), Document(None))


def read_yaml_all(text: str) -> list[Document]:
    """Every document of a YAML stream."""
    text = _bounded(text, "YAML")
    try:
        return list(_Composer(text).documents())
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        detail = error.problem or error.context or "not YAML"
        raise UnreadableInput(f"not YAML: {detail}", line=mark.line + 1 if mark else None) from error
    except (YAMLError, ValueError, LookupError, AttributeError, TypeError, AssertionError) as error:
        # The reader refuses control characters without a mark; the scanner trips over broken escapes and tags.
        raise UnreadableInput(f"not YAML: {str(error).splitlines()[0] if str(error) else 'malformed'}") from error


def read_json(text: str) -> Document:
    """A JSON text; comments, trailing commas, NaN and a byte order mark are taken, the last of two equal keys wins."""
    return _JsonReader(_bounded(text, "JSON")).document()


def read_toml(text: str) -> Document:
    """A TOML text; dates and times become ISO text."""
    text = _bounded(text, "TOML").replace("\r\n", "\n")
    if _LONG_KEY.search(text):  # tomllib needs quadratic time for a key of many parts
        raise _too_deep()
    try:
        value = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"at line (\d+)", str(error))
        raise UnreadableInput(f"not TOML: {error}", line=int(found[1]) if found else None) from error
    except ValueError as error:
        raise UnreadableInput("an integer has too many digits", reason="too_large") from error
    except RecursionError as error:
        raise _too_deep() from error
    return Document(_plain(value, 0), _TomlPlaces(text).root())


def front_matter(text: str) -> Document | None:
    """The YAML between `---` fences at the start of a Markdown file, or None; lines are those of the file."""
    found = _FENCES.match(text)
    return None if found is None else read_yaml("\n" + found["body"])


_FENCES = re.compile(r"\ufeff?---[ \t]*\r?\n(?P<body>(?:.*\n)*?)(?:---|\.\.\.)[ \t]*\r?(?:\n|\Z)")
_LONG_KEY = re.compile(r"""(?<![\w-])(?:(?:[\w-]++|"[^"\n]*+"|'[^'\n]*+')[ \t]*+\.[ \t]*+){101}""")


def _bounded(text: str, language: str) -> str:
    limit = MAX_TEXT[language]
    if len(text) > limit:
        raise UnreadableInput(f"{len(text)} characters of {language} are more than {limit}", reason="too_large")
    return text.removeprefix("\ufeff")


def _too_deep(line: int | None = None) -> UnreadableInput:
    return UnreadableInput(f"nested deeper than {MAX_DEPTH} levels", reason="too_deep", line=line)


def _too_many(line: int | None = None) -> UnreadableInput:
    return UnreadableInput(f"more than {MAX_NODES} values when expanded", reason="too_large", line=line)


def _integer(digits: str, base: int, line: int) -> int:
    if len(digits) > MAX_DIGITS:
        raise UnreadableInput(f"an integer of {len(digits)} digits", reason="too_large", line=line)
    return int(digits, base)


def _text(raw: str) -> str:
    """Join surrogate pairs that were written as two escapes; a lone half becomes U+FFFD and can be printed."""
    if not any("\ud800" <= char <= "\udfff" for char in raw):
        return raw
    return raw.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


# --- YAML ---------------------------------------------------------------------------------------------------------

_STR_TAG = "tag:yaml.org,2002:str"
_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_BOOL = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_INT = re.compile(r"[-+]?\d+", re.ASCII)
_BASED = re.compile(r"0(?:o(?P<oct>[0-7]+)|x(?P<hex>[0-9a-fA-F]+))")
_FLOAT = re.compile(r"[-+]?(?:\.\d+|\d+(?:\.\d*)?)(?:[eE][-+]?\d+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)", re.ASCII)


@dataclass(frozen=True, slots=True)
class _Composed:
    value: Any
    place: _Place
    nodes: int = 1  # with every alias expanded
    height: int = 0

    def seen_from(self, mark: Any) -> "_Composed":
        """The same value where an alias stands."""
        return _Composed(self.value, _Place(mark.line + 1, mark.column + 1, self.place.inside), self.nodes, self.height)


class _Composer:
    """Builds values from YAML events. An alias shares its anchor's value and adds its size to the count."""

    def __init__(self, text: str) -> None:
        self._events = YAML(typ="safe", pure=True).parse(text)
        self._anchors: dict[str, _Composed | None] = {}

    def documents(self) -> Iterator[Document]:
        for event in self._events:
            if isinstance(event, DocumentStartEvent):
                self._anchors = {}
                root = self._compose(next(self._events), 0)
                yield Document(root.value, root.place)

    def _compose(self, event: Any, depth: int) -> _Composed:
        line = event.start_mark.line + 1
        if isinstance(event, AliasEvent):
            composed = self._alias(event)
        else:
            if event.anchor is not None:
                self._anchors[event.anchor] = None
            composed = self._fresh(event, depth)
            if event.anchor is not None:
                self._anchors[event.anchor] = composed
        if depth + composed.height > MAX_DEPTH:
            raise _too_deep(line)
        if composed.nodes > MAX_NODES:
            raise _too_many(line)
        return composed

    def _alias(self, event: Any) -> _Composed:
        anchored = self._anchors.get(event.anchor)
        if anchored is None:
            detail = f"alias *{event.anchor} refers to itself or to nothing"
            raise UnreadableInput(f"not YAML: {detail}", line=event.start_mark.line + 1)
        return anchored.seen_from(event.start_mark)

    def _fresh(self, event: Any, depth: int) -> _Composed:
        if isinstance(event, ScalarEvent):
            mark = event.start_mark
            return _Composed(_scalar(event), _Place(mark.line + 1, mark.column + 1, _NOTHING))
        if depth >= MAX_DEPTH:
            raise _too_deep(event.start_mark.line + 1)
        return self._sequence(event, depth) if isinstance(event, SequenceStartEvent) else self._mapping(event, depth)

    def _children(self) -> Iterator[Any]:
        while not type(event := next(self._events)).__name__.endswith("EndEvent"):
            yield event

    def _sequence(self, start: Any, depth: int) -> _Composed:
        items = []
        nodes = 1
        for event in self._children():
            items.append(self._compose(event, depth + 1))
            nodes = self._counted(nodes + items[-1].nodes, event)
        inside: dict[Step, _Place] = {index: item.place for index, item in enumerate(items)}
        place = _Place(start.start_mark.line + 1, start.start_mark.column + 1, inside)
        height = 1 + max((item.height for item in items), default=0)
        return _Composed([item.value for item in items], place, nodes, height)

    def _mapping(self, start: Any, depth: int) -> _Composed:
        value: dict[str, Any] = {}
        inside: dict[Step, _Place] = {}
        merged: list[_Composed] = []
        nodes, height = 1, 0
        for event in self._children():
            key, at = self._key(event, depth)
            entry = self._compose(next(self._events), depth + 1)
            nodes = self._counted(nodes + 1 + entry.nodes, event)
            height = max(height, entry.height)
            if _is_merge(event, entry.value):
                merged.append(entry)
            else:
                value[key] = entry.value
                inside[key] = _Place(at.line, at.column, entry.place.inside)
        for entry in merged:
            _merge(entry, value, inside)
        place = _Place(start.start_mark.line + 1, start.start_mark.column + 1, inside)
        return _Composed(value, place, nodes, height + 1)

    def _key(self, event: Any, depth: int) -> tuple[str, _Place]:
        if isinstance(event, ScalarEvent):
            place = self._compose(event, depth + 1).place
            return _text(event.value), place
        composed = self._compose(event, depth + 1) if isinstance(event, AliasEvent) else None
        if composed is None or isinstance(composed.value, dict | list):
            raise UnreadableInput("a mapping key is not a plain value", line=event.start_mark.line + 1)
        return str(composed.value), composed.place

    def _counted(self, nodes: int, event: Any) -> int:
        if nodes > MAX_NODES:
            raise _too_many(event.start_mark.line + 1)
        return nodes


def _scalar(event: Any) -> Any:
    raw = event.value
    if event.style or str(event.tag) == _STR_TAG:
        return _text(raw)
    if raw in _NULL:
        return None
    if raw in _BOOL:
        return _BOOL[raw]
    return _number(raw, event.start_mark.line + 1) if raw[0] in "+-.0123456789" else raw


def _number(raw: str, line: int) -> Any:
    if _INT.fullmatch(raw):
        return _integer(raw, 10, line)
    if based := _BASED.fullmatch(raw):
        return _integer(based["oct"], 8, line) if based["oct"] else _integer(based["hex"], 16, line)
    return float(re.sub(r"\.(?=[in])", "", raw.lower())) if _FLOAT.fullmatch(raw) else raw


def _is_merge(event: Any, value: Any) -> bool:
    plain = isinstance(event, ScalarEvent) and event.value == "<<" and not event.style
    several = isinstance(value, list) and bool(value) and all(isinstance(each, dict) for each in value)
    return plain and (isinstance(value, dict) or several)


def _merge(entry: _Composed, value: dict[str, Any], inside: dict[Step, _Place]) -> None:
    """Add what is not there yet; the first of several merged mappings wins."""
    several = isinstance(entry.value, list)
    sources = entry.value if several else [entry.value]
    for index, source in enumerate(sources):
        places = entry.place.inside[index].inside if several else entry.place.inside
        for key in source:
            if key not in value:
                value[key] = source[key]
                inside[key] = places[key]


# --- JSON ---------------------------------------------------------------------------------------------------------

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
        return Document(value, _Place(place.line, place.column, inside))

    def _place(self, offset: int, inside: Mapping[Step, _Place] = _NOTHING) -> _Place:
        line = bisect_right(self._starts, offset)
        return _Place(line, offset - self._starts[line - 1] + 1, inside)

    def _fail(self, detail: str) -> NoReturn:
        raise UnreadableInput(f"not JSON: {detail}", line=self._place(self._at).line)

    def _skip(self) -> str:
        """Pass blanks and comments; the next character, or an empty string at the end."""
        found = _JSON_SPACE.match(self._text, self._at)
        self._at = found.end() if found else self._at
        return self._text[self._at : self._at + 1]

    def _value(self, depth: int) -> tuple[Any, Mapping[Step, _Place]]:
        char = self._text[self._at : self._at + 1]
        self._nodes += 1
        if self._nodes > MAX_NODES:
            raise _too_many(self._place(self._at).line)
        if char in ("{", "["):
            if depth >= MAX_DEPTH:
                raise _too_deep(self._place(self._at).line)
            self._at += 1
            return self._object(depth + 1) if char == "{" else self._array(depth + 1)
        return (self._string() if char == '"' else self._atom()), _NOTHING

    def _string(self) -> str:
        try:
            raw, self._at = _JSON_STRINGS.raw_decode(self._text, self._at)
        except json.JSONDecodeError as error:
            self._fail(error.msg[:1].lower() + error.msg[1:])
        return _text(raw)

    def _atom(self) -> Any:
        number = _JSON_NUMBER.match(self._text, self._at)
        if number:
            line = self._place(self._at).line
            self._at = number.end()
            whole = number["fraction"] is None and number["exponent"] is None
            return _integer(number[0], 10, line) if whole else float(number[0])
        word = _JSON_WORD.match(self._text, self._at)
        if word is None or word[0] not in _JSON_WORDS:
            self._fail("a value is missing" if self._at < len(self._text) else "the text ends too early")
        self._at = word.end()
        return _JSON_WORDS[word[0]]

    def _object(self, depth: int) -> tuple[Any, Mapping[Step, _Place]]:
        value: dict[str, Any] = {}
        inside: dict[Step, _Place] = {}
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

    def _array(self, depth: int) -> tuple[Any, Mapping[Step, _Place]]:
        items: list[Any] = []
        inside: dict[Step, _Place] = {}
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


# --- TOML ---------------------------------------------------------------------------------------------------------

_TOML_SPACE = re.compile(r"(?:[ \t\n]++|#[^\n]*+)*+")
_TOML_KEY = re.compile(r"""[ \t]*(?:(?P<bare>[\w-]++)|"(?P<basic>(?:\\.|[^"\\\n])*+)"|'(?P<literal>[^'\n]*+)')[ \t]*""")
_TOML_STRING = re.compile(
    r'"{3}(?:\\(?s:.)|[^\\])*?"{3,5}' r"|'{3}(?s:.)*?'{3,5}" r'|"(?:\\.|[^"\\\n])*+"' r"|'[^'\n]*+'"
)
_TOML_ATOM = re.compile(r"[^,\]}#\n]*+")


def _plain(value: Any, depth: int) -> Any:
    """Dates and times as text, depth bounded."""
    if depth > MAX_DEPTH:
        raise _too_deep()
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

    def done(self) -> _Place:
        return _Place(self.line, self.column, {step: inner.done() for step, inner in self.inside.items()})


class _TomlPlaces:
    """Finds the places of keys and items in a text that tomllib has already accepted."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._starts = [0, *(found.end() for found in re.finditer("\n", text))]
        self._at = 0

    def root(self) -> _Place:
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
