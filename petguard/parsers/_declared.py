"""The nodes that configurations declare: data sets, their columns, how they are masked, and who receives them.

Every declaring format uses these, so that one column means the same whoever speaks of it: `details` holds the `table`
and the `column` it is known by, and the traits what is said about it. What nobody classified is classified by its name.
"""

from collections.abc import Iterable
from pathlib import PurePosixPath

from petguard import catalog, taxonomy
from petguard.model import Asset, Edge, EdgeKind, Location, Node, NodeKind, Origin, SinkKind, Trait
from petguard.parsers._names import host, is_local

ANY_PERSONAL = "user"  # the category of data that is said to be personal without a word about its kind
LINEAGE = "openlineage"  # the home of the columns that OpenLineage knows by namespace, name and field
DATASETS = "dataset"  # the home of the columns of data sets that have a name of their own, such as on a hub
_CLOUDS = frozenset(
    {
        *("s3", "s3a", "s3n", "gs", "gcs", "azure", "wasbs", "abfss", "adls", "gdrive", "oss", "http", "https"),
        *("snowflake", "bigquery", "databricks", "redshift", "synapse", "athena", "awsathena", "awsglue", "glue"),
        *("kinesis", "pubsub", "motherduck"),
    }
)
_GENERIC = frozenset({"api", "llm", "service", "inference"})


def column(
    home: str, table: str, name: str, location: Location, *, said: Trait | None = None, categories: Iterable[str] = ()
) -> Node:
    """A column or field of `table`, declared in the format `home`.

    `said` is SAID_PERSONAL or SAID_CLEAN where the declaration speaks about it; `categories` are those it names, in
    the taxonomy's keys. A column that is said to be personal, and nothing more, has at least the category `user`.
    """
    named = tuple(each for each in categories if taxonomy.is_known(each)) or taxonomy.classify(table, name)
    if said is Trait.SAID_PERSONAL:
        named = named or (ANY_PERSONAL,)
    return Node(
        id=f"data:{home}/{table}.{name}",
        kind=NodeKind.DATA,
        name=f"{table}.{name}",
        origin=Origin.DECLARED,
        locations=(location,),
        categories=() if said is Trait.SAID_CLEAN else named,
        traits=(said,) if said else (),
        details={"table": table, "column": name, "declared_in": home},
    )


def dataset(home: str, name: str, location: Location, *, categories: Iterable[str] = ()) -> Node:
    """A whole data set: a table, a model of a warehouse, a corpus. It is a row of the inventory."""
    return Node(
        id=f"data:{home}/{name}",
        kind=NodeKind.DATA,
        asset=Asset.DATASET,
        name=name,
        origin=Origin.DECLARED,
        locations=(location,),
        categories=tuple(each for each in categories if taxonomy.is_known(each)),
        details={"declared_in": home},
    )


def data_file(path: str, location: Location, *, categories: Iterable[str] = ()) -> Node:
    """A file of data, by its path below the scan root: the same node for everybody who names it."""
    return Node(
        id=f"data:file/{PurePosixPath(path).as_posix().removeprefix('./')}",
        kind=NodeKind.DATA,
        name=path,
        origin=Origin.DECLARED,
        locations=(location,),
        categories=tuple(categories),
        details={"path": path},
    )


def named_place(place: str, location: Location, *, categories: Iterable[str] = ()) -> Node:
    """Data at a path below the scan root, or at an address: the same node for everybody who names it."""
    if "://" not in place:
        return data_file(place, location, categories=categories)
    return Node(
        id=f"data:uri/{place}",
        kind=NodeKind.DATA,
        name=place,
        origin=Origin.DECLARED,
        locations=(location,),
        categories=tuple(categories),
        details={"uri": place},
    )


def masked(data: Node, how: str, technique: str | None, location: Location) -> tuple[Node, Edge]:
    """The protection that a declaration says stands on a column, and the edge into it."""
    node = Node(
        id=f"protection:{data.id.removeprefix('data:')}",
        kind=NodeKind.PROTECTION,
        name=how,
        technique=technique,
        origin=Origin.DECLARED,
        locations=(location,),
        details={"evidence": "declared"},
    )
    return node, flow(data.id, node.id, location)


def recipient(
    name: str, location: Location, *, sink: SinkKind = SinkKind.THIRD_PARTY, endpoint: str | None = None
) -> Node:
    """Who is said to receive data: an AI provider where the name or the host is one, else another party."""
    reached = host(endpoint) if endpoint else None  # of an address with or without a scheme
    provider = provider_named(name) or (catalog.provider_by_host(reached) if reached else None)
    if provider is not None:
        return Node(
            id=f"ai_service:{provider.id}",
            kind=NodeKind.AI_SERVICE,
            asset=Asset.AI_SERVICE,
            sink=SinkKind.AI_SERVICE,
            name=provider.name,
            provider=provider.id,
            origin=Origin.DECLARED,
            traits=(Trait.LOCAL if provider.kind == "local" else Trait.EXTERNAL,),
            locations=(location,),
        )
    return Node(
        id=f"system:{name}",
        kind=NodeKind.SYSTEM,
        name=name,
        sink=sink,
        endpoint=endpoint,
        origin=Origin.DECLARED,
        locations=(location,),
    )


def storage(name: str, location: Location, *, sink: SinkKind, kind: str, address: str | None = None) -> Node:
    """Who keeps data: a cloud is outside, a folder is not; `kind` is a scheme (`s3`) or a type of server."""
    node = recipient(name, location, sink=sink, endpoint=address)
    reached = host(address) if address and kind in ("http", "https") else None
    outside = kind in _CLOUDS and not (reached is not None and is_local(reached))
    near = kind in ("", "file", "local")
    traits = node.traits or ((Trait.EXTERNAL,) if outside else (Trait.LOCAL,) if near else ())
    return node.model_copy(update={"traits": traits})


def provider_named(name: str) -> catalog.Provider | None:
    """The AI provider that a name means: `openai`, `azure_openai`, `anthropic_api`."""
    parts = name.lower().replace("_", "-").replace(" ", "-").split("-")
    while len(parts) > 1 and parts[-1] in _GENERIC:
        parts.pop()
    return catalog.provider("-".join(parts))


def flow(start: str, end: str, location: Location) -> Edge:
    """Data is said to go from one node to another."""
    return Edge(kind=EdgeKind.FLOWS_TO, source=start, target=end, origin=Origin.DECLARED, location=location)


def derived_from(result: Node, origin: Node, location: Location) -> Edge:
    """A data set or a model is said to be made from another one."""
    return Edge(
        kind=EdgeKind.DERIVED_FROM, source=result.id, target=origin.id, origin=Origin.DECLARED, location=location
    )
