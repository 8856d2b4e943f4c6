"""The tables of a dbt project, whoever speaks of them, and the exposures that get their data."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from petguard import secrets
from petguard.documents import Step
from petguard.model import Asset, Detail, Edge, EdgeKind, Facts, Location, Node, Origin, SinkKind, Trait
from petguard.parsers import _said
from petguard.parsers._declared import ANY_PERSONAL, dataset, flow, masked, recipient
from petguard.parsers._model_file import shown
from petguard.parsers._said import Said
from petguard.parsers._source import Source

Pointer = tuple[Step, ...]

HOME = "dbt"
# A dashboard shows data to people, a model is trained on it; an application is somebody else's.
_SINKS = {"ml": SinkKind.TRAINING, "application": SinkKind.THIRD_PARTY}
_POINTERS = frozenset({"name", "description", "columns", "tables", "tests", "data_tests", "config", "meta", "tags"})


@dataclass
class _Table:
    """One table, with the columns that say something and what each is replaced by."""

    node: Node
    columns: list[tuple[Node, Node | None]] = field(default_factory=list)
    listed: int = 0  # columns of all kinds
    upstream: dict[str, Location] = field(default_factory=dict)  # what it is made from, and where that is said

    @property
    def is_personal(self) -> bool:
        return bool(self.node.categories) or any(node.categories for node, _ in self.columns)

    def ways(self) -> Iterator[str]:
        """The nodes whose data goes to whoever gets the table: masked columns through their protection."""
        if self.node.categories:
            yield self.node.id
        yield from ((by or node).id for node, by in self.columns if node.categories or by)


@dataclass
class Project:
    """Everything that the files of a tree say about its warehouse; tables by name, those of a source as `raw.users`."""

    tables: dict[str, _Table] = field(default_factory=dict)
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
        table = self._known(key, here)
        said = _said_of(source, entry, place)
        if around is not None:
            said |= _said_of(source, *around)
        listed = list(_columns(source, entry.get("columns"), (*place, "columns")))
        home = f"{HOME}/{schema}" if schema else HOME
        for column, at in listed:
            self._column(source, table, home, name, column, at)
        table.listed += len(listed)
        table.node = _spoken_of(table, said, here)

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
        for table in self.tables.values():
            self._edges += (_derived(table, self.tables[key], where) for key, where in table.upstream.items())
        return Facts(nodes=(*map(_row, self.tables.values()), *self._nodes), edges=tuple(self._edges))

    def _known(self, key: str, where: Location) -> _Table:
        if key not in self.tables:
            schema, dot, rest = key.partition(".")
            schema, name = (schema, rest) if dot else ("", key)
            node = dataset(f"{HOME}/{schema}" if schema else HOME, name, where)
            self.tables[key] = _Table(node)
        return self.tables[key]

    def _column(
        self, source: Source, table: _Table, home: str, name: str, entry: dict[str, Any], place: Pointer
    ) -> None:
        said = _said_of(source, entry, place)
        policy = _policy(source, entry, place)
        if policy is not None:
            said |= Said(frozenset({Trait.SAID_MASKED}))
        node = _said.column(home, name, str(entry["name"]), source.at(*place), said)
        if not _said.matters(node):
            return
        self._nodes.append(node)
        by = None
        if Trait.SAID_MASKED in node.traits:
            by, edge = masked(node, policy or "masked", _said.technique(policy or ""), source.at(*place))
            self._nodes.append(by)
            self._edges.append(edge)
        table.columns.append((node, by))

    def _expose(self, source: Source, node: Node, key: str, at: Pointer) -> None:
        table = self.tables.get(key)
        if table is None:
            source.doubt(f"{key}, which {node.name} gets, is defined in no file", *at, reason="unresolved")
            return
        self._edges += (flow(way, node.id, source.at(*at)) for way in dict.fromkeys(table.ways()))
        origin = None if table.listed else next(self._personal_above(key), None)
        if origin is not None and not table.is_personal:
            detail = f"{node.name} gets {key}, which lists no columns and is made from the personal data of {origin}"
            source.doubt(detail, *at, reason="unresolved")

    def _personal_above(self, key: str) -> Iterator[str]:
        seen, queue = {key}, list(self.tables[key].upstream)
        while queue:
            name = queue.pop(0)
            if name in seen:
                continue
            seen.add(name)
            if self.tables[name].is_personal:
                yield name
            queue += self.tables[name].upstream


def _row(table: _Table) -> Node:
    """A table is a row of the inventory when it holds personal data; a warehouse has hundreds of others."""
    names = tuple(sorted({str(node.details["column"]) for node, _ in table.columns if node.categories}))
    if not table.is_personal:
        return table.node.model_copy(update={"asset": None})
    return table.node.model_copy(update={"asset": Asset.DATASET, "details": {**table.node.details, "personal": names}})


def _spoken_of(table: _Table, said: Said, here: Location) -> Node:
    """The table with what is said of it as a whole; where its columns tell which data is personal, they are it."""
    traits = set(table.node.traits) | said.traits
    categories = table.node.categories
    if Trait.SAID_PERSONAL in traits:
        columns_tell = any(node.categories for node, _ in table.columns)
        categories = () if columns_tell else said.categories or categories or (ANY_PERSONAL,)
    places = tuple(dict.fromkeys((*table.node.locations, here)))
    new = {"traits": tuple(sorted(traits)), "categories": categories, "locations": places}
    return table.node.model_copy(update=new)


def _derived(table: _Table, upstream: _Table, where: Location) -> Edge:
    return Edge(
        kind=EdgeKind.DERIVED_FROM,
        source=table.node.id,
        target=upstream.node.id,
        origin=Origin.DECLARED,
        location=where,
    )


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
