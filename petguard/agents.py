"""What each agent and assistant can do and reach through the tools, servers and agents that it uses."""

from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence

from petguard.model import Asset, EdgeKind, Facts, Node, NodeKind

_STARTS = frozenset({Asset.AGENT, Asset.ASSISTANT_CONFIG})
_MANY = 50  # things that one agent reaches and that are worth reading
Beside = Mapping[str, Sequence[str]]


def equipped(facts: Iterable[Facts]) -> tuple[Facts, ...]:
    """The same facts, with what each agent can do and reach among its details; nothing else about it changes."""
    everything = tuple(facts)
    if not any(node.asset in _STARTS for part in everything for node in part.nodes):
        return everything
    names, can = _descriptions(everything)
    onward, data = _ways(everything)
    known: dict[str, dict[str, tuple[str, ...]]] = {}

    def equip(node: Node) -> Node:
        if node.asset not in _STARTS:
            return node
        if node.id not in known:
            known[node.id] = _equipment(node.id, names, can, onward, data)
        return node.model_copy(update={"details": {**node.details, **known[node.id]}}) if known[node.id] else node

    return tuple(part.model_copy(update={"nodes": tuple(map(equip, part.nodes))}) for part in everything)


def _descriptions(facts: Sequence[Facts]) -> tuple[Mapping[str, str], Mapping[str, Sequence[str]]]:
    """How each node is named in a list, and what it can do."""
    names: dict[str, str] = {}
    can: dict[str, list[str]] = defaultdict(list)
    for part in facts:
        for node in part.nodes:
            names.setdefault(node.id, f"{(node.asset or node.kind).replace('_', ' ')} {node.name}")
            own = node.details.get("can")
            can[node.id] += own if isinstance(own, tuple) else ()
    return names, can


def _ways(facts: Sequence[Facts]) -> tuple[Beside, Beside]:
    """What each node uses or sends to, and which data each is pointed at."""
    kinds = {node.id: node.kind for part in facts for node in part.nodes}
    onward: dict[str, list[str]] = defaultdict(list)
    data: dict[str, list[str]] = defaultdict(list)
    for part in facts:
        for edge in part.edges:
            if kinds.get(edge.source) is NodeKind.DATA:
                data[edge.target].append(edge.source)
            elif edge.kind in (EdgeKind.USES, EdgeKind.FLOWS_TO):
                onward[edge.source].append(edge.target)
    return onward, data


def _equipment(
    start: str, names: Mapping[str, str], can: Mapping[str, Sequence[str]], onward: Beside, data: Beside
) -> dict[str, tuple[str, ...]]:
    reached = list(_closure(start, onward))
    abilities = dict.fromkeys([*can.get(start, ()), *(each for key in reached for each in can.get(key, ()))])
    places = dict.fromkeys([*reached, *(each for key in (start, *reached) for each in data.get(key, ()))])
    found = {
        "can": tuple(abilities)[:_MANY],
        "reaches": tuple(sorted({names[key] for key in places if key in names}))[:_MANY],
    }
    return {key: value for key, value in found.items() if value}


def _closure(start: str, onward: Beside) -> Iterator[str]:
    """Everything behind a node, nearest first."""
    seen, queue = {start}, deque([start])
    while queue:
        for there in sorted(onward.get(queue.popleft(), ())):
            if there not in seen:
                seen.add(there)
                queue.append(there)
                yield there
