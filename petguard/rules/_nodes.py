"""Checks of single nodes: an asset that the policy does not allow, or one with a dangerous property."""

from collections.abc import Iterator

from petguard import rows
from petguard.model import Node
from petguard.policy import Policy
from petguard.rules._evidence import Evidence, Hit, related
from petguard.rules._schema import NodeTest, TraitTest

_FIELDS = ("kind", "asset", "sink", "provider", "technique")


def matches(test: NodeTest, node: Node, policy: Policy) -> bool:
    """Whether a node is what the test asks for."""
    for field in _FIELDS:
        wanted = getattr(test, field)
        if wanted is not None and getattr(node, field) not in wanted:
            return False
    return (
        (test.origin is None or node.origin is test.origin)
        and (test.traits is None or _has_traits(test.traits, node))
        and all(getattr(node, field) is not None for field in test.has or ())
        and all(getattr(node, field) is None for field in test.lacks or ())
        and _is_approved(test, node, policy)
    )


def _has_traits(test: TraitTest, node: Node) -> bool:
    found = set(node.traits)
    return (not test.any or bool(found & set(test.any))) and found >= set(test.all) and found.isdisjoint(test.none)


def _is_approved(test: NodeTest, node: Node, policy: Policy) -> bool:
    if test.refused_by is not None and test.refused_by not in policy.refusals(node):
        return False
    if test.approved is None:
        return True
    return policy.approves(node) is (None if test.approved == "undecided" else test.approved)


def matching(test: NodeTest, evidence: Evidence) -> Iterator[Node]:
    """All nodes that are what the test asks for."""
    sinks = evidence.nodes_by_sink
    nodes = (
        evidence.graph.nodes() if test.sink is None else (node for sink in test.sink for node in sinks.get(sink, ()))
    )
    return (node for node in nodes if matches(test, node, evidence.policy))


def check(test: NodeTest, evidence: Evidence) -> Iterator[Hit]:
    """One hit per node, at the first place where it was seen."""
    for node in matching(test, evidence):
        first, *others = node.locations
        yield Hit(
            identity=rows.identity(node),
            location=first,
            words=_words(node),
            related=related((place, "also here") for place in others),
            claim=node.claim,
        )


def _words(node: Node) -> dict[str, str]:
    known = {field: getattr(node, field) for field in ("provider", "version", "model", "region", "endpoint")}
    words = {field: value or f"unknown {field}" for field, value in known.items()}
    words["retires_on"] = str(node.details.get("retires_on", "an unknown day"))
    return {**words, "name": node.name, "kind": (node.asset or node.kind).replace("_", " ")}
