"""Marks models that their provider has switched off, or says it will."""

from collections.abc import Iterable
from datetime import date

from petguard import catalog
from petguard.model import Facts, Node, NodeKind, Trait


def dated(facts: Iterable[Facts], today: date) -> tuple[Facts, ...]:
    """The facts, with the day on which each well-known model retires, and whether that day has come.

    Open weights do not go away: only who answers for a hosted model can retire it.
    """
    return tuple(part.model_copy(update={"nodes": tuple(_dated(node, today) for node in part.nodes)}) for part in facts)


def _dated(node: Node, today: date) -> Node:
    known = catalog.model(node.model or node.name) if node.kind is NodeKind.MODEL else None
    if known is None or known.retires_on is None or known.weights == "open":
        return node
    gone = date.fromisoformat(known.retires_on) <= today
    traits = (*node.traits, Trait.RETIRED if gone else Trait.RETIRING)
    return node.model_copy(update={"traits": traits, "details": {**node.details, "retires_on": known.retires_on}})
