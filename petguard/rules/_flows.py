"""Checks of flows: every way from the data to the target must pass a protection, shown by a cut of the graph."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from petguard import rows, taxonomy
from petguard.graph import Cut, Passage, Path
from petguard.model import FlowResult, Location, Node, NodeKind
from petguard.policy import DataRule
from petguard.rules import _nodes
from petguard.rules._evidence import Evidence, Hit, related
from petguard.rules._protections import Passes, passes
from petguard.rules._schema import DataTest, FlowTest, NodeTest, PolicyDataTest, ProtectionTest

_RESULTS = {
    Passage.VIOLATION: FlowResult.VIOLATION,
    Passage.UNVERIFIED: FlowResult.UNVERIFIED,
    Passage.UNKNOWN: FlowResult.UNKNOWN,
}
_WORST_FIRST = tuple(_RESULTS)


@dataclass(frozen=True)
class Breach:
    """One category of one source that reaches a node, or may."""

    category: str
    cut: Cut
    requirement: str = ""


def check(test: FlowTest, evidence: Evidence) -> Iterator[Hit]:
    """One hit per flow, with all its categories and the worst result among them."""
    accepted = test.unless_every_path_passes.any if test.unless_every_path_passes else ()
    targets = _targets(test.to, evidence)
    breaches = (
        breach
        for category, sources in evidence.sources.items()
        if _is_meant(test.source, category)
        and not (test.unless_policy_decides and evidence.policy.data_rule(category) is not None)
        for breach in _breaches(category, sources, targets, passes(accepted, category, evidence), evidence)
    )
    return _hits(breaches, evidence)


def check_policy_data(test: PolicyDataTest, evidence: Evidence) -> Iterator[Hit]:
    """What the policy says about each category, as if it were a rule of its own."""
    targets = _targets(test.to, evidence)
    return _hits(
        (
            breach
            for category, sources in evidence.sources.items()
            if (rule := evidence.policy.data_rule(category)) is not None
            for breach in _policy_breaches(rule, category, sources, targets, evidence)
        ),
        evidence,
    )


def _policy_breaches(
    rule: DataRule, category: str, sources: tuple[Node, ...], targets: frozenset[str], evidence: Evidence
) -> Iterator[Breach]:
    if rule.providers is not None:
        refused = {key for key in targets if evidence.graph.node(key).provider not in rule.providers}
        only = f"the policy lets it go to {', '.join(rule.providers) or 'no provider'} only"
        nothing = Passes(frozenset(), frozenset())
        found = _breaches(category, sources, frozenset(refused), nothing, evidence)
        yield from (replace(breach, requirement=only) for breach in found)
    if rule.require:
        accepted = ProtectionTest(protection=rule.require, verdict=rule.verdict)
        required = f"the policy requires {' or '.join(rule.require)}, {rule.verdict}"
        found = _breaches(category, sources, targets, passes([accepted], category, evidence), evidence)
        yield from (replace(breach, requirement=required) for breach in found)


def _is_meant(test: DataTest, category: str) -> bool:
    if test.special is not None and taxonomy.is_special(category) is not test.special:
        return False
    return test.data_category is None or taxonomy.covers(test.data_category, category)


def _targets(test: NodeTest, evidence: Evidence) -> frozenset[str]:
    return frozenset(node.id for node in _nodes.matching(test, evidence))


def _breaches(
    category: str, sources: tuple[Node, ...], targets: frozenset[str], accepted: Passes, evidence: Evidence
) -> Iterator[Breach]:
    keys = {node.id for node in sources}
    cuts = evidence.graph.cut_each(keys, targets, accepted.verified, accepted.claimed)
    return (Breach(category, cut) for cut in cuts.values())


def _hits(breaches: Iterable[Breach], evidence: Evidence) -> Iterator[Hit]:
    by_flow: dict[tuple[str, str], list[Breach]] = defaultdict(list)
    for breach in breaches:
        by_flow[breach.cut.path.source.id, breach.cut.path.target.id].append(breach)
    return (_hit(ends, found, evidence) for ends, found in by_flow.items())


def _hit(ends: tuple[str, str], breaches: list[Breach], evidence: Evidence) -> Hit:
    worst = min(breaches, key=lambda breach: _WORST_FIRST.index(breach.cut.passage))
    path, passage = worst.cut.path, worst.cut.passage
    same = [breach for breach in breaches if breach.cut.passage is passage]
    return Hit(
        identity=f"{rows.identity(path.source)}|{rows.identity(path.target)}",
        location=path.call_site,
        words=_words(path, passage, same),
        result=_RESULTS[passage],
        related=related(_places(path)),
        flow=evidence.flow_ids.get(ends),
        confidence=rows.confidence(path),
        claim=next((node.claim for node in path.protections if node.claim), None),
    )


def _words(path: Path, passage: Passage, breaches: list[Breach]) -> Mapping[str, str]:
    protections = ", ".join(node.name for node in path.protections)
    return {
        "source": path.source.name,
        "sink": path.target.name,
        "categories": ", ".join(sorted({breach.category for breach in breaches})),
        "provider": path.target.provider or "an unknown provider",
        "protections": protections or "no protection",
        "how": _how(passage, protections),
        "requirement": "; ".join(sorted({breach.requirement for breach in breaches})),
    }


def _how(passage: Passage, protections: str) -> str:
    if passage is Passage.UNVERIFIED:
        return f"protected only by {protections}, which nobody could verify"
    if passage is Passage.UNKNOWN:
        return "and where it goes from there could not be found out"
    return f"and {protections} on the way does not count for it" if protections else "without protection"


def _places(path: Path) -> Iterator[tuple[Location, str]]:
    yield path.hops[0].location, f"source: {path.source.name}"
    for hop in path.hops:
        if hop.node.kind is NodeKind.PROTECTION:
            yield hop.location, f"protection: {hop.node.name}"
