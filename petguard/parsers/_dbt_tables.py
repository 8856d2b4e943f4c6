"""The tables of a dbt project, whoever speaks of them, and the exposures that get their data."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from petguard import secrets
from petguard.documents import Step
from petguard.model import Detail, Edge, Facts, Location, Node, SinkKind, Trait
from petguard.parsers import _said
from petguard.parsers._declared import dataset, derived_from, flow, recipient
from petguard.parsers._declared_table import Table
from petguard.parsers._model_file import shown
from petguard.parsers._said import Said
from petguard.parsers._source import Source, together

Pointer = tuple[Step, ...]

HOME = "dbt"
# A dashboard shows data to people, a model is trained on it; an application is somebody else's.
_SINKS = {"ml": SinkKind.TRAINING, "application": SinkKind.THIRD_PARTY}
_POINTERS = frozenset({"name", "description", "columns", "tables", "tests", "data_tests", "config", "meta", "tags"})


@dataclass
class _Model:
    """One table of the warehouse, with how many columns of all kinds are listed and what it is made from."""

    table: Table
    listed: int = 0
    upstream: dict[str, Location] = field(default_factory=dict)  # by key, with where that is said


@dataclass
class Project:
    """Everything that the files of a tree say about its warehouse; tables by name, those of a source as `raw.users`."""

    tables: dict[str, _Model] = field(default_factory=dict)
    _nodes: list[Node] = field(default_factory=list)
    _edges: list[Edge] = field(default_factory=list)
    _exposed: list[tuple[Source, Node, list[tuple[str, Pointer]]]] = field(default_factory=list)

    def table(
        self,
        source: Source,
        name: str,
        entry: dict[str, Any],
        place: Pointer,
        *,
        schema: str | None = None,
        around: tuple[dict[str, Any], Pointer] | None = None,
    ) -> None:
        """Take what one entry says of a table; a source's own metadata counts for each of its tables."""
        key = f"{schema}.{name}" if schema else name
        here = source.at(*place)
        model = self._known(key, here)
        said = _said_of(source, entry, place)
        if around is not None:
            said |= _said_of(source, *around)
        listed = list(_columns(source, entry.get("columns"), (*place, "columns")))
        home = f"{HOME}/{schema}" if schema else HOME
        for column, at in listed:
            self._column(source, model.table, home, name, column, at)
        model.listed += len(listed)
        model.table.says(said, here)

    def made_from(self, key: str, where: Location, upstream: str, there: Location) -> None:
        """Take that a table is made from another one, as its SQL or the manifest says."""
        self._known(upstream, there)
        self._known(key, where).upstream.setdefault(upstream, there)

    def exposure(self, source: Source, entry: dict[str, Any], place: Pointer, refs: list[tuple[str, Pointer]]) -> None:
        """Take who gets data, and from which tables."""
        name = str(entry["name"])
        kind = source.string(entry.get("type"), *place, "type")
        url = source.string(entry.get("url"), *place, "url")
        owner = source.mapping(entry.get("owner"), *place, "owner").get("name")
        details: dict[str, Detail] = {"exposure": kind or "unknown"}
        if isinstance(owner, str):
            details["owner"] = shown(owner)
        sink = _SINKS.get(kind or "", SinkKind.RESPONSE)
        node = recipient(name, source.at(*place), sink=sink, endpoint=secrets.mask_in(url) if url else None)
        self._exposed.append((source, node.model_copy(update={"details": details}), refs))

    def facts(self) -> Facts:
        """All nodes and edges; what an exposure gets from a table of unknown content is noted as a doubt."""
        for source, node, refs in self._exposed:
            self._nodes.append(node)
            for key, at in refs:
                self._expose(source, node, key, at)
        for model in self.tables.values():
            origins = ((self.tables[key].table.node, where) for key, where in model.upstream.items())
            self._edges += (derived_from(model.table.node, origin, where) for origin, where in origins)
        held = together(model.table.columns_masked() for model in self.tables.values())
        rows = tuple(model.table.row() for model in self.tables.values())
        return Facts(nodes=(*rows, *held.nodes, *self._nodes), edges=(*held.edges, *self._edges))

    def _known(self, key: str, where: Location) -> _Model:
        if key not in self.tables:
            schema, dot, rest = key.partition(".")
            schema, name = (schema, rest) if dot else ("", key)
            node = dataset(f"{HOME}/{schema}" if schema else HOME, name, where)
            self.tables[key] = _Model(Table(node))
        return self.tables[key]

    def _column(
        self, source: Source, table: Table, home: str, name: str, entry: dict[str, Any], place: Pointer
    ) -> None:
        said = _said_of(source, entry, place)
        policy = _policy(source, entry, place)
        if policy is not None:
            said |= Said(frozenset({Trait.SAID_MASKED}))
        node = _said.column(home, name, str(entry["name"]), source.at(*place), said)
        table.hold(node, policy)

    def _expose(self, source: Source, node: Node, key: str, at: Pointer) -> None:
        model = self.tables.get(key)
        if model is None:
            source.doubt(f"{key}, which {node.name} gets, is defined in no file", *at, reason="unresolved")
            return
        self._edges += (flow(way, node.id, source.at(*at)) for way in dict.fromkeys(model.table.ways()))
        origin = None if model.listed else next(self._personal_above(key), None)
        if origin is not None and not model.table.is_personal:
            detail = f"{node.name} gets {key}, which lists no columns and is made from the personal data of {origin}"
            source.doubt(detail, *at, reason="unresolved")

    def _personal_above(self, key: str) -> Iterator[str]:
        seen, queue = {key}, list(self.tables[key].upstream)
        while queue:
            name = queue.pop(0)
            if name in seen:
                continue
            seen.add(name)
            if self.tables[name].table.is_personal:
                yield name
            queue += self.tables[name].upstream


def _columns(source: Source, value: Any, pointer: Pointer) -> Iterator[tuple[dict[str, Any], Pointer]]:
    """The columns of a property file (a list) or of a manifest (a mapping by name) that have a name."""
    if isinstance(value, dict):
        entries: Sequence[tuple[Step, Any]] = list(value.items())
    else:
        entries = list(enumerate(source.items(value, *pointer)))
    for step, each in entries:
        entry = source.mapping(each, *pointer, step)
        if isinstance(step, str):
            entry = {"name": step, **entry}
        if source.string(entry.get("name"), *pointer, step, "name") is not None:
            yield entry, (*pointer, step)


def _said_of(source: Source, entry: dict[str, Any], place: Pointer) -> Said:
    """What metadata, tags, policy tags and the description say, wherever the versions of dbt want them."""
    config = source.mapping(entry.get("config"), *place, "config")
    said = Said()
    for holder, at in ((entry, place), (config, (*place, "config"))):
        said |= _said.by_metadata(source.mapping(holder.get("meta"), *at, "meta").items())
        said |= _said.by_metadata((key, value) for key, value in holder.items() if key not in _POINTERS)
        for key in ("tags", "policy_tags"):
            said |= _said.by_tags(text for text, _ in source.strings(holder.get(key), *at, key))
    if said.unknown and not said.traits:
        source.doubt("only a template tells whether this is personal data", *place, reason="unresolved")
    return said if said.traits else said | _said.by_description(entry.get("description"))


def _policy(source: Source, entry: dict[str, Any], place: Pointer) -> str | None:
    """The name of the masking policy that is said to stand on a column."""
    config = source.mapping(entry.get("config"), *place, "config")
    holders = [entry, config, *(each for each in (entry.get("meta"), config.get("meta")) if isinstance(each, dict))]
    named = next((each["masking_policy"] for each in holders if each.get("masking_policy")), None)
    return shown(named) if isinstance(named, str) else None
