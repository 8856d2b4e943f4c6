"""YAML, event by event: aliases are shared and counted, tags are dropped, every key has its place."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import AliasEvent, DocumentStartEvent, ScalarEvent, SequenceStartEvent

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

_MARK = re.compile(r"\n(?=---(?:\s|$))")
_STR_TAG = "tag:yaml.org,2002:str"
_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_BOOL = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_INT = re.compile(r"[-+]?\d+", re.ASCII)
_BASED = re.compile(r"0(?:o(?P<oct>[0-7]+)|x(?P<hex>[0-9a-fA-F]+))")
_FLOAT = re.compile(r"[-+]?(?:\.\d+|\d+(?:\.\d*)?)(?:[eE][-+]?\d+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)", re.ASCII)


def read_yaml(text: str) -> Document:
    """The first document of a YAML stream, YAML 1.2 core scalars; an empty stream is None.

    Dates stay text, unknown tags are dropped, `<<` is merged, the last of two equal keys wins and
    the document names it.
    """
    return next(iter(read_yaml_all(text)), Document(None))


def read_yaml_all(text: str) -> list[Document]:
    """Every document of a YAML stream."""
    text = bounded(text, "YAML")
    try:
        return list(_Composer(text).documents())
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        detail = error.problem or error.context or "not YAML"
        raise UnreadableInput(f"not YAML: {detail}", line=mark.line + 1 if mark else None) from error
    except (YAMLError, ValueError, LookupError, AttributeError, TypeError, AssertionError) as error:
        # The reader refuses control characters without a mark; the scanner trips over broken escapes and tags.
        raise UnreadableInput(f"not YAML: {str(error).splitlines()[0] if str(error) else 'malformed'}") from error


def yaml_parts(text: str) -> Iterator[tuple[int, str]]:
    """The texts between the `---` lines of a stream, unread, each with the number of lines above it."""
    start = line = 0
    for mark in _MARK.finditer(text):
        yield line, text[start : mark.start()]
        line += text.count("\n", start, mark.start() + 1)
        start = mark.start() + 1
    yield line, text[start:]


@dataclass(frozen=True, slots=True)
class _Composed:
    value: Any
    place: Place
    nodes: int = 1  # with every alias expanded
    height: int = 0

    def seen_from(self, mark: Any) -> "_Composed":
        """The same value where an alias stands."""
        return _Composed(self.value, Place(mark.line + 1, mark.column + 1, self.place.inside), self.nodes, self.height)


class _Composer:
    """Builds values from YAML events. An alias shares its anchor's value and adds its size to the count."""

    def __init__(self, text: str) -> None:
        self._events = YAML(typ="safe", pure=True).parse(text)
        self._anchors: dict[str, _Composed | None] = {}
        self._repeated: list[tuple[str, int]] = []

    def documents(self) -> Iterator[Document]:
        for event in self._events:
            if isinstance(event, DocumentStartEvent):
                self._anchors, self._repeated = {}, []
                root = self._compose(next(self._events), 0)
                yield Document(root.value, root.place, tuple(self._repeated))

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
            raise too_deep(line)
        if composed.nodes > MAX_NODES:
            raise too_many(line)
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
            return _Composed(_scalar(event), Place(mark.line + 1, mark.column + 1, NOTHING))
        if depth >= MAX_DEPTH:
            raise too_deep(event.start_mark.line + 1)
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
        inside: dict[Step, Place] = {index: item.place for index, item in enumerate(items)}
        place = Place(start.start_mark.line + 1, start.start_mark.column + 1, inside)
        height = 1 + max((item.height for item in items), default=0)
        return _Composed([item.value for item in items], place, nodes, height)

    def _mapping(self, start: Any, depth: int) -> _Composed:
        value: dict[str, Any] = {}
        inside: dict[Step, Place] = {}
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
                self._repeated += [(key, at.line)] if key in value else []
                value[key] = entry.value
                inside[key] = Place(at.line, at.column, entry.place.inside)
        for entry in merged:
            _merge(entry, value, inside)
        place = Place(start.start_mark.line + 1, start.start_mark.column + 1, inside)
        return _Composed(value, place, nodes, height + 1)

    def _key(self, event: Any, depth: int) -> tuple[str, Place]:
        if isinstance(event, ScalarEvent):
            place = self._compose(event, depth + 1).place
            return printable(event.value), place
        composed = self._compose(event, depth + 1) if isinstance(event, AliasEvent) else None
        if composed is None or isinstance(composed.value, dict | list):
            raise UnreadableInput("a mapping key is not a plain value", line=event.start_mark.line + 1)
        return str(composed.value), composed.place

    def _counted(self, nodes: int, event: Any) -> int:
        if nodes > MAX_NODES:
            raise too_many(event.start_mark.line + 1)
        return nodes


def _scalar(event: Any) -> Any:
    raw = event.value
    if event.style or str(event.tag) == _STR_TAG:
        return printable(raw)
    if raw in _NULL:
        return None
    if raw in _BOOL:
        return _BOOL[raw]
    return _number(raw, event.start_mark.line + 1) if raw[0] in "+-.0123456789" else raw


def _number(raw: str, line: int) -> Any:
    if _INT.fullmatch(raw):
        return integer(raw, 10, line)
    if based := _BASED.fullmatch(raw):
        return integer(based["oct"], 8, line) if based["oct"] else integer(based["hex"], 16, line)
    return float(re.sub(r"\.(?=[in])", "", raw.lower())) if _FLOAT.fullmatch(raw) else raw


def _is_merge(event: Any, value: Any) -> bool:
    plain = isinstance(event, ScalarEvent) and event.value == "<<" and not event.style
    several = isinstance(value, list) and bool(value) and all(isinstance(each, dict) for each in value)
    return plain and (isinstance(value, dict) or several)


def _merge(entry: _Composed, value: dict[str, Any], inside: dict[Step, Place]) -> None:
    """Add what is not there yet; the first of several merged mappings wins."""
    several = isinstance(entry.value, list)
    sources = entry.value if several else [entry.value]
    for index, source in enumerate(sources):
        places = entry.place.inside[index].inside if several else entry.place.inside
        for key in source:
            if key not in value:
                value[key] = source[key]
                inside[key] = places[key]
