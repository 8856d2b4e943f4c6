"""What a scan knows when the rules speak, and the finding they make of it."""

import hashlib
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import Self

from petguard import rows
from petguard.comparison import Comparison, compare
from petguard.declarations import Scene
from petguard.flows import knowledge
from petguard.graph import FlowKey, Path, SystemGraph
from petguard.model import Claim, Confidence, FlowResult, Location, Node, NodeKind, SinkKind, Verdict
from petguard.policy import Policy
from petguard.recipients import names
from petguard.report import Related

MAX_RELATED = 20  # a finding is read by people; the inventory lists every place


@dataclass(frozen=True)
class Evidence:
    """The graph, the claims and what became of them, the policy, and the flows of personal data."""

    graph: SystemGraph
    claims: tuple[Claim, ...]
    verdicts: Mapping[str, Verdict]
    policy: Policy
    flows: tuple[Path, ...]
    code: Collection[str] = ()

    @classmethod
    def of(
        cls,
        graph: SystemGraph,
        claims: Iterable[Claim],
        verdicts: Iterable[Verdict],
        policy: Policy,
        code: Collection[str] = (),
    ) -> Self:
        """Put together what a scan found; the flows are computed here, once. `code` are the source files it read."""
        by_claim = {verdict.claim: verdict for verdict in verdicts}
        return cls(graph, tuple(claims), by_claim, policy, graph.flows(), code)

    @cached_property
    def scene(self) -> Scene:
        """What is only said to be there, and what was found."""
        return Scene(self.graph, self.flows, self.policy, self.code, _recognised())

    @cached_property
    def comparison(self) -> Comparison:
        """What is declared, held against what was found."""
        return compare(self.scene)

    @cached_property
    def flow_ids(self) -> Mapping[FlowKey, str]:
        """The id of each flow."""
        return rows.flow_ids(self.flows)

    @cached_property
    def sources(self) -> Mapping[str, tuple[Node, ...]]:
        """The data nodes that hold each category, in category order."""
        data = self.graph.nodes(kind=NodeKind.DATA)
        categories = sorted({category for node in data for category in node.categories})
        return {category: tuple(node for node in data if category in node.categories) for category in categories}

    @cached_property
    def nodes_by_sink(self) -> Mapping[SinkKind, list[Node]]:
        """The nodes that receive data, by what they are."""
        found: dict[SinkKind, list[Node]] = {}
        for node in self.graph.nodes():
            if node.sink is not None:
                found.setdefault(node.sink, []).append(node)
        return found

    @cached_property
    def protections(self) -> tuple[Node, ...]:
        """Every application of a protection."""
        return self.graph.nodes(kind=NodeKind.PROTECTION)

    @cached_property
    def claim_by_id(self) -> Mapping[str, Claim]:
        """The claims by their id."""
        return {claim.id: claim for claim in self.claims}


@cache
def _recognised() -> frozenset[str]:
    """The names of those outside to whom calls are known."""
    return frozenset(name for each in knowledge.table().recipients if not each.local for name in names(each.name))


@dataclass(frozen=True)
class Hit:
    """One thing that a check found: where, and the words for the message. `identity` never holds a line number."""

    identity: str
    location: Location
    words: Mapping[str, str]
    result: FlowResult = FlowResult.VIOLATION
    related: tuple[Related, ...] = ()
    flows: tuple[str, ...] = ()  # the first shows it best
    categories: tuple[str, ...] = ()
    claim: str | None = None
    confidence: Confidence = Confidence.HIGH
    remedy: str = ""
    order: tuple[str | int, ...] = field(init=False)

    def __post_init__(self) -> None:
        """Hits are read in the order of their places."""
        place = self.location
        object.__setattr__(self, "order", (place.path, place.line, place.column, self.identity))


def fingerprints(rule: str, hits: Iterable[Hit]) -> Iterator[tuple[Hit, str]]:
    """Each hit, in reading order, with a fingerprint that moved lines do not change; equal ones are numbered."""
    seen: Counter[str] = Counter()
    for hit in sorted(hits, key=lambda hit: hit.order):
        digest = hashlib.sha256(f"{rule}|{hit.identity}".encode("utf-8", "surrogatepass")).hexdigest()
        seen[digest] += 1
        yield hit, digest if seen[digest] == 1 else f"{digest}-{seen[digest]}"


def related(places: Iterable[tuple[Location, str]], limit: int = MAX_RELATED) -> tuple[Related, ...]:
    """Further places of a finding, each line once; the last of those that are shown says how many more there are."""
    every = list(dict.fromkeys((place.path, place.line, text) for place, text in places))
    more = len(every) - limit
    shown = [Related(path=path, line=line, message=text) for path, line, text in every[:limit]]
    if more > 0:
        shown[-1] = shown[-1].model_copy(update={"message": f"{shown[-1].message}, and {more:,} more"})
    return tuple(shown)


_BADNESS = (FlowResult.UNKNOWN, FlowResult.UNVERIFIED, FlowResult.VIOLATION)


@dataclass
class Spoken:
    """What other rules have said about flows: a rule is silent about what is left to them."""

    worst: dict[str, int] = field(default_factory=dict)  # how bad each flow was called, by its id

    def add(self, hit: Hit) -> None:
        """Note that somebody spoke about the flows of a hit."""
        for flow in hit.flows:
            self.worst[flow] = max(self.worst.get(flow, 0), _BADNESS.index(hit.result))

    def covers(self, flow: str | None, result: FlowResult) -> bool:
        """Whether this flow was already called at least as bad."""
        return flow is not None and self.worst.get(flow, -1) >= _BADNESS.index(result)
