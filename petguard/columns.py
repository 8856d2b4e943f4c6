"""Joins the columns that declarations speak of with the data that code reads: `dim_customers.email`, `customer.email`.

A column is met by its own name and by that of its table, whatever a warehouse puts around the latter:
`stg_crm__customers` holds customers, as does a `Customer` in code.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Self

from petguard import taxonomy
from petguard.declarations import Scene
from petguard.graph import Path
from petguard.model import Node, NodeKind, Origin, Trait

Words = tuple[str, ...]

_LAYERS = frozenset(
    {
        *("base", "bronze", "dim", "fact", "fct", "gold", "hub", "int", "intermediate", "mart", "raw", "sat", "silver"),
        *("snapshot", "src", "staging", "stg", "tbl", "vw", "wh", "model", "schema", "dto", "entity", "row", "record"),
    }
)
_OTHER_PLURALS = {"people": "person", "children": "child", "addresses": "address"}
_CALL = re.compile(r"\(\)|\[\]")
_TYPES = re.compile(r"it is a (?P<names>[^,]+)(?:, and .+)?")
_NO_MASK = frozenset({"consent"})
_IN_STORE = "encryption_at_rest"  # whoever reads what is stored so gets it in clear
_SHORTEST = 3  # letters of a word that may be a plural


def masks(protection: Node) -> bool:
    """Whether a protection on the way changes what is read; leave to use it does not."""
    return protection.technique not in _NO_MASK and Trait.NO_EFFECT not in protection.traits


def declared_masks(scene: Scene) -> Mapping[str, Node]:
    """The columns that are said to be masked where they are read, with what masks them.

    A mask on the way to another column leaves the first as it was, and encryption of what is stored hides nothing
    from code. A column that is only said to be masked, without a word of how, is its own entry.
    """
    graph, through = scene.graph, defaultdict[str, list[Node]](list)
    onward = {edge.source for edge in scene.edges.values() if "column" in graph.node(edge.target).details}
    for edge in scene.edges.values():
        by = graph.node(edge.target)
        if edge.origin is Origin.DECLARED and by.kind is NodeKind.PROTECTION:
            through[edge.source].append(by)
    found = {}
    for node in graph.nodes(kind=NodeKind.DATA):
        held = [by for by in through[node.id] if by.id not in onward and by.technique != _IN_STORE and masks(by)]
        if held or (Trait.SAID_MASKED in node.traits and not through[node.id]):
            found[node.id] = held[0] if held else node
    return found


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
    by_whole: Mapping[Words, tuple[Path, ...]]

    @classmethod
    def of(cls, flows: Iterable[Path]) -> Self:
        """Sort flows by what they start from; a bare name belongs to no table."""
        fields: defaultdict[tuple[Words, Words], list[Path]] = defaultdict(list)
        wholes: defaultdict[Words, list[Path]] = defaultdict(list)
        for flow in flows:
            for key in _fields(flow.source):
                fields[key].append(flow)
            for thing in _wholes(flow.source):
                wholes[thing].append(flow)
        return cls(
            {key: tuple(each) for key, each in fields.items()}, {key: tuple(each) for key, each in wholes.items()}
        )

    def of_column(self, node: Node) -> tuple[Path, ...]:
        """The flows that start from a column, or from the field of a class that stands for its table.

        Also those from the whole of either, where that holds data of the column's kind.
        """
        found: dict[tuple[str, str, str], Path] = {}
        for thing, name in keys(node):
            whole = (flow for flow in self.by_whole.get(thing, ()) if _share(flow.source, node))
            for flow in (*self.by_field.get((thing, name), ()), *whole):
                found[flow.key] = flow
        return tuple(found[key] for key in sorted(found))


def keys(node: Node) -> frozenset[tuple[Words, Words]]:
    """The things and fields that a declared column is: as it is called, and as it is stored."""
    table, column = node.details.get("table"), node.details.get("column")
    stored = node.details.get("stored_as")
    pairs = [(table, column)] if isinstance(table, str) and isinstance(column, str) else []
    pairs += [stored.rpartition(".")[::2]] if isinstance(stored, str) else []
    parts = ((holder, *name.rpartition(".")[::2]) for holder, name in pairs)
    return frozenset((entity(above or holder), taxonomy.tokens(last)) for holder, above, last in parts)


def _share(source: Node, column: Node) -> bool:
    """Whether what is sent as a whole holds the kind of data that a column does."""
    kinds = column.categories or named(column)
    return any(taxonomy.covers(kind, each) for kind in kinds for each in source.categories)


def _wholes(source: Node) -> Iterator[Words]:
    """What an object that is sent as a whole is, by its class; or a file of data, by its name."""
    types = _TYPES.fullmatch(str(source.details.get("because", "")))
    if types is not None and "." not in source.name:
        yield from filter(None, map(entity, types["names"].split(" or ")))
    path = source.details.get("path")
    if isinstance(path, str) and (thing := entity(PurePosixPath(path).stem.replace(".", "_"))):
        yield thing


def _fields(source: Node) -> set[tuple[Words, Words]]:
    """The things and the field that a source reads: `order.customer.email` is the e-mail of a customer."""
    owner, _, name = _CALL.sub("", source.name).rpartition(".")
    types = _TYPES.fullmatch(str(source.details.get("because", "")))
    holders = [owner, *(types["names"].split(" or ") if types else [])]
    return {(entity(each), taxonomy.tokens(name)) for each in holders if entity(each) and name}
