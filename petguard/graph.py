"""The one graph of the scanned system: what there is, and which way data can take through it.

Nodes with the same id are one thing, wherever they were seen. Only `flows_to` edges carry data, and a flow ends at a
sink or where its way is lost (`unresolved`).
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from petguard.model import Edge, EdgeKind, Facts, Location, Node, NodeKind, Origin, Trait
from petguard.ways import Ways

if TYPE_CHECKING:
    import networkx

FlowKey = tuple[str, str, str]
_SCALARS = ("asset", "sink", "provider", "version", "model", "region", "endpoint", "technique", "claim")


@dataclass(frozen=True)
class Hop:
    """One node on a way, at the place where the data passes it."""

    node: Node
    location: Location


@dataclass(frozen=True)
class Path:
    """One way that data can take, from its source to where it ends."""

    hops: tuple[Hop, ...]

    @property
    def source(self) -> Node:
        """Where the data comes from."""
        return self.hops[0].node

    @property
    def target(self) -> Node:
        """Where the data ends."""
        return self.hops[-1].node

    @cached_property
    def call(self) -> Hop | None:
        """The last code before the end, at the place where data leaves by it; None on a way without code."""
        return next((hop for hop in reversed(self.hops[1:]) if hop.node.kind is NodeKind.CODE), None)

    @cached_property
    def key(self) -> FlowKey:
        """What tells this flow from others: the ids of its source, of the call that data leaves by, and of its end."""
        return self.source.id, self.call.node.id if self.call else "", self.target.id

    @property
    def call_site(self) -> Location:
        """The last place in code before the end; without code, the place that says that data gets there."""
        return (self.call or self.hops[-1]).location

    @cached_property
    def protections(self) -> tuple[Node, ...]:
        """The protections on this way, in order."""
        return tuple(hop.node for hop in self.hops if hop.node.kind is NodeKind.PROTECTION)


class Passage(StrEnum):
    """What a cut says about the ways to one node."""

    PASS = "pass"  # every way passes a verified protection
    UNVERIFIED = "unverified"  # every way passes a protection, but some only one that nobody could check
    VIOLATION = "violation"  # a way passes no protection
    UNKNOWN = "unknown"  # a way is lost before it ends


@dataclass(frozen=True)
class Cut:
    """The result for one node, with the way that shows it."""

    passage: Passage
    path: Path


class SystemGraph:
    """Everything that all parsers found, merged. An edge to a node that nobody described is a parser's bug."""

    def __init__(self, facts: Iterable[Facts]) -> None:
        from networkx import MultiDiGraph  # noqa: PLC0415 - 0.15 s that `petguard --help` need not spend

        found = tuple(facts)
        self._graph: networkx.MultiDiGraph[str] = MultiDiGraph()
        self._nodes = {node.id: node for node in _merged_nodes(node for each in found for node in each.nodes)}
        self._graph.add_nodes_from(self._nodes)
        for edge in sorted((edge for each in found for edge in each.edges), key=_edge_order, reverse=True):
            self._add(edge)
        for model in self.nodes(kind=NodeKind.MODEL):
            self._nodes[model.id] = self._resolved(model)
        onward = {key: self._targets(key) for key in sorted(self._graph)}
        self._hops: dict[tuple[str, str], Hop] = {}  # many ways share their last steps
        self._ends = frozenset(node.id for node in self.nodes() if _is_end(node, onward[node.id]))
        self._doors = frozenset(node.id for node in self.nodes(kind=NodeKind.CODE))
        self._ways = Ways(onward, self._ends, self._doors)
        self._lost = frozenset(node.id for node in self.nodes(trait=Trait.UNRESOLVED, sink=None))

    def _add(self, edge: Edge) -> None:
        for key in (edge.source, edge.target):
            if key not in self._graph:
                raise ValueError(f"{edge.location.path}:{edge.location.line}: an edge leads to the unknown node {key}")
        self._graph.add_edge(edge.source, edge.target, key=edge.kind, edge=edge)

    def _targets(self, key: str) -> list[str]:
        return sorted(target for _, target, kind in self._graph.out_edges(key, keys=True) if kind is EdgeKind.FLOWS_TO)

    def _resolved(self, model: Node) -> Node:
        """A model without provider takes that of the one service behind it; a dead end is marked as such."""
        targets = self._targets(model.id)
        services = {self.node(key).provider for key in targets if self.node(key).kind is NodeKind.AI_SERVICE}
        if model.provider is None and len(services) == 1:
            model = model.model_copy(update={"provider": services.pop()})
        fed = any(kind is EdgeKind.FLOWS_TO for _, _, kind in self._graph.in_edges(model.id, keys=True))
        known = targets or model.sink is not None or Trait.LOCAL in model.traits
        if not fed or known or Trait.UNRESOLVED in model.traits:
            return model
        return model.model_copy(update={"traits": tuple(sorted((*model.traits, Trait.UNRESOLVED)))})

    def node(self, key: str) -> Node:
        """The node with this id; KeyError when there is none."""
        return self._nodes[key]

    def nodes(self, *, trait: Trait | None = None, **criteria: object) -> tuple[Node, ...]:
        """The nodes whose fields equal all criteria, in id order: `nodes(kind=NodeKind.MODEL, provider="openai")`."""
        return tuple(
            node
            for node in self._nodes.values()
            if (trait is None or trait in node.traits)
            and all(getattr(node, field) == value for field, value in criteria.items())
        )

    def edges(self, kind: EdgeKind | None = None) -> tuple[Edge, ...]:
        """The edges, or those of one kind, in (source, target, kind) order."""
        found: Iterator[Edge] = (held["edge"] for _, _, held in self._graph.edges(data=True))
        chosen = (edge for edge in found if kind is None or edge.kind is kind)
        return tuple(sorted(chosen, key=lambda edge: (edge.source, edge.target, edge.kind)))

    def flows(self) -> tuple[Path, ...]:
        """One shortest way from each node with personal data through each call to each end it can reach, in id order.

        A way without any protection is preferred: a protection that can be walked around is not listed as one.
        """
        protections = frozenset(node.id for node in self.nodes(kind=NodeKind.PROTECTION))
        sources = frozenset(node.id for node in self.nodes(kind=NodeKind.DATA) if node.categories)
        ends = self._ways.reach(sources).among(self._ends)
        found = [path for end in ends for path in self._flows_into(end, sources, protections)]
        return tuple(sorted(found, key=lambda path: path.key))

    def _flows_into(self, end: str, sources: frozenset[str], protections: frozenset[str]) -> Iterator[Path]:
        passed = self._ways.reach({end}, backwards=True).among(protections)
        bare = self._approaches(end, sources, protections) if passed else {}
        for key, trail in self._approaches(end, sources, frozenset()).items():
            yield self._path(bare.get(key, trail))

    def _approaches(
        self, end: str, sources: frozenset[str], avoiding: frozenset[str]
    ) -> Mapping[tuple[str, str], Sequence[str]]:
        """A shortest way from each source through each call that leads to an end, by source and call.

        The call is the last code on the way, or nothing where there is no code. One way for each source alone would
        keep quiet about every call but the nearest. A way that comes back to where it was is left out: from there the
        data gets to the end without this call.
        """
        near = self._ways.reach({end}, avoiding, backwards=True, to_doors=end not in self._doors)
        if end in self._doors:
            return {(source, end): near.trail(source) for source in near.among(sources - {end})}
        found = {(source, ""): near.trail(source) for source in near.among(sources - {end})}
        for door in near.among(self._doors):
            if door in avoiding:
                continue
            onward = near.trail(door)[1:]
            far = self._ways.reach({door}, avoiding, backwards=True)
            found |= {(source, door): [*far.trail(source), *onward] for source in far.among(sources - {end, door})}
        return {key: trail for key, trail in found.items() if len(set(trail)) == len(trail)}

    def cut(
        self,
        sources: Collection[str],
        targets: Collection[str],
        passes_verified: Collection[str],
        passes_claimed: Collection[str],
    ) -> Mapping[str, Cut]:
        """Whether every way from a source to each target passes a protection; a target out of reach is not listed.

        When no target is reached without a verified protection, an unresolved node that is reached so is listed as
        UNKNOWN: the target may lie behind it. A source is never a target of the same call.
        """
        verified, either = frozenset(passes_verified), frozenset(passes_verified).union(passes_claimed)
        anyhow, unverified, bare = (self._ways.reach(sources, each) for each in ((), verified, either))
        steps = ((bare, Passage.VIOLATION), (unverified, Passage.UNVERIFIED), (anyhow, Passage.PASS))
        found = {}
        for target in anyhow.among(set(targets).difference(sources)):
            reached, passage = next(step for step in steps if target in step[0])
            found[target] = Cut(passage, self._path(reached.trail(target)[::-1]))
        if all(cut.passage is Passage.PASS for cut in found.values()):
            lost = unverified.among(self._lost.difference(sources, targets))
            found |= {key: Cut(Passage.UNKNOWN, self._path(unverified.trail(key)[::-1])) for key in lost}
        return found

    def cut_each(
        self,
        sources: Collection[str],
        targets: Collection[str],
        passes_verified: Collection[str],
        passes_claimed: Collection[str],
    ) -> Sequence[Cut]:
        """The cut of each source, call and target by itself, without what passes; it names every breach.

        Searches backwards from each target: targets are few, sources are not, and the next rule asks for the same ones.
        """
        verified, either = frozenset(passes_verified), frozenset(passes_verified).union(passes_claimed)
        starts = frozenset(sources)
        found = []
        for target in sorted(set(targets) - verified):
            bare = {} if target in either else self._approaches(target, starts, either)
            anyhow = bare if either == verified else self._approaches(target, starts, verified)
            for key, trail in anyhow.items():
                passage = Passage.VIOLATION if key in bare else Passage.UNVERIFIED
                found.append(Cut(passage, self._path(bare.get(key, trail))))
        safe = starts - {cut.path.source.id for cut in found}
        for lost in sorted(self._lost.difference(targets, verified)):
            trails = self._approaches(lost, safe, verified).values()
            found += [Cut(Passage.UNKNOWN, self._path(trail)) for trail in trails]
        return found

    def _path(self, keys: Sequence[str]) -> Path:
        first = self.node(keys[0])
        later = (self._hop(source, target) for source, target in pairwise(keys))
        return Path((Hop(first, first.locations[0]), *later))

    def _hop(self, source: str, target: str) -> Hop:
        """A thing that was seen in several places is passed where the edge says."""
        known = self._hops.get((source, target))
        if known is None:
            known = self._hops[source, target] = self._passed(source, target)
        return known

    def _passed(self, source: str, target: str) -> Hop:
        node = self.node(target)
        if len(node.locations) == 1:
            return Hop(node, node.locations[0])
        edge: Edge = self._graph.edges[source, target, EdgeKind.FLOWS_TO]["edge"]
        return Hop(node, edge.location)


def _is_end(node: Node, onward: Collection[str]) -> bool:
    return node.sink is not None or (Trait.UNRESOLVED in node.traits and not onward)


def _merged_nodes(nodes: Iterable[Node]) -> Iterator[Node]:
    by_id: dict[str, list[Node]] = defaultdict(list)
    for node in nodes:
        by_id[node.id].append(node)
    return (_merged(by_id[key]) for key in sorted(by_id))


def _merged(nodes: Sequence[Node]) -> Node:
    """One node out of all that was said about it: what was seen comes before what was declared."""
    ordered = sorted(nodes, key=_node_order) if len(nodes) > 1 else nodes
    first: dict[str, Any] = {
        field: next((value for node in ordered if (value := getattr(node, field)) is not None), None)
        for field in _SCALARS
    }
    united: dict[str, Any] = {
        "locations": tuple(sorted({place for node in ordered for place in node.locations}, key=_place_order)),
        "categories": tuple(sorted({each for node in ordered for each in node.categories})),
        "traits": _united_traits(ordered),
        "details": {key: value for node in reversed(ordered) for key, value in sorted(node.details.items())},
    }
    return ordered[0].model_copy(update=first | united)


def _united_traits(nodes: Sequence[Node]) -> tuple[Trait, ...]:
    """Every trait of each; what somebody asks for directly is not there only for another package's sake."""
    united = {each for node in nodes for each in node.traits}
    everywhere = set.intersection(*(set(node.traits) for node in nodes))
    return tuple(sorted(united - ({Trait.TRANSITIVE} - everywhere)))


def _node_order(node: Node) -> tuple[Any, ...]:
    return node.origin is not Origin.DETECTED, min(map(_place_order, node.locations)), node.model_dump_json()


def _edge_order(edge: Edge) -> tuple[Any, ...]:
    return edge.origin is not Origin.DETECTED, _place_order(edge.location)


def _place_order(place: Location) -> tuple[str, int, int, str]:
    return place.path, place.line, place.column, place.evidence
