"""Turns the graph, the claims and the verdicts into the rows of the report, with ids that survive moved lines."""

import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence

from petguard.comparison import Comparison
from petguard.graph import FlowKey, Path, SystemGraph
from petguard.model import (
    Claim,
    Confidence,
    EdgeKind,
    EvidenceLevel,
    Gap,
    Location,
    Node,
    NodeKind,
    Origin,
    SinkKind,
    State,
    Trait,
    Verdict,
)
from petguard.policy import Policy
from petguard.report import (
    AssetRow,
    ClaimRow,
    Compared,
    Declaration,
    Declared,
    Endpoint,
    Flow,
    FlowSink,
    HazardRow,
    Place,
    Protection,
    Relation,
    Step,
)

_IS_TEST = re.compile(
    r"(?i)(?:^|/)(?:tests?|__tests__|spec|fixtures)/|(?:^|/)(?:test_|conftest)[^/]*$|[._](?:test|spec)\.\w+$"
)
_KEPT = ("attribute:", "variable:", "filled:")  # how the ids of values begin that are kept from one call to another
_LONG, _VERY_LONG = 12, 24  # steps, source and end included: each may be where two things were taken for one
_POSITION = re.compile(r"(:\d+)+$")


def identity(node: Node) -> str:
    """What stays the same about a node when lines are added above it."""
    return f"{_POSITION.sub('', node.id)}|{node.name}"


def numbered(names: Iterable[str]) -> list[str]:
    """Hash each name to a short id; the second of equal names gets `-2`, the third `-3`."""
    seen: Counter[str] = Counter()
    ids = []
    for name in names:
        seen[name] += 1
        short = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:16]
        ids.append(short if seen[name] == 1 else f"{short}-{seen[name]}")
    return ids


def call_identity(flow: Path) -> str:
    """What stays the same about the call that data leaves by: file, function and what is called; no line.

    On a way without code, the file that says that data gets there.
    """
    if flow.call is None:
        return flow.call_site.path
    return f"{identity(flow.call.node)}|{flow.call.node.details.get('function', '')}"


def flow_ids(flows: Sequence[Path]) -> Mapping[FlowKey, str]:
    """The id of each flow, by its key."""
    ordered = sorted(flows, key=_flow_order)
    ids = numbered(f"{identity(flow.source)}|{call_identity(flow)}|{identity(flow.target)}" for flow in ordered)
    return {flow.key: key for flow, key in zip(ordered, ids, strict=True)}


def flow_rows(
    flows: Sequence[Path], verdicts: Mapping[str, Verdict], declared: Callable[[Path], bool] = lambda _: False
) -> tuple[Flow, ...]:
    """The flows in the order of their source, then of their sink."""
    ids = flow_ids(flows)
    return tuple(_flow(ids[flow.key], flow, verdicts, declared(flow)) for flow in sorted(flows, key=_flow_order))


def _flow(key: str, flow: Path, verdicts: Mapping[str, Verdict], declared: bool) -> Flow:
    start, end = flow.hops[0].location, flow.call_site
    return Flow(
        id=key,
        categories=flow.source.categories,
        source=Endpoint(
            path=start.path, line=start.line, name=flow.source.name, because=str(flow.source.details.get("because", ""))
        ),
        sink=FlowSink(path=end.path, line=end.line, kind=_sink_kind(flow.target), name=flow.target.name),
        steps=tuple(Step(path=hop.location.path, line=hop.location.line, label=hop.node.name) for hop in flow.hops),
        protections=tuple(_protection(node, verdicts) for node in flow.protections),
        confidence=confidence(flow),
        origin=Origin.DECLARED if declared else Origin.DETECTED,
    )


def confidence(flow: Path) -> Confidence:
    """How sure a person would be of a flow.

    Less where only a bare name says that it is personal data, where a whole object goes of which nobody knows what is
    read, where it was kept in an object between two functions, and where the way is long; little where it is very long,
    in test code, and where its end could not be found out.
    """
    place, steps = flow.hops[0].location, len(flow.hops)
    if _IS_TEST.search(place.path) or _is_lost(flow.target) or steps > _VERY_LONG:
        return Confidence.LOW
    kept = any(hop.node.id.startswith(_KEPT) for hop in flow.hops)
    bare = "." not in flow.source.name or flow.source.origin is Origin.DECLARED
    vague = kept or bare or bool(flow.source.details.get("whole"))
    if steps > _LONG:
        return Confidence.LOW if vague else Confidence.MEDIUM
    return Confidence.MEDIUM if vague else Confidence.HIGH


def _sink_kind(end: Node) -> SinkKind:
    """A way that is lost at a model ends at some AI service; lost anywhere else, with somebody else."""
    if end.sink is not None:
        return end.sink
    ai = end.kind in (NodeKind.MODEL, NodeKind.AI_SERVICE, NodeKind.AGENT)
    return SinkKind.AI_SERVICE if ai else SinkKind.THIRD_PARTY


def _protection(node: Node, verdicts: Mapping[str, Verdict]) -> Protection:
    verdict = verdicts.get(node.claim or "")
    outcome = None if verdict is None else verdict.outcome
    level = node.details.get("evidence")
    return Protection(
        technique=node.technique or node.name,
        claim=node.claim,
        outcome=outcome,
        name=node.name,
        evidence=EvidenceLevel(str(level)) if level else None,
    )


def _flow_order(flow: Path) -> tuple[str | int, ...]:
    start, end = flow.hops[0].location, flow.call_site
    return start.path, start.line, start.column, flow.source.name, end.path, end.line, flow.target.id, flow.source.id


def lost_flows(flows: Iterable[Path]) -> tuple[Gap, ...]:
    """One gap for each place where personal data goes somewhere that could not be found out, in (path, line) order."""
    lost = {(flow.call_site.path, flow.call_site.line, flow.target.name) for flow in flows if _is_lost(flow.target)}
    return tuple(
        Gap(
            path=path,
            line=line,
            state=State.PARTIAL,
            reason="unresolved",
            detail=f"personal data reaches {name}, and where it goes from there could not be found out",
        )
        for path, line, name in sorted(lost)
    )


def _is_lost(node: Node) -> bool:
    return Trait.UNRESOLVED in node.traits and node.sink is None


def claim_rows(claims: Iterable[Claim], verdicts: Mapping[str, Verdict]) -> tuple[ClaimRow, ...]:
    """Each claim with its verdict, in (path, line, technique, id) order; KeyError for a claim without verdict."""
    ordered = sorted(claims, key=lambda claim: (claim.location.path, claim.location.line, claim.technique, claim.id))
    return tuple(_claim(claim, verdicts[claim.id]) for claim in ordered)


def _claim(claim: Claim, verdict: Verdict) -> ClaimRow:
    return ClaimRow(
        id=claim.id,
        technique=claim.technique,
        subject=claim.subject,
        stated=claim.stated,
        parameters=claim.parameters,
        location=Place(path=claim.location.path, line=claim.location.line),
        outcome=verdict.outcome,
        reason=verdict.reason,
        explanation=verdict.explanation,
        interval=verdict.interval,
        method=verdict.method,
        assumptions=verdict.assumptions,
        witness=verdict.witness,
        remedy=verdict.remedy,
        hazards=tuple(
            HazardRow(hazard=each.hazard, path=each.location.path, line=each.location.line, detail=each.detail)
            for each in claim.dangers
        ),
        about=claim.about,
    )


def declared(comparison: Comparison) -> Declared:
    """What is declared and how it compares, in the order of the comparison."""
    return Declared(
        lists_flows=comparison.lists_flows,
        declarations=tuple(
            Declaration(
                format=each.format,
                path=each.location.path,
                line=each.location.line,
                flows=each.flows,
                columns=each.columns,
            )
            for each in comparison.declarations
        ),
        rows=tuple(
            Compared(
                subject=row.subject,
                what=row.what,
                categories=row.categories,
                recipient=row.recipient.name if row.recipient else None,
                verdict=row.verdict,
                why=row.why,
                declared=_each_place(row.declared),
                detected=_each_place(row.detected),
            )
            for row in comparison.rows
        ),
    )


def _each_place(locations: Iterable[Location]) -> tuple[Place, ...]:
    return tuple(Place(path=each.path, line=each.line) for each in locations)


def asset_rows(graph: SystemGraph, policy: Policy) -> tuple[AssetRow, ...]:
    """The inventory: every node that is an asset, in (kind, name, id) order."""
    related = _relations(graph)
    rows = (
        AssetRow(
            id=node.id,
            kind=node.asset,
            name=node.name,
            provider=node.provider,
            version=node.version,
            model=node.model,
            region=node.region,
            endpoint=node.endpoint,
            approved=policy.approves(node),
            source=node.origin,
            traits=node.traits,
            details=node.details,
            relations=related.get(node.id, ()),
            locations=node.locations,
        )
        for node in graph.nodes()
        if node.asset is not None
    )
    return tuple(sorted(rows, key=lambda row: (row.kind, row.name, row.id)))


def _relations(graph: SystemGraph) -> Mapping[str, tuple[Relation, ...]]:
    """The other assets that each asset leads to, in (kind, id) order.

    A call is no asset; the service that it reaches and the model that it names belong together.
    """
    assets = {node.id for node in graph.nodes() if node.asset is not None}
    found = {(edge.source, edge.kind, edge.target) for edge in graph.edges() if {edge.source, edge.target} <= assets}
    reached: defaultdict[str, set[str]] = defaultdict(set)
    named: defaultdict[str, set[str]] = defaultdict(set)
    for edge in graph.edges():
        if edge.source not in assets and edge.target in assets:
            ends = {EdgeKind.FLOWS_TO: reached, EdgeKind.USES: named}.get(edge.kind)
            if ends is not None:
                ends[edge.source].add(edge.target)
    found |= {(end, EdgeKind.USES, model) for call in reached for end in reached[call] for model in named[call]}
    by_source: defaultdict[str, list[Relation]] = defaultdict(list)
    for source, kind, target in sorted(found):
        by_source[source].append(Relation(kind=kind, to=target))
    return {source: tuple(relations) for source, relations in by_source.items()}
