"""Checks of flows: every way from the data to the target must pass a protection, shown by a cut of the graph."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from petguard import rows, taxonomy
from petguard.graph import Cut, FlowKey, Passage, Path
from petguard.model import FlowResult, Location, Node, NodeKind, Trait
from petguard.policy import DataRule
from petguard.rules import _nodes
from petguard.rules._evidence import Evidence, Hit, Spoken, related
from petguard.rules._protections import Passes, passes
from petguard.rules._schema import DataTest, FlowTest, NodeTest, PolicyDataTest, ProtectionTest

_RESULTS = {
    Passage.VIOLATION: FlowResult.VIOLATION,
    Passage.UNVERIFIED: FlowResult.UNVERIFIED,
    Passage.UNKNOWN: FlowResult.UNKNOWN,
}
_PLACES_SHOWN = 10  # a person looks at a few sources; `flows` names all
_NAMES_SHOWN = 3


@dataclass(frozen=True)
class Breach:
    """One category of one source that reaches a node, or may."""

    category: str
    cut: Cut
    requirement: str = ""


def check(test: FlowTest, evidence: Evidence, spoken: Spoken) -> Iterator[Hit]:
    """One hit per call that data leaves by and result, with all the flows there and what they carry.

    What leaves unprotected and what leaves with a protection that nobody could check are two things to mend.
    """
    accepted = test.unless_every_path_passes.any if test.unless_every_path_passes else ()
    targets = _targets(test.to, evidence)
    breaches = (
        breach
        for category, sources in evidence.sources.items()
        if _is_meant(test.source, category)
        and not (test.unless_policy_decides and evidence.policy.data_rule(category) is not None)
        for breach in _breaches(category, sources, targets, passes(accepted, category, evidence), evidence)
    )
    return _hits(breaches, evidence, spoken)


def check_policy_data(test: PolicyDataTest, evidence: Evidence, spoken: Spoken) -> Iterator[Hit]:
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
        spoken,
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
    return (Breach(category, cut) for cut in cuts)


def _hits(breaches: Iterable[Breach], evidence: Evidence, spoken: Spoken) -> Iterator[Hit]:
    groups: dict[tuple[object, ...], list[Breach]] = defaultdict(list)
    for breach in breaches:
        path, result = breach.cut.path, _RESULTS[breach.cut.passage]
        if not spoken.covers(evidence.flow_ids.get(path.key), result):
            place = path.call_site
            groups[path.call.node.id if path.call else "", place.path, place.line, place.column, result].append(breach)
    return (_hit(found, evidence) for found in groups.values())


def _hit(breaches: Sequence[Breach], evidence: Evidence) -> Hit:
    """One finding of many breaches at one call; the surest and plainest of their ways stands for all."""
    paths = sorted({each.cut.path.key: each.cut.path for each in breaches}.values(), key=_plainest_first)
    first, passage = paths[0], breaches[0].cut.passage
    categories = tuple(sorted({breach.category for breach in breaches}))
    ends = sorted({rows.identity(path.target) for path in paths})
    return Hit(
        identity="|".join((rows.call_identity(first), *ends, *categories, passage)),
        location=first.call_site,
        words=_words(paths, passage, breaches),
        result=_RESULTS[passage],
        related=related(_places(paths), _PLACES_SHOWN),
        flows=tuple(flow for path in paths if (flow := evidence.flow_ids.get(path.key)) is not None),
        categories=categories,
        confidence=rows.confidence(first),
        claim=next((node.claim for path in paths for node in path.protections if node.claim), None),
    )


def _plainest_first(path: Path) -> tuple[int, bool, int, tuple[str, int], FlowKey]:
    start = path.hops[0].location
    return -rows.confidence(path).rank, bool(path.protections), len(path.hops), (start.path, start.line), path.key


def _words(paths: Sequence[Path], passage: Passage, breaches: Iterable[Breach]) -> Mapping[str, str]:
    providers = (path.target.provider or "an unknown provider" for path in paths)
    return {
        "source": _sources(paths),
        "sink": _some(path.target.name for path in paths),
        "categories": ", ".join(sorted({breach.category for breach in breaches})),
        "provider": _some(providers),
        "protections": _some(node.name for path in paths for node in path.protections) or "no protection",
        "how": _how(paths, passage),
        "requirement": "; ".join(sorted({breach.requirement for breach in breaches})),
    }


def _sources(paths: Sequence[Path]) -> str:
    """The source of the way that stands for all, and how many others there are."""
    others = len({path.source.id for path in paths}) - 1
    name = paths[0].source.name
    return f"{name} and {others:,} other source{'' if others == 1 else 's'}" if others else name


def _some(names: Iterable[str]) -> str:
    """The first few names, and how many more."""
    every = list(dict.fromkeys(names))
    more = len(every) - _NAMES_SHOWN
    return ", ".join(every[:_NAMES_SHOWN]) + (f" and {more:,} more" if more > 0 else "")


def _how(paths: Sequence[Path], passage: Passage) -> str:
    if passage is Passage.UNVERIFIED:
        protections = _some(node.name for path in paths for node in path.protections)
        return f"protected only by {protections}, which nobody could verify"
    if passage is Passage.UNKNOWN:
        return "and where it goes from there could not be found out"
    passed = _some(node.name for node in paths[0].protections)
    if passed:
        return f"and {passed} on the way does not count for it"
    idle = _some(hop.node.name for hop in paths[0].hops if Trait.NO_EFFECT in hop.node.traits)
    return f"without protection: {idle}" if idle else "without protection"


def _places(paths: Sequence[Path]) -> Iterator[tuple[Location, str]]:
    """What stands on the way that stands for all, then where the other data comes from."""
    yield paths[0].hops[0].location, f"source: {paths[0].source.name}"
    protections = [hop for path in paths for hop in path.hops if hop.node.kind is NodeKind.PROTECTION]
    for hop in protections:
        yield hop.location, f"protection: {hop.node.name}"
    for path in paths[1:]:
        yield path.hops[0].location, f"source: {path.source.name}"
