"""OpenLineage events: which column of which data set a job makes from which, and what it masks on the way.

All events of a tree are one picture. A data set that a job writes and none reads is where the data end.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from petguard import taxonomy
from petguard.collect import Candidate, Input, Interest
from petguard.documents import Step, located, read_json
from petguard.errors import UnreadableInput
from petguard.model import Edge, Facts, Gap, Location, Node, NodeKind, Origin, SinkKind, State, Trait
from petguard.parsers import Parser, _said, one_by_one
from petguard.parsers._declared import LINEAGE, dataset, flow, storage
from petguard.parsers._declared_table import Table
from petguard.parsers._model_file import shown
from petguard.parsers._said import Said
from petguard.parsers._source import Source

Pointer = tuple[Step, ...]
Key = tuple[str, str]  # namespace and name of a data set
Column = tuple[str, str, str]

_LINES = (".jsonl", ".ndjson")
_ENDS = (b'"inputs"', b'"outputs"', b'"dataset"')
_MARKS = (b"openlineage", b"OpenLineage", b'"columnLineage"')
_VECTORS = frozenset({"pinecone", "qdrant", "weaviate", "milvus", "chroma", "chromadb", "pgvector"})
_FILES = frozenset({"s3", "s3a", "s3n", "gs", "wasbs", "abfss", "hdfs", "file", "dbfs", "http", "https"})
_TRAINS = frozenset({"train", "training", "finetune", "finetuning", "retrain"})
_DEEPEST = 10
_MOST_FLOWS = 50_000


def _interest(candidate: Candidate) -> Interest:
    data = candidate.data
    named = candidate.suffix in (".json", *_LINES)
    event = (
        named and b'"namespace"' in data and any(end in data for end in _ENDS) and any(mark in data for mark in _MARKS)
    )
    return Interest.READ if event else Interest.NONE


@dataclass
class _Data:
    """What all events together say of one data set."""

    where: Location
    said: Said = _said.NOTHING
    columns: dict[str, tuple[Location, Said]] = field(default_factory=dict)


@dataclass(frozen=True)
class _Way:
    """One column that is made from another; `how` it is masked, or None when its values go on as they are."""

    where: Location
    how: str | None
    technique: str | None


@dataclass
class _World:
    """The picture that all events draw."""

    data: dict[Key, _Data] = field(default_factory=dict)
    ways: dict[tuple[Column, Column], _Way] = field(default_factory=dict)
    jobs: dict[tuple[Key, Key], Location] = field(default_factory=dict)  # of jobs that tell no columns
    trained: dict[tuple[Key, str], Location] = field(default_factory=dict)
    read: set[Key] = field(default_factory=set)
    written: dict[Key, Location] = field(default_factory=dict)


def _parse(inputs: Sequence[Input]) -> Iterator[Facts | Gap]:
    world = _World()
    for item in inputs:
        gaps: list[Gap] = []

        def whole(item: Input, gaps: list[Gap] = gaps) -> Facts:
            for source in _sources(item, gaps):
                for event, place in _events(source):
                    _event(source, world, event, place)
            return Facts()

        yield from (each for each in one_by_one([item], whole) if isinstance(each, Gap))
        yield from dict.fromkeys(gaps)
    yield _facts(world)


def _sources(item: Input, gaps: list[Gap]) -> Iterator[Source]:
    """The document of a file, or that of each line; a line that cannot be read is a gap of its own."""
    if not item.path.lower().endswith(_LINES):
        yield Source(item.path, item.text, read_json(item.text), gaps)
        return
    for number, line in enumerate(item.text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            value = read_json(line).value
        except UnreadableInput as error:
            gap = Gap(path=item.path, state=State.PARTIAL, reason=error.reason, detail=error.detail, line=number)
            gaps.append(gap)
        else:
            yield Source(item.path, item.text, located(value, number, 1), gaps)


def _events(source: Source) -> Iterator[tuple[dict[str, Any], Pointer]]:
    top = source.document.value
    if not isinstance(top, list):
        yield source.mapping(top), ()
        return
    for index, each in enumerate(top):
        yield source.mapping(each, index), (index,)


# --- reading ------------------------------------------------------------------------------------------------------


def _event(source: Source, world: _World, event: dict[str, Any], place: Pointer) -> None:
    """One run, job or data set event; what is neither has no data sets."""
    inputs = list(_datasets(source, world, event.get("inputs"), (*place, "inputs")))
    outputs = list(_datasets(source, world, event.get("outputs"), (*place, "outputs")))
    static = event.get("dataset")
    if isinstance(static, dict):
        key = _dataset(source, world, static, (*place, "dataset"))
        if key is not None:
            _lineage(source, world, key, static, (*place, "dataset"))
    world.read.update(key for key, _, _ in inputs)
    for key, entry, at in outputs:
        world.written.setdefault(key, source.at(*at))
        told = _lineage(source, world, key, entry, at)
        for other, _, _ in () if told else inputs:
            world.jobs.setdefault((other, key), source.at(*at))
    _training(source, world, event, place, [key for key, _, _ in inputs])


def _training(source: Source, world: _World, event: dict[str, Any], place: Pointer, inputs: Iterable[Key]) -> None:
    """A job that calls itself a training gets what it reads."""
    name = source.string(source.mapping(event.get("job"), *place, "job").get("name"), *place, "job", "name")
    if name is not None and not _TRAINS.isdisjoint(taxonomy.tokens(name)):
        for key in inputs:
            world.trained.setdefault((key, shown(name)), source.at(*place, "job"))


def _datasets(
    source: Source, world: _World, value: Any, place: Pointer
) -> Iterator[tuple[Key, dict[str, Any], Pointer]]:
    for index, each in enumerate(source.items(value, *place)):
        entry = source.mapping(each, *place, index)
        key = _dataset(source, world, entry, (*place, index))
        if key is not None:
            yield key, entry, (*place, index)


def _dataset(source: Source, world: _World, entry: dict[str, Any], place: Pointer) -> Key | None:
    namespace = source.string(entry.get("namespace"), *place, "namespace")
    name = source.string(entry.get("name"), *place, "name")
    if namespace is None or name is None:
        if entry:
            source.doubt("a data set without namespace or name", *place, reason="unresolved")
        return None
    key = (shown(namespace), shown(name))
    data = world.data.setdefault(key, _Data(source.at(*place)))
    schema = _facet(source, entry, "schema", place)
    for column, at in _schema(source, schema.get("fields"), (*place, "facets", "schema", "fields"), ()):
        data.columns.setdefault(column, (source.at(*at), _said.NOTHING))
    _tags(source, data, _facet(source, entry, "tags", place), (*place, "facets", "tags"))
    return key


def _facet(source: Source, entry: dict[str, Any], name: str, place: Pointer) -> dict[str, Any]:
    at = (*place, "facets")
    facet = source.mapping(source.mapping(entry.get("facets"), *at).get(name), *at, name)
    return {} if facet.get("_deleted") is True else facet


def _schema(source: Source, value: Any, place: Pointer, above: tuple[str, ...]) -> Iterator[tuple[str, Pointer]]:
    for index, each in enumerate(source.items(value, *place)):
        at = (*place, index)
        entry = source.mapping(each, *at)
        name = source.string(entry.get("name"), *at, "name")
        if name is not None and len(above) < _DEEPEST:
            yield ".".join((*above, name)), at
            yield from _schema(source, entry.get("fields"), (*at, "fields"), (*above, name))


def _tags(source: Source, data: _Data, facet: dict[str, Any], place: Pointer) -> None:
    """A tag speaks of a field, or of the whole data set: `{key: pii, value: true, field: email}`."""
    for index, each in enumerate(source.items(facet.get("tags"), *place, "tags")):
        at = (*place, "tags", index)
        tag = source.mapping(each, *at)
        key, column = tag.get("key"), tag.get("field")
        said = _said.by_pair(key, tag.get("value")) if isinstance(key, str) else _said.NOTHING
        if isinstance(column, str) and column:
            where, before = data.columns.get(column, (source.at(*at), _said.NOTHING))
            data.columns[column] = (where, before | said)
        else:
            data.said |= said


def _lineage(source: Source, world: _World, key: Key, entry: dict[str, Any], place: Pointer) -> bool:
    """The columns of an output with what each is made from; whether anything was told."""
    facet = _facet(source, entry, "columnLineage", place)
    below = (*place, "facets", "columnLineage", "fields")
    fields = source.mapping(facet.get("fields"), *below)
    for name, each in fields.items():
        made = source.mapping(each, *below, name)
        world.data[key].columns.setdefault(name, (source.at(*below, name), _said.NOTHING))
        old = str(made.get("transformationType", "")).upper() == "MASKED"
        for index, given in enumerate(source.items(made.get("inputFields"), *below, name, "inputFields")):
            at = (*below, name, "inputFields", index)
            _made_from(source, world, (*key, name), source.mapping(given, *at), at, all_masked=old)
    return bool(fields)


def _made_from(
    source: Source, world: _World, column: Column, entry: dict[str, Any], place: Pointer, *, all_masked: bool
) -> None:
    parts = [source.string(entry.get(key), *place, key) for key in ("namespace", "name", "field")]
    if None in parts:
        source.doubt("an input field without namespace, name or field", *place, reason="unresolved")
        return
    origin = (shown(str(parts[0])), shown(str(parts[1])), str(parts[2]))
    at = (*place, "transformations")
    steps = [
        source.mapping(each, *at, index) for index, each in enumerate(source.items(entry.get("transformations"), *at))
    ]
    direct = [step for step in steps if step.get("type") != "INDIRECT"]
    if steps and not direct:  # it decides about rows, and its values go nowhere
        return
    data = world.data.setdefault(origin[:2], _Data(source.at(*place)))
    data.columns.setdefault(origin[2], (source.at(*place), _said.NOTHING))
    masked = all_masked or bool(direct and all(step.get("masking") is True for step in direct))
    way = _masked(direct, source.at(*place)) if masked else _Way(source.at(*place), None, None)
    known = world.ways.get((origin, column))
    if len(world.ways) >= _MOST_FLOWS and known is None:
        source.doubt(f"more than {_MOST_FLOWS:,} columns are made from others", *place, reason="too_many")
    elif known is None or known.how is not None:  # what goes on unmasked once is not masked
        world.ways[origin, column] = way


def _masked(steps: Sequence[dict[str, Any]], where: Location) -> _Way:
    """A masking transformation; one that does not say what it does may be no more than a hash."""
    described = " ".join(str(step["description"]) for step in steps if isinstance(step.get("description"), str))
    if any(step.get("subtype") == "AGGREGATION" for step in steps):
        return _Way(where, shown(described.strip())[:200] or "aggregated", "aggregation")
    technique = _said.technique(described) if described.strip() else "pseudonymisation"
    return _Way(where, shown(described.strip())[:200] or "masked", technique)


# --- the picture --------------------------------------------------------------------------------------------------


def _facts(world: _World) -> Facts:
    hidden = _all_masked(world)
    tables: dict[Key, Table] = {}
    columns: dict[Column, Node] = {}
    for key, data in world.data.items():
        tables[key] = table = Table(dataset(f"{LINEAGE}/{key[0]}", key[1], data.where))
        for name, (where, said) in data.columns.items():
            masked = (*key, name) in hidden
            columns[*key, name] = node = _column(key, name, where, said, masked=masked)
            if node.categories and not masked:  # a masked one is led into the table by the way that masks it
                table.hold(node)
        table.says(data.said, data.where)
    moved = list(_moved(world, columns, tables))
    carrying = {edge.source for _, edges in moved for edge in edges} | {
        edge.target for _, edges in moved for edge in edges
    }
    parts = [table.facts() for table in tables.values()]
    loose = [node for node in columns.values() if node.id in carrying]
    ends = list(_ends(world, tables))
    return Facts(
        nodes=(
            *(node for part in parts for node in part.nodes),
            *loose,
            *(node for node, _ in ends),
            *(node for nodes, _ in moved for node in nodes),
        ),
        edges=(
            *(edge for part in parts for edge in part.edges),
            *(edge for _, edges in moved for edge in edges),
            *(edge for _, edge in ends),
        ),
    )


def _all_masked(world: _World) -> set[Column]:
    """The columns that hold nothing but masked values, as far as the events tell."""
    made: dict[Column, list[bool]] = {}
    for (_, column), way in world.ways.items():
        made.setdefault(column, []).append(way.how is not None)
    return {column for column, ways in made.items() if all(ways)}


def _column(key: Key, name: str, where: Location, said: Said, *, masked: bool) -> Node:
    """A column; the name of a masked one does not make it personal, a tag does."""
    node = _said.column(f"{LINEAGE}/{key[0]}", key[1], name, where, said)
    if not masked:
        return node
    traits = tuple(sorted({*node.traits, Trait.SAID_MASKED}))
    personal = Trait.SAID_PERSONAL in said.traits
    return node.model_copy(update={"traits": traits, "categories": node.categories if personal else ()})


def _moved(
    world: _World, columns: dict[Column, Node], tables: dict[Key, Table]
) -> Iterator[tuple[tuple[Node, ...], tuple[Edge, ...]]]:
    """The ways between columns, masked ones through a protection, and those of jobs that tell no columns."""
    for (origin, column), way in world.ways.items():
        start, end = columns[origin], columns[column]
        into = flow(end.id, tables[column[:2]].node.id, way.where)
        if way.how is None:
            yield (), (flow(start.id, end.id, way.where), into)
        else:
            by = _protection(start, end, way)
            yield (by,), (flow(start.id, by.id, way.where), flow(by.id, end.id, way.where), into)
    for (start_key, end_key), where in world.jobs.items():
        if start_key != end_key:
            yield (), (flow(tables[start_key].node.id, tables[end_key].node.id, where),)
    for (key, job), where in world.trained.items():
        end = _trainer(job, where)
        yield (end,), (flow(tables[key].node.id, end.id, where),)


def _trainer(job: str, where: Location) -> Node:
    return Node(
        id=f"code:{LINEAGE}/{job}",
        kind=NodeKind.CODE,
        name=f"job {job}",
        sink=SinkKind.TRAINING,
        origin=Origin.DECLARED,
        locations=(where,),
    )


def _protection(start: Node, end: Node, way: _Way) -> Node:
    return Node(
        id=f"protection:{start.id.removeprefix('data:')}>{end.id.removeprefix('data:')}",
        kind=NodeKind.PROTECTION,
        name=str(way.how),
        technique=way.technique,
        origin=Origin.DECLARED,
        locations=(way.where,),
        details={"evidence": "declared"},
    )


def _ends(world: _World, tables: dict[Key, Table]) -> Iterator[tuple[Node, Edge]]:
    """What is written and never read stays where its namespace says."""
    for key, where in world.written.items():
        if key not in world.read:
            namespace, name = key
            scheme = namespace.partition("://")[0].lower()
            sink = (
                SinkKind.VECTOR_STORE
                if scheme in _VECTORS
                else SinkKind.FILE
                if scheme in _FILES
                else SinkKind.DATABASE
            )
            address = namespace if "://" in namespace else None
            node = storage(f"{namespace} {name}", where, sink=sink, kind=scheme, address=address)
            yield node, flow(tables[key].node.id, node.id, where)


PARSER = Parser.of_configs("openlineage", _interest, _parse)
