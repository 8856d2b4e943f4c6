"""Joins the columns that declarations speak of with the data that code reads: `dim_customers.email`, `customer.email`.

A column is met by its own name and by that of its table, whatever a warehouse puts around the latter:
`stg_crm__customers` holds customers, as does a `Customer` in code.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Self

from petguard import taxonomy
from petguard.graph import Path
from petguard.model import Node, Trait

Words = tuple[str, ...]

_LAYERS = frozenset(
    {
        *("base", "bronze", "dim", "fact", "fct", "gold", "hub", "int", "intermediate", "mart", "raw", "sat", "silver"),
        *("snapshot", "src", "staging", "stg", "tbl", "vw", "wh", "model", "schema", "dto", "entity", "row", "record"),
    }
)
_OTHER_PLURALS = {"people": "person", "children": "child", "addresses": "address"}
_CALL = re.compile(r"\(\)|\[\]")
_TYPES = re.compile(r"it is a (?P<names>.+)")
_NO_MASK = frozenset({"consent"})
_SHORTEST = 3  # letters of a word that may be a plural


def masks(protection: Node) -> bool:
    """Whether a protection on the way changes what is read; leave to use it does not."""
    return protection.technique not in _NO_MASK and Trait.NO_EFFECT not in protection.traits


def named(node: Node) -> tuple[str, ...]:
    """The categories that the name of a column means; nothing for what is no column."""
    table, column = node.details.get("table"), node.details.get("column")
    if not isinstance(table, str) or not isinstance(column, str):
        return ()
    return taxonomy.classify(table.rpartition(".")[2], column.rpartition(".")[2])


def entity(name: str) -> Words:
    """What a table or a class holds, in the singular, without the layer of the warehouse that it belongs to."""
    last = name.rpartition(".")[2].rpartition("__")[2]
    words = [word for word in taxonomy.tokens(last) if not word.isdigit() and word != "v"]
    kept = [word for word in words if word not in _LAYERS] or words
    return (*kept[:-1], _singular(kept[-1])) if kept else ()


def _singular(word: str) -> str:
    if word in _OTHER_PLURALS:
        return _OTHER_PLURALS[word]
    if len(word) <= _SHORTEST or word.endswith(("ss", "us", "is")) or not word.endswith("s"):
        return word
    return f"{word[:-3]}y" if word.endswith("ies") else word[:-1]


@dataclass(frozen=True)
class Reads:
    """The flows from what code reads, by the thing and the field that it reads."""

    by_field: Mapping[tuple[Words, Words], tuple[Path, ...]]

    @classmethod
    def of(cls, flows: Iterable[Path]) -> Self:
        """Sort flows by what they start from; a bare name belongs to no table."""
        found: defaultdict[tuple[Words, Words], list[Path]] = defaultdict(list)
        for flow in flows:
            for key in _fields(flow.source):
                found[key].append(flow)
        return cls({key: tuple(each) for key, each in found.items()})

    def of_column(self, node: Node) -> tuple[Path, ...]:
        """The flows that start from a column, or from the field of a class that stands for its table."""
        table, column = node.details.get("table"), node.details.get("column")
        stored = node.details.get("stored_as")
        pairs = [(table, column)] if isinstance(table, str) and isinstance(column, str) else []
        pairs += [stored.rpartition(".")[::2]] if isinstance(stored, str) else []
        found: dict[tuple[str, str], Path] = {}
        for holder, name in pairs:
            above, _, last = name.rpartition(".")
            for flow in self.by_field.get((entity(above or holder), taxonomy.tokens(last)), ()):
                found[flow.source.id, flow.target.id] = flow
        return tuple(found[key] for key in sorted(found))


def _fields(source: Node) -> set[tuple[Words, Words]]:
    """The things and the field that a source reads: `order.customer.email` is the e-mail of a customer."""
    owner, _, name = _CALL.sub("", source.name).rpartition(".")
    types = _TYPES.fullmatch(str(source.details.get("because", "")))
    holders = [owner, *(types["names"].split(" or ") if types else [])]
    return {(entity(each), taxonomy.tokens(name)) for each in holders if entity(each) and name}
