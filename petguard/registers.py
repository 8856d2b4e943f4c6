"""Holds what is used against what is registered: used but not registered, and registered but not used."""

from collections.abc import Iterable, Iterator, Sequence
from fnmatch import fnmatchcase

from petguard.model import Asset, Facts, Node, Trait

REGISTER = "register:"  # the id of the node that says that there is a register

# An organisation registers what it runs and whom it sends data to; the kinds below only where it lists any of them.
_ALWAYS = frozenset({Asset.AI_SERVICE, Asset.MODEL, Asset.AGENT, Asset.MCP_SERVER})
_WHERE_LISTED = frozenset({Asset.AI_SDK, Asset.VECTOR_STORE, Asset.MODEL_FILE, Asset.DATASET, Asset.AI_WORKLOAD})


def compared(facts: Sequence[Facts]) -> tuple[Facts, ...]:
    """The facts, with every asset that no register names, and every entry that names nothing, marked as such.

    Without a register nothing is marked. An entry's name may be a glob.
    """
    nodes = [node for part in facts for node in part.nodes]
    if not any(node.id == REGISTER for node in nodes):
        return tuple(facts)
    entries = {node.id: node for node in nodes if Trait.REGISTERED in node.traits}
    kinds = _ALWAYS | (_WHERE_LISTED & {_kind(entry) for entry in entries.values()})
    named = {node.id: set(_entries_for(node, entries.values())) for node in nodes if node.asset is not None}
    met = set().union(*named.values()) if named else set()
    strangers = {node.id for node in nodes if node.asset in kinds and not named[node.id]}
    marks = dict.fromkeys(strangers, Trait.UNREGISTERED) | dict.fromkeys(entries.keys() - met, Trait.UNUSED)
    return tuple(
        part.model_copy(update={"nodes": tuple(_marked(node, marks) for node in part.nodes)}) for part in facts
    )


def _marked(node: Node, marks: dict[str, Trait]) -> Node:
    if node.id not in marks:
        return node
    return node.model_copy(update={"traits": (*node.traits, marks[node.id])})


def _entries_for(node: Node, entries: Iterable[Node]) -> Iterator[str]:
    """The entries that speak of an asset: by its name, a service also by its provider or its host."""
    names = {node.name.lower(), (node.model or node.name).lower()}
    if node.asset is Asset.AI_SERVICE:
        names |= {name.lower() for name in (node.provider, node.endpoint) if name}
    for entry in entries:
        if _kind(entry) is node.asset and any(fnmatchcase(name, entry.name.lower()) for name in names):
            yield entry.id


def _kind(entry: Node) -> Asset:
    return Asset(str(entry.details["kind"]))
