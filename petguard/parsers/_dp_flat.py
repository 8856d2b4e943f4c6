"""Configurations whose sections only group: every key once, with where it stands."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from petguard.parsers._source import Source
from petguard.parsers._stated_dp import Pointer

_DEEPEST = 8


@dataclass(frozen=True)
class Flat:
    """Values by their key; of a key with two different values nobody knows which counts, and it is left out."""

    values: dict[str, Any]
    places: dict[str, Pointer]


def flat(source: Source, below: Pointer = ()) -> Flat:
    """Every plain value of a document's mappings, or of those below one of them, whatever section it stands in."""
    values: dict[str, Any] = {}
    places: dict[str, Pointer] = {}
    twice = set()
    start = source.document.value
    for step in below:
        start = start.get(step) if isinstance(start, dict) else None
    for key, value, place in _plain(start, below):
        if key in values and values[key] != value:
            twice.add(key)
        values.setdefault(key, value)
        places.setdefault(key, place)
    return Flat({key: value for key, value in values.items() if key not in twice}, places)


def _plain(value: Any, above: Pointer) -> Iterator[tuple[str, Any, Pointer]]:
    for key, inner in value.items() if isinstance(value, dict) and len(above) < _DEEPEST else ():
        if isinstance(inner, dict):
            yield from _plain(inner, (*above, key))
        elif not isinstance(inner, list):
            yield key, inner, (*above, key)
