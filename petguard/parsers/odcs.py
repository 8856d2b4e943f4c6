"""Data contracts: the Open Data Contract Standard, its ancestors, and the Data Contract Specification.

A contract says which columns a data product has, how sensitive they are, what replaces them, where they come from
and where they are served. All versions are read into the same tables.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from posixpath import join, normpath
from typing import Any

from petguard import secrets, taxonomy
from petguard.collect import Candidate, Input, Interest
from petguard.documents import Step, read_yaml_all
from petguard.model import Detail, Facts, Gap, Location, Node, SinkKind, Trait
from petguard.parsers import Parser, _said, one_by_one
from petguard.parsers._classification import meaning
from petguard.parsers._declared import LINEAGE, column, data_file, dataset, derived_from, flow, storage
from petguard.parsers._declared_table import Table
from petguard.parsers._model_file import shown
from petguard.parsers._names import host
from petguard.parsers._said import Said
from petguard.parsers._source import Source, together

Pointer = tuple[Step, ...]

HOME = "contract"
_KEYS = re.compile(
    rb"(?m)^(?:dataContractSpecification[ \t]*:|kind[ \t]*:[ \t]*['\"]?(?:DataContract|virtualDataset)\b)"
)
_LEVELS = frozenset({"public", "open", "unclassified", "internal", "general"})  # how secret, not whose
_STRUCTURE = frozenset(
    {
        *("name", "id", "properties", "fields", "items", "quality", "examples", "example", "tags", "classification"),
        *("customProperties", "lineage", "relationships", "authoritativeDefinitions", "logicalTypeOptions", "$ref"),
    }
)
_HANDLING = frozenset(
    {"anonymization", "anonymisation", "masking", "pseudonymization", "pseudonymisation", "encryption", "tokenization"}
)
_NO_HANDLING = frozenset({"none", "no", "false", "n/a", "null"})
_FILES = frozenset({"s3", "gcs", "azure", "sftp", "local", "hdfs", "adls"})
_PLACES = ("location", "host", "account", "project", "path", "workspace", "catalog", "database", "topic", "stream")
_MOST_REFERENCES = 5  # of one definition to another


def _interest(candidate: Candidate) -> Interest:
    wanted = candidate.suffix in (".yaml", ".yml") and _KEYS.search(candidate.data)
    return Interest.READ if wanted else Interest.NONE


@dataclass
class _World:
    """All contracts of a tree: their tables by the names they go by, and what those are made from."""

    facts: list[Facts] = field(default_factory=list)
    tables: dict[str, list[Node]] = field(default_factory=dict)
    origins: list[tuple[Node, str, Location]] = field(default_factory=list)

    def derived(self) -> Iterator[Facts]:
        """The relations to source objects: a table of a contract where just one is called so, else one of that name."""
        for node, name, where in self.origins:
            known = {each.id: each for each in self.tables.get(name.lower(), ())}
            origin = next(iter(known.values())) if len(known) == 1 else dataset(HOME, name, where)
            unlisted = origin if origin.id in known else origin.model_copy(update={"asset": None})
            if origin.id != node.id:
                yield Facts(nodes=(unlisted,), edges=(derived_from(node, origin, where),))


def _parse(inputs: Sequence[Input]) -> Iterator[Facts | Gap]:
    world = _World()
    sources: list[Source] = []

    def open_(item: Input) -> Facts:
        sources.extend(Source(item.path, item.text, document) for document in read_yaml_all(item.text))
        return Facts()

    yield from (each for each in one_by_one(inputs, open_) if isinstance(each, Gap))
    for source in sources:
        _read(source, world)
        yield from dict.fromkeys(source.gaps)
    yield together([*world.facts, *world.derived()])


def _read(source: Source, world: _World) -> None:
    top = source.document.value
    if not isinstance(top, dict) or not _is_contract(top):
        return
    contract = next((str(top[key]) for key in ("id", "name", "uuid") if isinstance(top.get(key), str)), source.path)
    roles = tuple(shown(name) for name in _named(source, top.get("roles"), ("roles",), "role"))
    servers = list(_servers(source, top))
    for name, entry, place in _entries(source, top):
        table = Table(dataset(f"{HOME}/{contract}", name, source.at(*place)))
        for key in {name.lower(), str(entry.get("physicalName") or name).lower()}:
            world.tables.setdefault(key, []).append(table.node)
        world.facts.append(_fields(source, world, table, entry, place, top))
        table.says(_said_of(source, entry, place), source.at(*place))
        details: dict[str, Detail] = {
            **table.node.details,
            "contract": shown(contract),
            **({"roles": roles} if roles else {}),
        }
        table.node = table.node.model_copy(update={"details": details})
        world.facts.append(table.facts())
        world.facts.extend(_served(source, table, server, at) for server, at in servers)


def _is_contract(top: Mapping[str, Any]) -> bool:
    return "dataContractSpecification" in top or top.get("kind") in ("DataContract", "virtualDataset")


def _named(source: Source, value: Any, place: Pointer, key: str) -> Iterator[str]:
    for index, each in enumerate(source.items(value, *place)):
        name = source.string(source.mapping(each, *place, index).get(key), *place, index, key)
        if name is not None:
            yield name


# --- tables and columns -------------------------------------------------------------------------------------------


def _entries(source: Source, top: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any], Pointer]]:
    """The tables: `schema` of version 3, `dataset` of version 2, `models` of the specification."""
    for section in ("schema", "dataset", "models"):
        value = top.get(section)
        if section == "schema" and isinstance(value, dict):  # the raw schema of an early specification
            continue
        yield from _each(source, value, (section,), ("name", "table"))


def _each(
    source: Source, value: Any, place: Pointer, keys: tuple[str, ...]
) -> Iterator[tuple[str, dict[str, Any], Pointer]]:
    """The entries of a mapping by name, or of a list whose entries name themselves; one without a name is a gap."""
    pairs = list(value.items()) if isinstance(value, dict) else list(enumerate(source.items(value, *place)))
    for step, each in pairs:
        at = (*place, step)
        entry = source.mapping(each, *at)
        name = step if isinstance(value, dict) else next((entry[key] for key in keys if entry.get(key)), None)
        if isinstance(name, str) and name.strip():
            yield name.strip(), entry, at
        elif entry:
            source.doubt("an entry without a name", *at, reason="unresolved")


def _fields(
    source: Source, world: _World, table: Table, entry: dict[str, Any], place: Pointer, top: dict[str, Any]
) -> Facts:
    """The columns of a table; what they are said to be made from becomes relations."""
    found: list[Facts] = []
    for path, each, at in _columns(source, entry, place, (), top):
        said, how = _said_of(source, each, at), _masking(source, each, at)
        if how is not None:
            said |= Said(frozenset({Trait.SAID_MASKED}))
        node = _said.column(
            table.node.id.removeprefix("data:").rpartition("/")[0], table.node.name, path, source.at(*at), said
        )
        table.hold(node, how)
        for name, where in source.strings(each.get("transformSourceObjects"), *at, "transformSourceObjects"):
            world.origins.append((table.node, name, source.at(*where)))
        if _said.matters(node):
            found.extend(_lineage(source, node, each, at))
    return together(found)


def _columns(
    source: Source, entry: dict[str, Any], place: Pointer, above: tuple[str, ...], top: dict[str, Any]
) -> Iterator[tuple[str, dict[str, Any], Pointer]]:
    """Every property with its path, also those inside objects and of what arrays hold."""
    for key in ("properties", "columns", "fields"):
        for name, raw, at in _each(source, entry.get(key), (*place, key), ("name", "column", "physicalName")):
            each = _resolved(source, raw, at, top)
            yield ".".join((*above, name)), each, at
            yield from _columns(source, each, at, (*above, name), top)
    items = entry.get("items")
    if isinstance(items, dict):
        yield from _columns(source, items, (*place, "items"), above, top)


def _resolved(source: Source, entry: dict[str, Any], place: Pointer, top: dict[str, Any]) -> dict[str, Any]:
    """An entry with what `$ref: '#/definitions/name'` adds; one that leads nowhere is a gap."""
    for _ in range(_MOST_REFERENCES):
        reference = entry.get("$ref")
        if not isinstance(reference, str):
            return entry
        name = reference.removeprefix("#/definitions/")
        definition = source.mapping(top.get("definitions"), "definitions").get(name)
        if not isinstance(definition, dict):
            source.doubt(f"{shown(reference)} is not defined in this file", *place, "$ref", reason="unresolved")
            return entry
        entry = {**definition, **{key: value for key, value in entry.items() if key != "$ref"}}
    return entry


def _said_of(source: Source, entry: dict[str, Any], place: Pointer) -> Said:
    """What `pii`, the classification, tags and custom properties say."""
    said = _said.by_metadata((key, value) for key, value in entry.items() if key not in _STRUCTURE)
    classification = entry.get("classification")
    if isinstance(classification, str):
        said |= _classified(classification)
    tags = entry.get("tags")
    said |= _said.by_tags(text for text, _ in source.strings(tags, *place, "tags"))
    said |= _said.by_metadata(_custom(entry))
    return said if said.traits else said | _said.by_description(entry.get("description"))


def _classified(text: str) -> Said:
    meant = meaning(text)
    if meant.said is None or text.strip().lower() in _LEVELS:
        return Said()
    return Said(frozenset({meant.said}), meant.specific)


def _custom(entry: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    listed = entry.get("customProperties")
    for each in listed if isinstance(listed, list) else ():
        if isinstance(each, dict) and isinstance(each.get("property"), str):
            yield each["property"], each.get("value")


def _masking(source: Source, entry: dict[str, Any], place: Pointer) -> str | None:
    """What a column is said to be replaced by, or how it is said to be handled."""
    for key in ("encryptedName", "encryptedColumnName"):
        name = source.string(entry.get(key), *place, key)
        if name is not None:
            return f"encrypted as {shown(name)}"
    for key, value in _custom(entry):
        handled = not _HANDLING.isdisjoint(taxonomy.tokens(key)) and isinstance(value, str)
        if handled and value.strip().lower() not in _NO_HANDLING:
            return shown(value)
    return None


def _lineage(source: Source, node: Node, entry: dict[str, Any], place: Pointer) -> Iterator[Facts]:
    """The input fields that a column is computed from, as the same columns that OpenLineage speaks of."""
    at = (*place, "lineage", "inputFields")
    listed = source.mapping(entry.get("lineage"), *place, "lineage").get("inputFields")
    for index, each in enumerate(source.items(listed, *at)):
        given = source.mapping(each, *at, index)
        parts = [source.string(given.get(key), *at, index, key) for key in ("namespace", "name", "field")]
        if None not in parts:
            namespace, name, part = map(str, parts)
            origin = column(f"{LINEAGE}/{namespace}", name, part, source.at(*at, index))
            yield Facts(nodes=(origin,), edges=(flow(origin.id, node.id, source.at(*at, index)),))


# --- servers ------------------------------------------------------------------------------------------------------


def _servers(source: Source, top: dict[str, Any]) -> Iterator[tuple[dict[str, Any], Pointer]]:
    for name, entry, place in _each(source, top.get("servers"), ("servers",), ("server", "id", "type")):
        yield {"server": name, **entry}, place


def _served(source: Source, table: Table, server: dict[str, Any], place: Pointer) -> Facts:
    """Where a table with personal data is kept: a file of the tree is where it comes from."""
    kind = str(server.get("type") or "").lower()
    path = server.get("path")
    if kind == "local" and isinstance(path, str) and "://" not in path and not re.search(r"[*{}\[\]]", path):
        file = data_file(normpath(join(source.path.rpartition("/")[0], path)), source.at(*place))
        return Facts(nodes=(file,), edges=(flow(file.id, table.node.id, source.at(*place)),))
    if not table.is_personal:
        return Facts()
    node = _keeper(server, kind, source.at(*place))
    return Facts(nodes=(node,), edges=(flow(table.node.id, node.id, source.at(*place)),))


def _keeper(server: dict[str, Any], kind: str, where: Location) -> Node:
    """Who keeps the data, by the first part of its address that is given."""
    place = next((str(server[key]) for key in _PLACES if isinstance(server.get(key), str) and server[key]), None)
    address = secrets.mask_in(place) if place else None
    name = shown(" ".join(filter(None, (kind, address or str(server["server"])))))
    given = address if address and host(address) else None
    sink = SinkKind.RESPONSE if kind == "api" else SinkKind.FILE if kind in _FILES else SinkKind.DATABASE
    return storage(name, where, sink=sink, kind=kind, address=given)


PARSER = Parser.of_configs("odcs", _interest, _parse)
