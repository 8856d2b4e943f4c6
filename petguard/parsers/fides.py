"""Fides manifests: data sets with the categories of their fields, and the systems that they flow to."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from petguard import taxonomy
from petguard.collect import Candidate, Input, Interest
from petguard.declarations import LIMITED
from petguard.documents import Step, read_yaml_all
from petguard.model import Asset, Facts, Gap, Location, Node, NodeKind, Origin, SinkKind, Trait
from petguard.parsers import Parser, one_by_one
from petguard.parsers._declared import ANY_PERSONAL, flow, masked, recipient
from petguard.parsers._source import Source, together

Pointer = tuple[Step, ...]
_FOREIGN = re.compile(r"(?i)\W*(?:third|3rd)[\s_-]*party.*|.*\bvendor\b.*|.*\bprocessor\b.*")

_TECHNIQUES = {
    "hash": "pseudonymisation",
    "hmac": "pseudonymisation",
    "aes_encrypt": "encryption_at_rest",
    "null_rewrite": "redaction",
    "string_rewrite": "redaction",
    "random_string_rewrite": "redaction",
}


def _interest(candidate: Candidate) -> Interest:
    named = candidate.suffix in (".yaml", ".yml")
    telling = b"fides_key" in candidate.data and (b"dataset:" in candidate.data or b"system:" in candidate.data)
    return Interest.READ if named and telling else Interest.NONE


@dataclass
class _World:
    """What all manifests together define: systems by key, and for each data set its nodes, with their protection."""

    systems: dict[str, bool] = field(default_factory=dict)  # whether it is somebody else's
    datasets: dict[str, list[tuple[Node, Node | None]]] = field(default_factory=dict)


def _parse(inputs: Sequence[Input]) -> Iterator[Facts | Gap]:
    sources: list[Source] = []

    def open_(item: Input) -> Facts:
        sources.extend(Source(item.path, item.text, document) for document in read_yaml_all(item.text))
        return Facts()

    yield from (each for each in one_by_one(inputs, open_) if isinstance(each, Gap))
    world = _World()
    for source in sources:
        yield together(_dataset(source, world, entry, pointer) for entry, pointer in _manifests(source, "dataset"))
        for entry, pointer in _manifests(source, "system"):
            if key := _key(source, entry, pointer):
                kind = source.string(entry.get("system_type"), *pointer, "system_type")
                world.systems[key] = _FOREIGN.fullmatch(kind or "") is not None
    for source in sources:
        yield together(_system(source, world, entry, pointer) for entry, pointer in _manifests(source, "system"))
        yield from dict.fromkeys(source.gaps)


def _manifests(source: Source, kind: str) -> Iterator[tuple[dict[str, Any], Pointer]]:
    top = source.document.value
    if isinstance(top, dict):
        yield from _mappings(source, top.get(kind), (kind,))


def _mappings(source: Source, value: Any, pointer: Pointer) -> Iterator[tuple[dict[str, Any], Pointer]]:
    for index, entry in enumerate(source.items(value, *pointer)):
        if entry is not None:
            yield source.mapping(entry, *pointer, index), (*pointer, index)


def _key(source: Source, entry: dict[str, Any], pointer: Pointer) -> str | None:
    key = source.string(entry.get("fides_key"), *pointer, "fides_key")
    if key is None:
        source.doubt("a manifest without fides_key", *pointer, reason="unresolved")
    return key


def _categories(source: Source, entry: dict[str, Any], pointer: Pointer) -> tuple[str, ...]:
    found = source.strings(entry.get("data_categories"), *pointer, "data_categories")
    return tuple(dict.fromkeys(category for category, _ in found))


# --- data sets ----------------------------------------------------------------------------------------------------


def _dataset(source: Source, world: _World, entry: dict[str, Any], pointer: Pointer) -> Facts:
    key = _key(source, entry, pointer)
    if key is None:
        return Facts()
    held: list[tuple[Node, Node | None]] = [(_data(source, f"{key}", key, entry, pointer), None)]
    for collection, place in _mappings(source, entry.get("collections"), (*pointer, "collections")):
        name = source.string(collection.get("name"), *place, "name") or str(place[-1])
        held.append((_data(source, f"{key}/{name}", name, collection, place), None))
        held.extend(_fields(source, collection, place, f"{key}/{name}/", name))
    world.datasets.setdefault(key, []).extend(held)
    protected = [(node, protection) for node, protection in held if protection is not None]
    return Facts(
        nodes=(*(node for node, _ in held), *(protection for _, protection in protected)),
        edges=tuple(flow(node.id, protection.id, protection.locations[0]) for node, protection in protected),
    )


def _fields(
    source: Source, parent: dict[str, Any], pointer: Pointer, prefix: str, table: str
) -> Iterator[tuple[Node, Node | None]]:
    for entry, place in _mappings(source, parent.get("fields"), (*pointer, "fields")):
        name = source.string(entry.get("name"), *place, "name") or str(place[-1])
        node = _data(source, prefix + name, name, entry, place, table=table)
        yield node, _protection(source, node, entry, place)
        yield from _fields(source, entry, place, f"{prefix}{name}.", table)


def _data(
    source: Source, path: str, name: str, entry: dict[str, Any], pointer: Pointer, *, table: str | None = None
) -> Node:
    """A data set, a collection, or a field, which is known as a column of its collection."""
    categories = _categories(source, entry, pointer)
    personal = any(taxonomy.covers(ANY_PERSONAL, category) for category in categories)
    said = Trait.SAID_PERSONAL if personal else Trait.SAID_CLEAN
    column = {} if table is None else {"table": table, "column": name}
    return Node(
        id=f"data:fides/{path}",
        kind=NodeKind.DATA,
        asset=None if "/" in path else Asset.DATASET,
        name=name,
        origin=Origin.DECLARED,
        categories=categories,
        traits=(said,) if categories else (),
        locations=(source.at(*pointer),),
        details={"declared_in": "fides", **column},
    )


def _protection(source: Source, node: Node, entry: dict[str, Any], pointer: Pointer) -> Node | None:
    """How the values of a field are masked; `redact: name` hides only what the field is called, and protects nobody."""
    meta_at = (*pointer, "fides_meta")
    meta = source.mapping(entry.get("fides_meta"), *meta_at)
    override_at = (*meta_at, "masking_strategy_override")
    override = source.mapping(meta.get("masking_strategy_override"), *override_at)
    strategy = source.string(override.get("strategy"), *override_at, "strategy")
    if strategy is None:
        return None
    return masked(node, strategy, _TECHNIQUES.get(strategy), source.at(*override_at))[0]


# --- systems ------------------------------------------------------------------------------------------------------


def _system(source: Source, world: _World, entry: dict[str, Any], pointer: Pointer) -> Facts:
    key = _key(source, entry, pointer)
    if key is None:
        return Facts()
    system = _party(key, source.at(*pointer, "fides_key"), world, "system")
    declared = list(_mappings(source, entry.get("privacy_declarations"), (*pointer, "privacy_declarations")))
    stated = [_declaration(source, world, system, declaration, place) for declaration, place in declared]
    said = tuple(category for declaration, place in declared for category in _categories(source, declaration, place))
    flows = [
        _crossing(source, world, system, said, party, place)
        for direction in ("egress", "ingress")
        for party, place in _mappings(source, entry.get(direction), (*pointer, direction))
    ]
    return together([Facts(nodes=(system,)), *stated, *flows])


def _declaration(source: Source, world: _World, system: Node, entry: dict[str, Any], pointer: Pointer) -> Facts:
    """Edges from the fields that the declaration covers; categories that no field has get a node of their own."""
    wanted = _categories(source, entry, pointer)
    references = source.strings(entry.get("dataset_references"), *pointer, "dataset_references")
    held = [pair for name, _ in references for pair in world.datasets.get(name, [])]
    meant = [(node, by) for node, by in held if not wanted or _within(node.categories, wanted)]
    location = source.at(*pointer)
    edges = [flow((by or node).id, system.id, location) for node, by in meant]
    found = [category for node, _ in meant for category in node.categories]
    rest = tuple(each for each in wanted if not any(taxonomy.covers(each, category) for category in found))
    for name, place in references:
        if name not in world.datasets:
            source.doubt(f"the dataset {name} is defined in no manifest", *place, reason="unresolved")
    nodes = [_loose(f"{_name(system)}#{pointer[-1]}", rest, location)] if rest else []
    edges.extend(flow(node.id, system.id, location) for node in nodes)
    return Facts(nodes=tuple(nodes), edges=tuple(edges))


def _within(categories: Sequence[str], wanted: Sequence[str]) -> bool:
    return any(taxonomy.covers(parent, category) for parent in wanted for category in categories)


def _loose(name: str, categories: tuple[str, ...], location: Location) -> Node:
    """Data of which only the categories are stated."""
    return Node(
        id=f"data:fides/{name}",
        kind=NodeKind.DATA,
        name=name,
        origin=Origin.DECLARED,
        categories=categories,
        locations=(location,),
    )


def _crossing(
    source: Source,
    world: _World,
    system: Node,
    said: tuple[str, ...],
    entry: dict[str, Any],
    pointer: Pointer,
) -> Facts:
    """What leaves the system for another party, or comes from one: the pointer tells which."""
    receives = pointer[-2] == "egress"
    key = _key(source, entry, pointer)
    if key is None:
        return Facts()
    location = source.at(*pointer)
    kind = source.string(entry.get("type"), *pointer, "type") or "system"
    party = _party(key, location, world, kind, receives=receives)
    start, end = (system, party) if receives else (party, system)
    wanted = _categories(source, entry, pointer)
    if receives:
        system = system.model_copy(update={"details": {f"{LIMITED}{party.id}#{pointer[-1]}": wanted}})
    rest = tuple(each for each in wanted if not _within([each], said))
    name = f"{_name(system)}#{'egress' if receives else 'ingress'}{pointer[-1]}"
    nodes = [party, *([_loose(name, rest, location)] if rest else [])]
    starts = [start, *nodes[1:]]
    return Facts(
        nodes=(system, *nodes),
        edges=tuple(flow(each.id, end.id, location) for each in starts),
    )


def _party(key: str, location: Location, world: _World, kind: str, *, receives: bool = False) -> Node:
    """The node of a system, data set, user or AI provider; one that no manifest defines is somebody else's."""
    if kind == "dataset":
        return Node(id=f"data:fides/{key}", kind=NodeKind.DATA, name=key, origin=Origin.DECLARED, locations=(location,))
    named = recipient(key, location)
    if named.kind is NodeKind.AI_SERVICE:
        return named
    unknown = key not in world.systems
    foreign = receives and (unknown or world.systems[key])
    sink = SinkKind.RESPONSE if kind == "user" else SinkKind.THIRD_PARTY
    return Node(
        id=f"system:{key}",
        kind=NodeKind.SYSTEM,
        name=key,
        sink=sink if foreign else None,
        origin=Origin.DECLARED,
        traits=_traits(foreign=foreign and kind != "user", unknown=unknown),
        locations=(location,),
    )


def _traits(*, foreign: bool, unknown: bool) -> tuple[Trait, ...]:
    if not foreign:
        return ()
    return (Trait.UNRESOLVED,) if unknown else (Trait.EXTERNAL,)


def _name(system: Node) -> str:
    return system.id.partition(":")[2]


PARSER = Parser.of_configs("fides", _interest, _parse)
