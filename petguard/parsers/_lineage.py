"""The picture that lineage events draw: columns that are made from others, what masks them, and where they end."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from petguard.model import Facts, Location, Node, NodeKind, Origin, SinkKind, Trait
from petguard.parsers import _said
from petguard.parsers._declared import LINEAGE, dataset, flow, storage
from petguard.parsers._declared_table import Table
from petguard.parsers._said import Said
from petguard.parsers._source import together

Key = tuple[str, str]  # namespace and name of a data set
Column = tuple[str, str, str]

_VECTORS = frozenset({"pinecone", "qdrant", "weaviate", "milvus", "chroma", "chromadb", "pgvector"})
_FILES = frozenset({"s3", "s3a", "s3n", "gs", "wasbs", "abfss", "hdfs", "file", "dbfs", "http", "https"})


@dataclass
class Data:
    """What all events together say of one data set."""

    where: Location
    said: Said = _said.NOTHING
    columns: dict[str, tuple[Location, Said]] = field(default_factory=dict)


@dataclass(frozen=True)
class Way:
    """One column that is made from another; `how` it is masked, or None when its values go on as they are."""

    where: Location
    how: str | None
    technique: str | None


@dataclass
class World:
    """The picture that all events draw."""

    data: dict[Key, Data] = field(default_factory=dict)
    ways: dict[tuple[Column, Column], Way] = field(default_factory=dict)
    jobs: dict[tuple[Key, Key], Location] = field(default_factory=dict)  # of jobs that tell no columns
    trained: dict[tuple[Key, str], Location] = field(default_factory=dict)
    read: set[Key] = field(default_factory=set)
    written: dict[Key, Location] = field(default_factory=dict)
    same: dict[tuple[Key, Key], Location] = field(default_factory=dict)  # one data set under two names


def facts(world: World) -> Facts:
    """All data sets, columns, protections and ends."""
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
    carrying = {end for part in moved for edge in part.edges for end in (edge.source, edge.target)}
    loose = Facts(nodes=tuple(node for node in columns.values() if node.id in carrying))
    return together([*(table.facts() for table in tables.values()), loose, *moved, *_ends(world, tables)])


def _all_masked(world: World) -> set[Column]:
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


def _moved(world: World, columns: dict[Column, Node], tables: dict[Key, Table]) -> Iterator[Facts]:
    """The ways between columns, masked ones through a protection, and those of jobs that tell no columns."""
    for (origin, column), way in world.ways.items():
        start, end = columns[origin], columns[column]
        into = flow(end.id, tables[column[:2]].node.id, way.where)
        if way.how is None:
            yield Facts(edges=(flow(start.id, end.id, way.where), into))
        else:
            by = _protection(start, end, way)
            yield Facts(nodes=(by,), edges=(flow(start.id, by.id, way.where), flow(by.id, end.id, way.where), into))
    for (start_key, end_key), where in world.jobs.items():
        if start_key != end_key:
            yield Facts(edges=(flow(tables[start_key].node.id, tables[end_key].node.id, where),))
    for (key, other), where in world.same.items():
        if key in tables and other in tables:
            names = [name for name in world.data[key].columns if name in world.data[other].columns]
            pairs = [(tables[key].node.id, tables[other].node.id)]
            pairs += [(columns[*key, name].id, columns[*other, name].id) for name in names]
            yield _alike(pairs, where)
    for (key, job), where in world.trained.items():
        trainer = _trainer(job, where)
        yield Facts(nodes=(trainer,), edges=(flow(tables[key].node.id, trainer.id, where),))


def _alike(pairs: Iterable[tuple[str, str]], where: Location) -> Facts:
    """What one name of a data set gets, the other has: a table by its path, and by the name in its catalogue."""
    return Facts(edges=tuple(flow(*ends, where) for one, two in pairs for ends in ((one, two), (two, one))))


def _trainer(job: str, where: Location) -> Node:
    return Node(
        id=f"code:{LINEAGE}/{job}",
        kind=NodeKind.CODE,
        name=f"job {job}",
        sink=SinkKind.TRAINING,
        origin=Origin.DECLARED,
        locations=(where,),
    )


def _protection(start: Node, end: Node, way: Way) -> Node:
    return Node(
        id=f"protection:{start.id.removeprefix('data:')}>{end.id.removeprefix('data:')}",
        kind=NodeKind.PROTECTION,
        name=str(way.how),
        technique=way.technique,
        origin=Origin.DECLARED,
        locations=(way.where,),
        details={"evidence": "declared"},
    )


def _ends(world: World, tables: dict[Key, Table]) -> Iterator[Facts]:
    """What is written and never read stays where its namespace says."""
    again = {one for pair in world.same for one in pair if not world.read.isdisjoint(pair)}
    for key, where in world.written.items():
        if key not in world.read and key not in again:
            namespace, name = key
            scheme = namespace.partition("://")[0].lower()
            address = namespace if "://" in namespace else None
            node = storage(f"{namespace} {name}", where, sink=_kept_in(scheme), kind=scheme, address=address)
            yield Facts(nodes=(node,), edges=(flow(tables[key].node.id, node.id, where),))


def _kept_in(scheme: str) -> SinkKind:
    if scheme in _VECTORS:
        return SinkKind.VECTOR_STORE
    return SinkKind.FILE if scheme in _FILES else SinkKind.DATABASE
