"""Brings together what is said about one protection in several places, before it is judged."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase

from petguard import catalog, claim_joins
from petguard.model import Edge, EdgeKind, Facts, Location, Node, NodeKind, Origin, SinkKind

_MODEL = "model:"  # how the ids of models begin
_PACKAGE = "ai_sdk:"  # how the ids of packages begin
_STORED = frozenset({"contract", "dbt", "fides", "openlineage", "prisma"})  # formats that speak of stored columns


def joined(facts: Iterable[Facts]) -> tuple[Facts, ...]:
    """Join the claims about one protection, and calls with the gateways they pass."""
    everything = _one_column(facts)
    claims, answered = claim_joins.joined(everything)
    nodes = _answered(_one_package(everything))
    bare = tuple(_without(part, answered) for part in nodes)
    together = Facts(claims=claims, edges=_through_gateways(everything))
    return (*bare, together, *_into_training(everything))


def _without(part: Facts, answered: frozenset[str]) -> Facts:
    """The part without what was joined, and without protections of claims that are no more."""
    nodes = tuple(node for node in part.nodes if node.claim not in answered) if answered else part.nodes
    return part.model_copy(update={"claims": (), "settings": (), "nodes": nodes})


def _one_column(facts: Iterable[Facts]) -> tuple[Facts, ...]:
    """Where several formats describe the same column of the same table, it is one: what each says of it counts.

    A table that one format describes twice could be either, and stays apart.
    """
    parts = tuple(facts)
    found: dict[tuple[str, str], dict[str, set[str]]] = {}
    for node in (node for part in parts for node in part.nodes if node.kind is NodeKind.DATA):
        kind = str(node.details.get("declared_in", "")).partition("/")[0]
        if kind in _STORED and "column" in node.details:
            found.setdefault(_stored_as(node), {}).setdefault(kind, set()).add(node.id)
    instead: dict[str, str] = {}
    for formats in found.values():
        same = sorted(key for keys in formats.values() for key in keys)
        if len(formats) > 1 and len(same) == len(formats):
            instead |= dict.fromkeys(same[1:], same[0])
    return tuple(_with_ids(part, instead) for part in parts) if instead else parts


def _stored_as(node: Node) -> tuple[str, str]:
    """The table and the column, as a database would name them: without schema, in lower case."""
    table, column = str(node.details.get("table", "")), str(node.details["column"])
    stored = node.details.get("stored_as")
    if isinstance(stored, str):
        table, _, column = stored.rpartition(".")
    return table.rpartition(".")[2].lower(), column.lower()


def _with_ids(part: Facts, instead: Mapping[str, str]) -> Facts:
    nodes = tuple(
        node.model_copy(update={"id": instead[node.id]}) if node.id in instead else node for node in part.nodes
    )
    edges = tuple(
        edge.model_copy(
            update={"source": instead.get(edge.source, edge.source), "target": instead.get(edge.target, edge.target)}
        )
        if edge.source in instead or edge.target in instead
        else edge
        for edge in part.edges
    )
    return part.model_copy(update={"nodes": nodes, "edges": edges})


def _one_package(facts: Sequence[Facts]) -> Iterator[Facts]:
    """Where packages share a module's name (`ag2` and `pyautogen`), code that imports it means the declared one."""
    nodes = [node for part in facts for node in part.nodes if node.id.startswith(_PACKAGE)]
    declared = {node.id for node in nodes if node.origin is Origin.DECLARED}
    instead = {node.id: _declared_twin(node, declared) for node in nodes if node.id not in declared}
    for part in facts:
        yield part.model_copy(update={"nodes": tuple(_renamed(node, instead.get(node.id)) for node in part.nodes)})


def _declared_twin(node: Node, declared: Iterable[str]) -> catalog.Package | None:
    ecosystem, _, name = node.id.removeprefix(_PACKAGE).partition("/")
    modules = set(known.modules) if (known := catalog.package(ecosystem, name)) else set()
    others = (each.removeprefix(_PACKAGE).partition("/") for each in sorted(declared))
    twins = (catalog.package(other, twin) for other, _, twin in others if other == ecosystem)
    return next((twin for twin in twins if twin and not modules.isdisjoint(twin.modules)), None)


def _renamed(node: Node, package: catalog.Package | None) -> Node:
    if package is None:
        return node
    key = f"{_PACKAGE}{package.ecosystem}/{package.name}"
    return node.model_copy(update={"id": key, "name": package.name, "provider": package.provider})


def _answered(facts: Iterable[Facts]) -> Iterator[Facts]:
    """A client whose address comes from outside is no asset of its own where the tree says which address that may be.

    It stays in the graph, so that a closed list of providers still refuses it. What only a bill of materials speaks
    of is no asset, and answers nobody.
    """
    parts = tuple(facts)
    nodes = [node for part in parts for node in part.nodes if node.kind is NodeKind.AI_SERVICE and node.asset]
    addressed = any(node.endpoint is not None or node.origin is Origin.DECLARED for node in nodes)
    for part in parts:
        some = tuple(_unlisted(node) if addressed else node for node in part.nodes)
        yield part.model_copy(update={"nodes": some})


def _unlisted(node: Node) -> Node:
    nameless = node.kind is NodeKind.AI_SERVICE and node.provider is None and node.endpoint is None
    return node.model_copy(update={"asset": None}) if nameless else node


def _through_gateways(facts: Sequence[Facts]) -> tuple[Edge, ...]:
    """What is sent to a gateway goes on to where the gateway's configuration routes the model's name.

    A call may go through the gateway when its own address is no provider of the catalogue, or when the model is no
    model of that provider. A name that is not routed by itself may be by a pattern, `anthropic/*`.
    """
    edges = [edge for part in facts for edge in part.edges]
    providers = {node.id: node.provider for part in facts for node in part.nodes}
    routed = {edge.source for edge in edges if edge.kind is EdgeKind.FLOWS_TO and edge.origin is Origin.DECLARED}
    patterns = sorted(key for key in routed if key.startswith(_MODEL) and "*" in key)
    direct = {edge.source for edge in edges if edge.kind is EdgeKind.FLOWS_TO and providers.get(edge.target)}
    by_name = [
        edge.model_copy(update={"kind": EdgeKind.FLOWS_TO})
        for edge in edges
        if edge.kind is EdgeKind.USES and edge.target in routed
        if edge.source not in direct or catalog.provider_by_model(edge.target.partition(":")[2]) is None
    ]
    by_pattern = [
        edge.model_copy(update={"kind": EdgeKind.FLOWS_TO, "target": pattern})
        for edge in (edges if patterns else ())
        if edge.kind is EdgeKind.USES and edge.target.startswith(_MODEL) and edge.target not in routed
        if edge.source not in direct and (pattern := _pattern(edge.target, patterns)) is not None
    ]
    return (*by_name, *by_pattern)


def _into_training(facts: Sequence[Facts]) -> Iterator[Facts]:
    """What a model is said to be trained on goes into its training, masked where it is said to be masked.

    A file that says where the training takes place, such as a stage of a pipeline, has that flow already.
    """
    nodes = {node.id: node for part in facts for node in part.nodes}
    told = {place.path for node in nodes.values() if node.sink is SinkKind.TRAINING for place in node.locations}
    for edge in (edge for part in facts for edge in part.edges if edge.kind is EdgeKind.TRAINED_ON):
        if edge.location.path in told or edge.source not in nodes:
            continue
        end = _training(nodes[edge.source], edge.location)
        masked = f"protection:{edge.target.removeprefix('data:')}"
        start = masked if masked in nodes else edge.target
        flow = edge.model_copy(update={"kind": EdgeKind.FLOWS_TO, "source": start, "target": end.id})
        yield Facts(nodes=(end,), edges=(flow,))


def _training(model: Node, location: Location) -> Node:
    return Node(
        id=f"training:{model.id}",
        kind=NodeKind.SINK,
        name=f"the training of {model.name}",
        sink=SinkKind.TRAINING,
        origin=Origin.DECLARED,
        locations=(location,),
    )


def _pattern(key: str, patterns: Iterable[str]) -> str | None:
    """The pattern that routes a name, with or without its maker before it: of several that fit the longest."""
    name = key.removeprefix(_MODEL)
    maker = catalog.provider_by_model(name)
    written = [key, *(f"{_MODEL}{prefix}/{name}" for prefix in (maker.prefixes if maker else ()))]
    fitting = (pattern for pattern in patterns if any(fnmatchcase(each, pattern) for each in written))
    return max(fitting, key=len, default=None)
